"""How a QHY600 is driven: the procedures that make a camera to be trusted out of a library that is not."""

from qhy600_ophyd.driver.camera import DrivenCamera
from qhy600_ophyd.driver.head import (
    LIVE_NOTHING,
    LOST,
    Control,
    Fetched,
    Head,
    HeadError,
    HeadMode,
)

__all__ = [
    "LIVE_NOTHING",
    "LOST",
    "Control",
    "DrivenCamera",
    "Fetched",
    "Head",
    "HeadError",
    "HeadMode",
]
