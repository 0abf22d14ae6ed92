"""What comes out of a camera: counts in the caller's buffer, and what was true of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract.settings import Settings


@dataclass(frozen=True, kw_only=True)
class TemperatureReading:
    """The cooler at one moment. ``None``: not known.

    Parameters
    ----------
    value
        Sensor temperature [°C].
    setpoint
        What the cooler regulates to [°C]; ``None`` when it is off.
    power
        Drive of the cooler [%].
    time
        When it was read, on the camera's clock [s].
    """

    value: float | None = None
    setpoint: float | None = None
    power: float | None = None
    time: float | None = None


@dataclass(frozen=True, kw_only=True)
class FrameInfo:
    """What a camera knows of the frame that it has just delivered.

    Parameters
    ----------
    shape
        Rows and columns of the frame in the buffer.
    dtype
        Type of a count, such as ``"uint16"``.
    settings
        What this frame was taken with: written since the last initialisation and confirmed.
    reported
        What the camera said when asked, confirmed or not.
    sequence, sequence_source
        Frame number and who counts it.
    saturation_code
        Largest count that the conversion can give.
    exposure_start, exposure_end
        First row, UTC [ns]; -1 if not known.
    time_uncertainty, time_source
        Standard uncertainty [s], NaN if not known, and clock of the two.
    line_time, row_order
        Rolling shutter: delay per row [s]; 1 when the first row is exposed first, 0 when the last one is;
        ``None`` if not known.
    trigger_monotonic, arrival_monotonic
        Steady clock [ns] when the exposure was asked for and when the frame was complete.
    temperature_start, temperature_end
        The cooler at both ends of the exposure.
    retries
        Exposures before this one that gave no good frame.
    discarded
        Frames thrown away before this one, because the camera had just been initialised.
    unverified
        What nothing in the frame could show to be right: ``"alignment"`` (it has no columns that must be 0),
        ``"freshness"`` (the camera's memory could not be emptied first), ``"repetition"`` (too even to tell
        it from the frame before).
    undervoltage
        The camera's code for its supply, where it has one.
    started
        How often the camera had been told to begin, an exposure or a stream, since it was made; the same for
        all frames of one stream. ``None`` if nobody counts.
    header
        Bytes that the camera wrote over the first counts; empty without.
    """

    shape: tuple[int, int]
    dtype: str
    settings: Settings
    reported: Settings
    sequence: int
    sequence_source: str
    saturation_code: float
    exposure_start: int
    exposure_end: int
    time_uncertainty: float
    time_source: str
    line_time: float | None
    row_order: int | None
    trigger_monotonic: int
    arrival_monotonic: int
    temperature_start: TemperatureReading
    temperature_end: TemperatureReading
    retries: int = 0
    discarded: int = 0
    unverified: tuple[str, ...] = ()
    undervoltage: int | None = None
    started: int | None = None
    header: bytes = b""


@dataclass(frozen=True)
class Frame:
    """A frame on its way to the store.

    Parameters
    ----------
    counts
        Shape ``(rows, columns)``; the store copies it before `FrameSink.append` returns.
    row
        Values by the names of the vocabulary; a name left out is missing.
    """

    counts: NDArray[np.unsignedinteger[Any]]
    row: Mapping[str, Any]
