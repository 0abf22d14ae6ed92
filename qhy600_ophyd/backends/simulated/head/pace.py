"""How long the camera takes for what: exposures in lines, readouts by area, periods of a stream."""

from __future__ import annotations

from qhy600_ophyd.backends.simulated.random_keys import Purpose, fraction
from qhy600_ophyd.sensor import QHY600_GEOMETRY, Rectangle
from qhy600_ophyd.sensor.timing import link_bytes_per_row, timing

ROWS_BEHIND = 34
"""Rows that are transferred and not delivered (in the vendor's byte counts: 6456 for 6422)."""

EMPTY_CALL = 0.040
"""What asking in vain for a frame of a stream costs [s] (measured on the vendor's library)."""


def start_delay(seed: int, frame: int) -> float:
    """Seconds from the order to the exposure of the first row: another for each frame, evenly distributed."""
    shortest, longest = timing().start_delay
    return shortest + (longest - shortest) * fraction(seed, Purpose.START_DELAY, frame)


def line_time(usb_traffic: float) -> float:
    """Seconds from one row's exposure to the next, with what is in the traffic register."""
    return timing().line_time_at(max(usb_traffic, 0.0))


def row_exposure(register: float, usb_traffic: float) -> float:
    """Seconds that a row is exposed: what the register says, within what the sensor can, in whole lines."""
    shortest, longest = timing().exposure
    wanted = min(register, longest) if register > shortest else shortest
    return timing().exposure_lines(wanted, line_time(usb_traffic))


def raw_bytes(area: Rectangle, bit_depth: int) -> int:
    """What the link carries for one frame of `area`."""
    return (area.height + ROWS_BEHIND) * link_bytes_per_row(area.width, bit_depth)


def sensor_readout(area: Rectangle) -> float:
    """Seconds from the end of the first row's exposure until all rows are in the camera's memory."""
    return (area.height + timing().overhead_lines) * timing().line_time


def single_readout(area: Rectangle, bit_depth: int) -> float:
    """Seconds from the end of the first row's exposure until a single frame has arrived.

    The published time of a whole frame of 16 bit in proportion to the bytes (assumed), and never less than
    the sensor itself takes.
    """
    whole = raw_bytes(QHY600_GEOMETRY.total, 16)
    return max(timing().single_frame_readout * raw_bytes(area, bit_depth) / whole, sensor_readout(area))


def live_period(area: Rectangle, bit_depth: int, exposure: float, usb_traffic: float) -> float:
    """Seconds from one frame of a stream to the next."""
    row_bytes = link_bytes_per_row(area.width, bit_depth)
    return timing().stream_period(area.height, row_bytes, exposure=exposure, usb_traffic=usb_traffic)


def transfer(area: Rectangle, bit_depth: int) -> float:
    """Seconds that a frame of a stream is on the link."""
    return raw_bytes(area, bit_depth) / timing().usb_rate
