"""One exposure that was asked for: when it starts, ends and arrives, and what can be said of it."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from qhy600_ophyd.backends.simulated.random_keys import Purpose, fraction
from qhy600_ophyd.backends.simulated.readout import Readout
from qhy600_ophyd.contract import Clock, ExposureCancelled, FrameInfo, Settings, TemperatureReading
from qhy600_ophyd.sensor import Rectangle
from qhy600_ophyd.sensor.timing import timing

ROW_ORDER = 1
"""The first row is exposed first."""


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """An exposure under way.

    Parameters
    ----------
    number
        Of the frame.
    settings
        That it is taken with, complete.
    monotonic, utc_ns
        When it was asked for [s, ns].
    start_delay
        True time from there to the exposure of the first row [s]; nobody above the simulator knows it.
    temperature
        The cooler when it was asked for.
    cancelled
        Set by whoever ends it early.
    """

    number: int
    settings: Settings
    monotonic: float
    utc_ns: int
    start_delay: float
    temperature: TemperatureReading
    cancelled: threading.Event

    @classmethod
    def now(
        cls,
        clock: Clock,
        *,
        number: int,
        seed: int,
        settings: Settings,
        temperature: TemperatureReading,
        cancelled: threading.Event,
    ) -> Trigger:
        """An exposure asked for now, whose start delay is drawn for that frame of that seed."""
        shortest, longest = timing().start_delay
        return cls(
            number=number,
            settings=settings,
            monotonic=clock.monotonic(),
            utc_ns=clock.utc_ns(),
            start_delay=shortest + (longest - shortest) * fraction(seed, Purpose.START_DELAY, number),
            temperature=temperature,
            cancelled=cancelled,
        )

    @property
    def exposure(self) -> float:
        """Seconds."""
        return self.settings.exposure or 0.0

    @property
    def area(self) -> Rectangle:
        """What of the chip is read, in unbinned pixels."""
        assert self.settings.roi is not None
        return self.settings.roi

    @property
    def true_start(self) -> int:
        """Start of the first row's exposure, UTC [ns]."""
        return self.utc_ns + round(self.start_delay * 1e9)

    @property
    def end(self) -> float:
        """End of the first row's exposure on the camera's clock [s]."""
        return self.monotonic + self.start_delay + self.exposure

    @property
    def arrival(self) -> float:
        """When the frame is complete, if nothing goes wrong [s]."""
        rows, columns = self.settings.frame_shape
        binning = self.settings.binning or 1
        bytes_per_row = columns * binning * np.dtype(self.settings.frame_dtype).itemsize
        return self.end + timing().readout_time(rows * binning, bytes_per_row)

    def wait_until(self, moment: float, clock: Clock) -> None:
        """Wait until `moment` on the clock [s]. Raises `ExposureCancelled`."""
        clock.wait(max(moment - clock.monotonic(), 0.0), self.cancelled)
        self.raise_if_cancelled()

    def raise_if_cancelled(self) -> None:
        """Raise `ExposureCancelled` if somebody ended the exposure."""
        if self.cancelled.is_set():
            raise ExposureCancelled(f"the exposure of frame {self.number} was cancelled; there is no frame")

    def mean_temperature(self, end: TemperatureReading) -> float:
        """Middle of the temperatures at both ends of the exposure [°C]."""
        assert self.temperature.value is not None
        assert end.value is not None
        return (self.temperature.value + end.value) / 2

    def info(self, clock: Clock, *, temperature: TemperatureReading, readout: Readout) -> FrameInfo:
        """What a host can know of the frame: the start delay is the published one, with its uncertainty."""
        start = self.utc_ns + round(timing().best_start_delay * 1e9)
        return FrameInfo(
            shape=self.settings.frame_shape,
            dtype=self.settings.frame_dtype,
            settings=self.settings,
            reported=self.settings,
            sequence=self.number,
            sequence_source="host",
            saturation_code=float(readout.saturation_code),
            exposure_start=start,
            exposure_end=start + round(self.exposure * 1e9),
            time_uncertainty=timing().start_delay_uncertainty,
            time_source=str(getattr(clock, "name", "host")),
            line_time=timing().line_time,
            row_order=ROW_ORDER,
            trigger_monotonic=round(self.monotonic * 1e9),
            arrival_monotonic=round(clock.monotonic() * 1e9),
            temperature_start=self.temperature,
            temperature_end=temperature,
        )
