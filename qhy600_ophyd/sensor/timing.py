"""When rows are exposed and how long a frame takes to arrive."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt

from qhy600_ophyd.sensor.tables import table

_FULL_ROWS, _FULL_BYTES_PER_ROW = 6422, 9600 * 2
"""Of the frames whose times at several traffic registers are known: whole chip, 16 bit."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Timing of the sensor and its link.

    Parameters
    ----------
    line_time
        From the start of one row's exposure to that of the next, at traffic register 0 [s].
    overhead_lines
        Lines that the sensor takes beside those read.
    usb_rate
        What the link carries [byte/s].
    start_delay
        Least and greatest time from the host's command to the first row's exposure [s].
    exposure
        Shortest and longest exposure [s].
    long_exposure
        From here on an exposure is as asked; below, it is a whole number of lines [s].
    single_frame_delay, single_frame_readout
        Before and after the exposure of a single frame [s].
    live_delay
        From the command to the first exposure of a stream [s].
    initialisation
        Time that the camera takes to start in a mode [s].
    traffic_frames
        ``(traffic register, s a frame)``, whole chip in 16 bit, rising.
    """

    line_time: float
    overhead_lines: float
    usb_rate: float
    start_delay: tuple[float, float]
    exposure: tuple[float, float]
    long_exposure: float
    single_frame_delay: float
    single_frame_readout: float
    live_delay: float
    initialisation: float
    traffic_frames: tuple[tuple[float, float], ...]

    @property
    def best_start_delay(self) -> float:
        """Middle of the range of the start delay [s]."""
        return (self.start_delay[0] + self.start_delay[1]) / 2

    @property
    def start_delay_uncertainty(self) -> float:
        """Standard uncertainty of the start delay [s], for a rectangular distribution: width / sqrt(12)."""
        return (self.start_delay[1] - self.start_delay[0]) / sqrt(12)

    def readout_time(self, rows: int, bytes_per_row: int) -> float:
        """Seconds from the end of the first row's exposure until so many rows have arrived, at traffic 0.

        The slower of the sensor, (rows + overhead_lines) line_time, and the link, bytes / usb_rate.
        """
        return self.frame_time(rows, bytes_per_row, 0)

    def line_time_at(self, usb_traffic: float) -> float:
        """Seconds from one row's exposure to the next at a traffic register; at 0 it is `line_time`.

        So long that `frame_time` of the whole chip in 16 bit differs from that at register 0 by what was
        measured: line = (bytes / usb_rate + difference) / (rows + overhead_lines). Between the measured
        registers, and beyond the last, straight lines; a register below 0 counts as 0.
        """
        slowest = _FULL_ROWS * _FULL_BYTES_PER_ROW / self.usb_rate
        lines = _FULL_ROWS + self.overhead_lines
        _, fastest = self.traffic_frames[0]
        points = [(0.0, self.line_time)]
        points += [(k, (slowest + s - fastest) / lines) for k, s in self.traffic_frames[1:]]
        traffic = max(usb_traffic, 0.0)
        right = next((n for n, (k, _) in enumerate(points) if k >= traffic and n), len(points) - 1)
        (low, short), (high, long) = points[right - 1], points[right]
        return short + (long - short) * (traffic - low) / (high - low)

    def frame_time(self, rows: int, bytes_per_row: float, usb_traffic: float = 0.0) -> float:
        """Seconds from one frame of a stream to the next, where the exposure is not longer.

        The slower of the sensor, (rows + overhead_lines) line_time_at(usb_traffic), and the link,
        rows bytes_per_row / usb_rate. The number of columns counts for the link only.
        """
        sensor = (rows + self.overhead_lines) * self.line_time_at(usb_traffic)
        return max(sensor, rows * bytes_per_row / self.usb_rate)

    def stream_period(
        self, rows: int, bytes_per_row: float, *, exposure: float, usb_traffic: float = 0.0
    ) -> float:
        """Seconds from one frame of a stream to the next: the exposure, or `frame_time` if that is longer."""
        return max(exposure, self.frame_time(rows, bytes_per_row, usb_traffic))

    def exposure_lines(self, exposure: float, line_time: float) -> float:
        """What a row is truly exposed when `exposure` is asked for [s].

        Below `long_exposure` the nearest whole number of lines, at least one; from there on as asked. Given
        its own result it returns the same number.
        """
        if exposure >= self.long_exposure:
            return exposure
        return max(round(exposure / line_time), 1) * line_time


def link_bytes_per_row(columns: int, bit_depth: int) -> int:
    """What the link carries for a row of so many unbinned pixels: 8 or 16 bits each.

    Sums of pixels are made by the library, from single pixels that have crossed the link.
    """
    return columns * (1 if bit_depth == 8 else 2)


@cache
def timing() -> Timing:
    """Timing of the QHY600 over USB 3."""
    entry = table("timing")
    return Timing(
        **{
            **entry,
            "start_delay": tuple(entry["start_delay"]),
            "exposure": tuple(entry["exposure"]),
            "traffic_frames": tuple((register, seconds) for register, seconds in entry["traffic_frames"]),
        }
    )
