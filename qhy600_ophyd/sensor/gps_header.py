"""The header that a camera with a GPS box writes over the first pixels of a frame: 44 bytes, big-endian.

Layout, as rockit-astro/camd-qhy and NINA read it: sequence u32, unused u8, width u16, height u16, latitude
u32, longitude u32, then three times a flag u8, seconds u32 and ticks u24 (start, end, now), and ticks per
second u24.
Seconds count from JD 2450000.5, 1995-10-10 00:00 UTC; a tick is 100 ns.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

LENGTH = 44
"""Bytes of a header."""

EPOCH_NS = 813_283_200_000_000_000
"""JD 2450000.5 as nanoseconds since 1970."""

TICK_NS = 100
"""One tick of the header's clock [ns]."""

PULSE_BEFORE_END_NS = 73_750
"""From the synchronisation pulse, the header's ``now``, to the end of the first row's exposure [ns].

As the vendor's library says without a camera; not yet tried on one.
"""

_TICKS_PER_SECOND = 10_000_000
_NEGATIVE = 1_000_000_000
_LATITUDE_UNITS, _LONGITUDE_UNITS = 100_000, 10_000  # units of a minute of arc


class NotAGpsHeader(ValueError):
    """Bytes that are no GPS header, or values that none can hold; the message names what does not fit."""


class GpsStatus(IntEnum):
    """What the receiver said of its fix, bits 4 and 5 of a flag."""

    OFF = 0
    SEARCHING = 1
    LOCKING = 2
    LOCKED = 3


@dataclass(frozen=True, kw_only=True)
class GpsMoment:
    """One time in the header.

    Parameters
    ----------
    status
        Of the receiver then.
    utc_ns
        UTC [ns since 1970], a multiple of 100.
    """

    status: GpsStatus
    utc_ns: int


@dataclass(frozen=True, kw_only=True)
class GpsHeader:
    """What the header says.

    Parameters
    ----------
    sequence
        Number of the frame, from 1.
    width, height
        Of the frame, in pixels.
    latitude, longitude
        North and east positive [degree]; stored in 1e-5 and 1e-4 minutes of arc.
    start, end, now
        Start and end of the exposure, and the frame's synchronisation pulse, the only one of the three that
        a rolling shutter of this camera gives a meaning.
    ticks_per_second
        Of the camera's clock, counted between two pulses of the receiver.
    """

    sequence: int
    width: int
    height: int
    latitude: float
    longitude: float
    start: GpsMoment
    end: GpsMoment
    now: GpsMoment
    ticks_per_second: int

    @property
    def trusted(self) -> bool:
        """Whether the receiver was locked and the clock near its 10 MHz, 9 000 000 < ticks <= 10 000 500."""
        return self.now.status is GpsStatus.LOCKED and 9_000_000 < self.ticks_per_second <= 10_000_500


def encode(header: GpsHeader) -> bytes:
    """The 44 bytes of a header; times and angles are rounded to their units.

    Raises
    ------
    NotAGpsHeader
        A value does not fit.
    """
    if header.sequence == 0:
        raise NotAGpsHeader("sequence 0 refused: frames are numbered from 1")
    return b"".join(
        (
            _unsigned("sequence", header.sequence, 4),
            bytes(1),
            _unsigned("width", header.width, 2),
            _unsigned("height", header.height, 2),
            _unsigned("latitude", _packed("latitude", header.latitude, 90, _LATITUDE_UNITS), 4),
            _unsigned("longitude", _packed("longitude", header.longitude, 180, _LONGITUDE_UNITS), 4),
            *(_moment(name, getattr(header, name)) for name in ("start", "end", "now")),
            _unsigned("ticks per second", header.ticks_per_second, 3),
        )
    )


def decode(data: bytes) -> GpsHeader:
    """The header in 44 bytes.

    Raises
    ------
    NotAGpsHeader
        Not 44 bytes, sequence number 0, or a position that is not on the globe.
    """
    if len(data) != LENGTH:
        raise NotAGpsHeader(f"a GPS header has {LENGTH} bytes, not {len(data)}")
    sequence = int.from_bytes(data[0:4], "big")
    if sequence == 0:
        raise NotAGpsHeader("sequence number 0: the frame has no GPS header, or is empty")
    return GpsHeader(
        sequence=sequence,
        width=int.from_bytes(data[5:7], "big"),
        height=int.from_bytes(data[7:9], "big"),
        latitude=_degrees("latitude", data[9:13], 90, _LATITUDE_UNITS),
        longitude=_degrees("longitude", data[13:17], 180, _LONGITUDE_UNITS),
        start=_moment_of(data[17:25]),
        end=_moment_of(data[25:33]),
        now=_moment_of(data[33:41]),
        ticks_per_second=int.from_bytes(data[41:44], "big"),
    )


def _unsigned(name: str, value: int, size: int) -> bytes:
    if not 0 <= value < 256**size:
        raise NotAGpsHeader(f"{name} {value} refused: the header holds 0 to {256**size - 1}")
    return int(value).to_bytes(size, "big")


def _packed(name: str, degrees: float, most: int, units: int) -> int:
    """Degrees times a minute's units times 100, plus minutes times units; a billion more when negative."""
    if not -most <= degrees <= most:
        raise NotAGpsHeader(f"{name} {degrees:g} refused: it goes from {-most} to {most} degrees")
    whole, minutes = divmod(round(abs(degrees) * 60 * units), 60 * units)
    value = whole * 100 * units + minutes
    return value + _NEGATIVE if degrees < 0 and value else value


def _degrees(name: str, data: bytes, most: int, units: int) -> float:
    value = int.from_bytes(data, "big")
    sign, value = (-1, value - _NEGATIVE) if value > _NEGATIVE else (1, value)
    whole, minutes = divmod(value, 100 * units)
    parts = whole * 60 * units + minutes
    if minutes >= 60 * units or parts > most * 60 * units:
        raise NotAGpsHeader(f"{name} {whole} degrees {minutes / units:g} minutes is not on the globe")
    return sign * parts / (60 * units)


def _moment(name: str, moment: GpsMoment) -> bytes:
    ticks = (moment.utc_ns - EPOCH_NS + TICK_NS // 2) // TICK_NS
    seconds, ticks = divmod(ticks, _TICKS_PER_SECOND)
    flag = int(moment.status) << 4
    since = _unsigned(f"{name}, in seconds since 1995-10-10,", seconds, 4)
    return bytes([flag]) + since + ticks.to_bytes(3, "big")


def _moment_of(data: bytes) -> GpsMoment:
    seconds, ticks = int.from_bytes(data[1:5], "big"), int.from_bytes(data[5:8], "big")
    return GpsMoment(status=GpsStatus(data[0] >> 4 & 3), utc_ns=EPOCH_NS + seconds * 10**9 + ticks * TICK_NS)
