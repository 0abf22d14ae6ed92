"""A camera on a fresh stand-in for the vendor's library, with a chip small enough for many frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from standin_library import Standin, fresh

from qhy600_ophyd.backends.sdk import SdkCamera
from qhy600_ophyd.contract import Clock, Settings
from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.testing import SteppedClock

GEOMETRY = Geometry.imx455(64, 48)
SINGLE = Settings(exposure=0.01, gain=56.0, offset=40.0)


def closed(folder: Path, *, clock: Clock | None = None, **switches: float) -> tuple[SdkCamera, Standin]:
    """A camera that was not opened yet, and the switches of its library."""
    library = fresh(folder)
    total = GEOMETRY.total
    standin = Standin(library).set(**{"width": total.width, "height": total.height, **switches})
    clock = SteppedClock(auto=True) if clock is None else clock
    return SdkCamera(library=library, clock=clock, geometry=GEOMETRY), standin


def opened(folder: Path, *, clock: Clock | None = None, **switches: float) -> tuple[SdkCamera, Standin]:
    """A camera that is open and set to `SINGLE`."""
    camera, standin = closed(folder, clock=clock, **switches)
    camera.open()
    camera.configure(SINGLE)
    return camera, standin


def taken(camera: SdkCamera, timeout: float = 5.0):
    """What is known of the next single frame, and its counts."""
    out = np.zeros(camera.settings.frame_shape, camera.settings.frame_dtype)
    camera.arm(1)
    return camera.grab(out, timeout), out
