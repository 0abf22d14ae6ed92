"""The camera, its light and its filter wheel as ophyd devices. They wire; they do not compute."""

import os

# ophyd looks for an EPICS library when it is imported, unless told that there is none to use here.
os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

from qhy600_ophyd.device.filter_wheel import FilterWheel
from qhy600_ophyd.device.fly_request import FlyRequest
from qhy600_ophyd.device.light import Light
from qhy600_ophyd.device.qhy600 import QHY600
from qhy600_ophyd.device.supply_watch import SupplyFailed
from qhy600_ophyd.device.view import View

__all__ = ["QHY600", "FilterWheel", "FlyRequest", "Light", "SupplyFailed", "View"]
