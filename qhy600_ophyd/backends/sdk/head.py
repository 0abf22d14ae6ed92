"""`SdkHead`: the calls of libqhyccd in our units, and the checks without which the library crashes."""

from __future__ import annotations

import os
import warnings
from ctypes import byref, c_uint32
from typing import Any

from numpy.typing import NDArray

from qhy600_ophyd.backends.sdk import readings
from qhy600_ophyd.backends.sdk.connection import Connection
from qhy600_ophyd.backends.sdk.constants import (
    DELAY_200MS,
    ERROR,
    LIVE_STREAM,
    SINGLE_STREAM,
    SUCCESS,
)
from qhy600_ophyd.backends.sdk.controls import Controls
from qhy600_ophyd.backends.sdk.failures import SdkWarning
from qhy600_ophyd.contract import Clock, Identity
from qhy600_ophyd.driver.head import LIVE_NOTHING, Control, Fetched, HeadError, HeadMode
from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.sensor.timing import timing


class SdkHead:
    """A `Head` that is the vendor's library.

    Beside translating it refuses what the library takes and then dies of: an area that is larger than the
    binned chip, a buffer smaller than the frame, a readout without an exposure.

    Parameters
    ----------
    clock
        What exposures are measured on.
    geometry
        Of the chip, against which the library's answers are held.
    library
        The library's file or folder; ``None`` to look for it.
    camera
        Beginning of the camera's name, or of its serial number; empty for the only one.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        geometry: Geometry,
        library: str | os.PathLike[str] | None = None,
        camera: str = "",
    ):
        self.clock = clock
        self.connection = Connection(library, camera)
        self._geometry = geometry
        self._controls = Controls(self.connection)
        self._modes: tuple[HeadMode, ...] = ()
        self._binning = 1
        self._area: tuple[int, int, int, int] | None = None
        self._timeout_ms: int | None = None
        self._exposing = False

    def connect(self) -> None:
        """Load the library, find the camera and open it. Raises `HeadError` or `LibraryNotFound`."""
        self.connection.open()
        self._modes = readings.modes(self.connection)
        self._controls.forget()
        self._timeout_ms = self._area = None
        self._exposing = False

    def disconnect(self) -> None:
        """Give the camera back; does nothing when it is not connected."""
        self._controls.end()
        self._exposing = False
        self.connection.close()

    def identity(self) -> Identity:
        """Who it is."""
        return readings.identity(self.connection)

    def modes(self) -> tuple[HeadMode, ...]:
        """Readout modes in the camera's own order."""
        return self._modes

    def colour_filters(self) -> str:
        """Filters of the first two pixels of the first two rows; empty for a monochrome camera."""
        return readings.colour_filters(self.connection)

    def select_mode(self, index: int) -> None:
        """Choose a readout mode; takes effect with the next `initialise`, and wipes the area."""
        self.connection.call("SetQHYCCDReadMode", index)
        self._area = None

    def selected_mode(self) -> int:
        """The mode chosen last, initialised or not."""
        index = c_uint32()
        self.connection.call("GetQHYCCDReadMode", byref(index))
        return index.value

    def select_stream(self, *, live: bool) -> None:
        """Choose single frames or live; takes effect with the next `initialise`."""
        self.connection.call("SetQHYCCDStreamMode", LIVE_STREAM if live else SINGLE_STREAM)

    def initialise(self) -> None:
        """Start the sensor in the chosen mode and stream. Takes seconds and forgets settings."""
        self._exposing, self._area = False, None
        self.connection.call("InitQHYCCD")
        self.connection.call("SetQHYCCDDebayerOnOff", False)
        # What the library says of its areas is right only after this.
        self.set_binning(1)
        self._controls.forget()
        self._check_chip()

    def write(self, control: Control, value: float) -> None:
        """Write a number, whatever it is; a set point of the cooler is told again every second."""
        self._controls.write(control, value)

    def read(self, control: Control) -> float:
        """Read a number; `LOST` from a camera that is gone."""
        return self._controls.read(control)

    def limits(self, control: Control) -> tuple[float, float, float] | None:
        """Least value, greatest value and step; ``None`` where the control does not exist."""
        return self._controls.limits(control)

    def actual_exposure(self) -> float:
        """Seconds that a row is really exposed with what is written.

        As the library works it out; what is written where it does not, or gives something else than the
        nearest lines (not yet tried on a camera).
        """
        written = self.read(Control.EXPOSURE)
        times = readings.exposure_times(self.connection)
        if times is None or times[1] <= 0 or abs(times[1] - written) > 2 * times[0] + 1e-3 * written:
            return written
        return times[1]

    def line_time(self) -> float:
        """Seconds from one row's exposure to the next, from the library, or else from the tables."""
        times = readings.exposure_times(self.connection)
        if times is None or times[0] <= 0:
            return timing().line_time_at(self.read(Control.USB_TRAFFIC))
        return times[0]

    def set_binning(self, binning: int) -> None:
        """Sum so many pixels along each axis; the area has to be set anew. Raises `HeadError` but for 1–4."""
        if binning not in (1, 2, 3, 4):
            raise HeadError(
                f"binning {binning} refused: allowed is 1 to 4, and the library takes any in silence"
            )
        if self.connection.call("SetQHYCCDBinMode", binning, binning) == DELAY_200MS:
            self.clock.wait(0.2)
        self._binning, self._area = binning, None

    def set_area(self, x: int, y: int, width: int, height: int) -> None:
        """Read this area, in binned pixels. Raises `HeadError` for one beyond the binned chip."""
        mode = self._modes[self.selected_mode()]
        columns, rows = mode.width // self._binning, mode.height // self._binning
        if min(x, y) < 0 or min(width, height) < 1 or x + width > columns or y + height > rows:
            raise HeadError(
                f"area ({x}, {y}, {width}, {height}) refused: allowed is any inside {columns} × {rows} "
                f"pixels, which is the chip in binning {self._binning}"
            )
        self.connection.call("SetQHYCCDResolution", x, y, width, height)
        self._area = x, y, width, height

    def area(self) -> tuple[int, int, int, int]:
        """The area that holds, as the library says; as it was set, where the library does not say."""
        if not self.connection.has("GetQHYCCDCurrentROI"):
            return self._area or (0, 0, 0, 0)
        return self._rectangle("GetQHYCCDCurrentROI")

    def expose(self) -> None:
        """Start one exposure; returns at once."""
        self._ensure_area()
        self._controls.between_frames()
        # Before the call: whoever cancels in between finds something to cancel.
        self._exposing = True
        self.connection.call("ExpQHYCCDSingleFrame")

    def fetch(self, out: NDArray[Any], timeout: float) -> Fetched:
        """Block until the frame is in `out`, or the exposure is over by `timeout` seconds, which gives zeros.

        Raises
        ------
        HeadError
            Nothing was exposed (old libraries wait for ever then), it was cancelled, or the frame would not
            fit.
        """
        connection = self.connection
        with connection.lock:
            if not self._exposing:
                raise HeadError("fetch refused: no exposure is under way")
            self._ensure_room(out)
            milliseconds = max(round(timeout * 1e3), 1)
            if milliseconds != self._timeout_ms and connection.has("SetQHYCCDSingleFrameTimeOut"):
                connection.call("SetQHYCCDSingleFrameTimeOut", milliseconds)
                self._timeout_ms = milliseconds
            try:
                fetched, _ = self._into(out, "GetQHYCCDSingleFrame")
            finally:
                self._exposing = False
                self._controls.between_frames()
            return fetched

    def begin_live(self) -> None:
        """Start a stream of frames."""
        self._ensure_area()
        self.connection.call("BeginQHYCCDLive")

    def fetch_live(self, out: NDArray[Any]) -> Fetched | int:
        """The next frame of the stream, or a number: `LIVE_NOTHING`, or bytes of a frame still coming."""
        with self.connection.lock:
            self._ensure_room(out)
            fetched, code = self._into(out, "GetQHYCCDLiveFrame")
        if code == SUCCESS:
            self._controls.between_frames()
            return fetched
        return LIVE_NOTHING if code == ERROR else code

    def end_live(self) -> None:
        """Stop the stream."""
        self.connection.call("StopQHYCCDLive")

    def cancel(self) -> None:
        """End the exposure and the readout, from any thread, without waiting for a call that is under way."""
        self._exposing = False
        self.connection.aside("CancelQHYCCDExposingAndReadout")

    def reset_undervoltage(self) -> None:
        """Have the camera forget that its supply once failed."""
        self.connection.call("QHYCCDResetFlashULVOError")

    def _rectangle(self, function: str) -> tuple[int, int, int, int]:
        x, y, width, height = (c_uint32() for _ in range(4))
        self.connection.call(function, byref(x), byref(y), byref(width), byref(height))
        return x.value, y.value, width.value, height.value

    def _into(self, out: NDArray[Any], function: str) -> tuple[Fetched, int]:
        width, height, bits, channels = (c_uint32() for _ in range(4))
        shown = (byref(value) for value in (width, height, bits, channels))
        code = self.connection.call(function, *shown, out.ctypes.data)
        return Fetched(width=width.value, height=height.value, bit_depth=bits.value), code

    def _ensure_area(self) -> None:
        """An area left from another binning makes the library write behind the buffer, and die."""
        if self._area is None:
            raise HeadError("exposure refused: no area was set since the last initialisation or binning")

    def _ensure_room(self, out: NDArray[Any]) -> None:
        _, _, width, height = self.area()
        needed = width * height * self._controls.bits // 8
        if not (out.flags.c_contiguous and out.flags.writeable) or out.nbytes < needed:
            raise HeadError(
                f"readout refused: the library would write {needed} bytes ({width} × {height} of "
                f"{self._controls.bits} bit), the buffer has {out.nbytes}"
            )

    def _check_chip(self) -> None:
        """Hold the library's answers against the geometry that frames are cut by."""
        mode = self._modes[self.selected_mode()]
        total, image = self._geometry.total, self._geometry.image
        whole = self._modes[0]
        if (whole.width, whole.height) != (total.width, total.height):
            raise HeadError(
                f"{self.connection.name} has {whole.width} × {whole.height} pixels where a QHY600 has "
                f"{total.width} × {total.height}: it is another camera, which this package cannot drive"
            )
        if (mode.width, mode.height) != (whole.width, whole.height):
            return
        stated = self._rectangle("GetQHYCCDEffectiveArea")
        if stated != tuple(image):
            warnings.warn(
                f"the library states the image area as {stated}; it is taken to be {tuple(image)}, as on "
                "other cameras. Look where the dark columns of a frame end",
                SdkWarning,
                stacklevel=2,
            )
