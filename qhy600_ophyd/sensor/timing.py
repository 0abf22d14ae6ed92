"""When rows are exposed and how long a frame takes to arrive."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt

from qhy600_ophyd.sensor.tables import table


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Timing of the sensor and its link.

    Parameters
    ----------
    line_time
        From the start of one row's exposure to that of the next [s].
    overhead_lines
        Lines that the sensor takes beside those read.
    usb_rate
        What the link carries [byte/s].
    start_delay
        Least and greatest time from the host's command to the first row's exposure [s].
    exposure
        Shortest and longest exposure [s].
    """

    line_time: float
    overhead_lines: float
    usb_rate: float
    start_delay: tuple[float, float]
    exposure: tuple[float, float]

    @property
    def best_start_delay(self) -> float:
        """Middle of the range of the start delay [s]."""
        return (self.start_delay[0] + self.start_delay[1]) / 2

    @property
    def start_delay_uncertainty(self) -> float:
        """Standard uncertainty of the start delay [s], for a rectangular distribution: width / sqrt(12)."""
        return (self.start_delay[1] - self.start_delay[0]) / sqrt(12)

    def readout_time(self, rows: int, bytes_per_row: int) -> float:
        """Seconds from the end of the first row's exposure until so many rows have arrived.

        The slower of the sensor, (rows + overhead_lines) line_time, and the link, bytes / usb_rate.
        """
        return max((rows + self.overhead_lines) * self.line_time, rows * bytes_per_row / self.usb_rate)


@cache
def timing() -> Timing:
    """Timing of the QHY600 over USB 3."""
    entry = table("timing")
    return Timing(
        **{
            **entry,
            "start_delay": tuple(entry["start_delay"]),
            "exposure": tuple(entry["exposure"]),
        }
    )
