"""`Head`: the calls that a QHY600 understands, one for one those of the vendor's library.

Whoever implements it promises no more than the library does: values are taken unchecked, settings are lost at
every initialisation, a frame of zeros can count as a success. `DrivenCamera` lives with that.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from numpy.typing import NDArray

from qhy600_ophyd.contract import CameraError, Clock, Identity

LOST = 4294967295.0
"""What every reading gives when the camera is gone."""

LIVE_NOTHING = 0xFFFFFFFF
"""What `Head.fetch_live` returns when there is no frame yet, or an error: the two look the same."""


class HeadError(CameraError):
    """The camera, or its library, refused a call."""


class Control(Enum):
    """What can be written or read as a number, in our units."""

    EXPOSURE = "s"
    GAIN = "register of the gain"
    OFFSET = "register of the offset"
    USB_TRAFFIC = "register of the traffic"
    BIT_DEPTH = "bit"
    FRESH_MEMORY = "1 empties the frame memory"
    GPS_HEADER = "1 writes a header into the first row"
    COOLER_TARGET = "degC"
    COOLER_POWER = "0 to 255; written, it ends the regulation"
    TEMPERATURE = "degC, read only"
    HUMIDITY = "percent, read only"
    PRESSURE = "mbar, read only"
    UNDERVOLTAGE = "code, read only"


@dataclass(frozen=True, kw_only=True)
class HeadMode:
    """A readout mode as the camera lists it.

    Parameters
    ----------
    name
        The camera's own.
    width, height
        Pixels of a whole frame.
    """

    name: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What came with a frame.

    Parameters
    ----------
    width, height
        As the camera states them, in pixels of the frame.
    bit_depth
        8, 16 or 32.
    """

    width: int
    height: int
    bit_depth: int


class Head(Protocol):
    """A camera as its library shows it. Every method raises `HeadError` where the library returns an error.

    One thread uses it, but for `cancel`, which any thread may call while another is in `fetch`.
    """

    @property
    def clock(self) -> Clock:
        """What its exposures are measured on."""
        ...

    def connect(self) -> None:
        """Find and open the camera. Nothing but `identity`, `modes` and the two selections works yet."""
        ...

    def disconnect(self) -> None:
        """Give the camera back; does nothing when it is not connected."""
        ...

    def identity(self) -> Identity:
        """Who it is."""
        ...

    def modes(self) -> tuple[HeadMode, ...]:
        """Readout modes in the camera's own order."""
        ...

    def colour_filters(self) -> str:
        """Filters of the first two pixels of the image's first two rows; empty without filters."""
        ...

    def select_mode(self, index: int) -> None:
        """Choose a readout mode; takes effect with the next `initialise`."""
        ...

    def selected_mode(self) -> int:
        """The mode chosen last, initialised or not."""
        ...

    def select_stream(self, *, live: bool) -> None:
        """Choose single frames or live; takes effect with the next `initialise`."""
        ...

    def initialise(self) -> None:
        """Start the sensor in the chosen mode and stream. Takes seconds and forgets settings."""
        ...

    def write(self, control: Control, value: float) -> None:
        """Write a number, whatever it is."""
        ...

    def read(self, control: Control) -> float:
        """Read a number; `LOST` from a camera that is gone."""
        ...

    def limits(self, control: Control) -> tuple[float, float, float] | None:
        """Least value, greatest value and step; ``None`` where the control does not exist."""
        ...

    def actual_exposure(self) -> float:
        """Seconds that a row is really exposed with what is written."""
        ...

    def line_time(self) -> float:
        """Seconds from one row's exposure to the next with what is written."""
        ...

    def set_binning(self, binning: int) -> None:
        """Sum so many pixels along each axis; the area stays as it was, in numbers."""
        ...

    def set_area(self, x: int, y: int, width: int, height: int) -> None:
        """Read this area, in binned pixels."""
        ...

    def area(self) -> tuple[int, int, int, int]:
        """The area that was set last, as it was set."""
        ...

    def expose(self) -> None:
        """Start one exposure; returns at once."""
        ...

    def fetch(self, out: NDArray[Any], timeout: float) -> Fetched:
        """Block until the frame that was exposed is in `out`, or the exposure is over by `timeout` seconds.

        `out` is flat, ``uint8``, contiguous. Giving up counts as success, with a frame of zeros.
        """
        ...

    def begin_live(self) -> None:
        """Start a stream of frames."""
        ...

    def fetch_live(self, out: NDArray[Any]) -> Fetched | int:
        """The next frame of the stream, or a number: `LIVE_NOTHING`, or bytes of a frame still coming."""
        ...

    def end_live(self) -> None:
        """Stop the stream."""
        ...

    def cancel(self) -> None:
        """End the exposure and the readout, from any thread; whoever is in `fetch` gets a `HeadError`."""
        ...

    def reset_undervoltage(self) -> None:
        """Forget that the supply once failed."""
        ...
