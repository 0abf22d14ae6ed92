"""`SdkCamera`: the real QHY600."""

from __future__ import annotations

import os
from typing import Any

from qhy600_ophyd.backends.sdk.filter_wheel import SdkFilterWheel
from qhy600_ophyd.backends.sdk.head import SdkHead
from qhy600_ophyd.contract import Clock, FilterWheel, SystemClock
from qhy600_ophyd.driver import DrivenCamera
from qhy600_ophyd.sensor import Geometry


class SdkCamera(DrivenCamera):
    """A QHY600 on USB, driven through QHYCCD's library. Not yet tried on a camera.

    Constructing it does nothing: the library is loaded, and the camera looked for, by `open`.

    Parameters
    ----------
    library
        File of libqhyccd, or its folder. Without it: the environment variable ``QHYCCD_SDK_PATH``, the usual
        places, the wheel ``qhyccd``.
    camera
        Beginning of its name (``"QHY600M-6cd9"``) or of its serial number; empty for the only one connected.
    clock
        What exposures are measured on; the computer's, unless given.
    retries
        How often a bad frame is taken again.
    gps_header
        Whether the camera shall number its frames, in a header over the first pixels of each.
    geometry
        Regions of the chip.
    """

    def __init__(
        self,
        *,
        library: str | os.PathLike[str] | None = None,
        camera: str = "",
        clock: Clock | None = None,
        retries: int = 2,
        gps_header: bool = False,
        geometry: Geometry | None = None,
    ):
        geometry = Geometry.imx455() if geometry is None else geometry
        clock = SystemClock() if clock is None else clock
        self._sdk_head = SdkHead(clock=clock, geometry=geometry, library=library, camera=camera)
        self._wheel = SdkFilterWheel(self._sdk_head.connection)
        super().__init__(self._sdk_head, geometry=geometry, retries=retries, gps_header=gps_header)

    @property
    def filter_wheel(self) -> FilterWheel:
        """The wheel that may be plugged into the camera; its `slots` is 0 where there is none."""
        return self._wheel

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of the library's table that this package has no word for, on this camera.

        Parameters
        ----------
        function
            Such as ``"SetQHYCCDTrigerFunction"``.
        arguments
            Those after the handle, as ctypes takes them.

        Raises
        ------
        HeadError
            The camera is not connected, or the library returned an error.
        LibraryTooOld
            It has no such function.
        """
        return self._sdk_head.connection.call(function, *arguments)
