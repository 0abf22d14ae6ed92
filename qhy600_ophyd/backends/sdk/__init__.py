"""The real camera, through QHYCCD's own library, libqhyccd. The only place that speaks ctypes.

The library is QHYCCD's property and no part of this package; `finding` says where it is looked for.
"""

from __future__ import annotations

from qhy600_ophyd.backends.sdk.camera import SdkCamera
from qhy600_ophyd.backends.sdk.failures import (
    DeviceGone,
    ImageShifted,
    LibraryNotFound,
    LibraryTooOld,
    NoSuchMode,
    SdkError,
    SdkWarning,
)
from qhy600_ophyd.backends.sdk.finding import FoundLibrary, find_library
from qhy600_ophyd.backends.sdk.library import Library, load

__all__ = [
    "DeviceGone",
    "FoundLibrary",
    "ImageShifted",
    "Library",
    "LibraryNotFound",
    "LibraryTooOld",
    "NoSuchMode",
    "SdkCamera",
    "SdkError",
    "SdkWarning",
    "find_library",
    "load",
]
