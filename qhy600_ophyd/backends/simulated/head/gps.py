"""The header that the camera writes over the first pixels when it is told to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.inputs import ExposureInputs
from qhy600_ophyd.sensor.gps_header import GpsHeader, GpsMoment, GpsStatus, encode

PULSE_BEFORE_END = 73_750
"""From the synchronisation pulse to the end of row 0's exposure [ns] (vendor's library, without a camera)."""

_LATITUDE, _LONGITUDE = 50.0, 8.0
"""Where the simulated receiver stands [degree]."""

_TICKS = 10_000_003
"""Of the camera's clock in a second of the receiver's."""


def header(inputs: ExposureInputs, sequence: int, *, locked: bool) -> bytes:
    """The 44 bytes for an exposure; with no receiver, or none that is `locked`, they say so."""
    status = GpsStatus.LOCKED if locked else GpsStatus.OFF
    end = inputs.utc + round(inputs.exposure * 1e9)
    return encode(
        GpsHeader(
            sequence=sequence,
            width=inputs.area.width // inputs.binning,
            height=inputs.area.height // inputs.binning,
            latitude=_LATITUDE,
            longitude=_LONGITUDE,
            start=GpsMoment(status=status, utc_ns=inputs.utc),
            end=GpsMoment(status=status, utc_ns=end),
            now=GpsMoment(status=status, utc_ns=end - PULSE_BEFORE_END),
            ticks_per_second=_TICKS,
        )
    )


def write_header(frame: NDArray[np.uint8], header: bytes) -> None:
    """Write `header` over the beginning of a flat frame; what does not fit is left out."""
    size = min(len(header), frame.nbytes)
    frame[:size] = np.frombuffer(header, np.uint8)[:size]
