"""One exposure that was asked for, and what a host can know of it."""

from __future__ import annotations

from dataclasses import dataclass

from qhy600_ophyd.contract import Clock, FrameInfo, Settings, TemperatureReading
from qhy600_ophyd.driver.written_header import WrittenHeader
from qhy600_ophyd.sensor.gps_header import PULSE_BEFORE_END_NS
from qhy600_ophyd.sensor.timing import timing

_ROW_ORDER = 1
"""The first row is exposed first."""


@dataclass(frozen=True, kw_only=True)
class Readings:
    """What the camera says at the end of an exposure, before its frame is fetched.

    A frame that comes afterwards proves that the camera was there to say it.

    Parameters
    ----------
    reported
        The settings.
    temperature
        The cooler.
    line_time
        From one row to the next [s].
    undervoltage
        Code for the supply, where there is one.
    """

    reported: Settings
    temperature: TemperatureReading
    line_time: float
    undervoltage: int | None


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """When an exposure was asked for, and how the cooler was then.

    Parameters
    ----------
    monotonic, utc_ns
        On the camera's clock [s, ns].
    temperature
        The cooler.
    delay, delay_uncertainty
        From there to the exposure of the first row: best value and standard uncertainty [s].
    """

    monotonic: float
    utc_ns: int
    temperature: TemperatureReading
    delay: float
    delay_uncertainty: float

    @classmethod
    def now(cls, clock: Clock, temperature: TemperatureReading) -> Trigger:
        """A single exposure asked for now; the delay is the published one."""
        return cls(
            monotonic=clock.monotonic(),
            utc_ns=clock.utc_ns(),
            temperature=temperature,
            delay=timing().best_start_delay,
            delay_uncertainty=timing().start_delay_uncertainty,
        )

    @classmethod
    def in_stream(
        cls, clock: Clock, *, earliest: float, latest: float, temperature: TemperatureReading
    ) -> Trigger:
        """An exposure of a live stream, of which only bounds are known.

        Parameters
        ----------
        earliest, latest
            When the exposure of the first row began at the earliest, as if no frame had been lost before it,
            and at the latest, as if its frame had not waited anywhere [s, on the clock]. All between the two
            is taken to be equally likely: standard uncertainty (latest - earliest) / sqrt(12).
        """
        first, last = sorted((earliest, latest))
        ago = clock.monotonic() - (first + last) / 2
        return cls(
            monotonic=first,
            utc_ns=clock.utc_ns() - round(ago * 1e9),
            temperature=temperature,
            delay=0.0,
            delay_uncertainty=(last - first) / 12**0.5,
        )

    def info(
        self,
        clock: Clock,
        *,
        settings: Settings,
        readings: Readings,
        sequence: int,
        retries: int,
        discarded: int,
        unverified: tuple[str, ...],
        started: int,
        header: WrittenHeader | None = None,
    ) -> FrameInfo:
        """What is recorded of its frame, which has just arrived.

        With a GPS header, the number is the camera's. So are the times, where its receiver knew them: the
        first row's exposure ends a fixed time after the pulse, of which nothing is known but what the library
        says, so that it may be anything from none to twice that (standard uncertainty: that time / sqrt(3)).
        """
        number = None if header is None else header.says
        exposure = round((settings.exposure or 0.0) * 1e9)
        start, uncertainty = self.utc_ns + round(self.delay * 1e9), self.delay_uncertainty
        clock_name = str(getattr(clock, "name", "host"))
        if number is not None and number.trusted:
            start = number.now.utc_ns + PULSE_BEFORE_END_NS - exposure
            uncertainty, clock_name = PULSE_BEFORE_END_NS * 1e-9 / 3**0.5, "gps"
        return FrameInfo(
            shape=settings.frame_shape,
            dtype=settings.frame_dtype,
            settings=settings,
            reported=readings.reported,
            sequence=sequence if number is None else number.sequence,
            sequence_source="host" if number is None else "gps_header",
            saturation_code=float(saturation_code(settings)),
            exposure_start=start,
            exposure_end=start + exposure,
            time_uncertainty=uncertainty,
            time_source=clock_name,
            line_time=readings.line_time,
            row_order=_ROW_ORDER,
            trigger_monotonic=round(self.monotonic * 1e9),
            arrival_monotonic=round(clock.monotonic() * 1e9),
            temperature_start=self.temperature,
            temperature_end=readings.temperature,
            retries=retries,
            discarded=discarded,
            unverified=unverified,
            undervoltage=readings.undervoltage,
            started=started,
            header=b"" if header is None else header.written,
        )


def saturation_code(settings: Settings) -> int:
    """Largest count that complete settings can give: sums of 32 bit hold those of all their pixels."""
    pixels = (settings.binning or 1) ** 2
    depth = settings.bit_depth or 16
    if depth == 8:
        return 255
    return 65535 if depth == 16 else 65535 * pixels
