"""What a plan may have to wait for: a supply that failed, a temperature, the dew point, a disk."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from qhy600_ophyd.bench.room import size
from qhy600_ophyd.bench.watching.suspender import Condition
from qhy600_ophyd.sensor.moisture import settles_at
from qhy600_ophyd.sensor.supply import known_undervoltage

_DRIER = 1.0
"""Kelvin beyond the margin to the dew point from which on it is well again."""

_ROOMIER = 1.1
"""Times the least room on the disk from which on it is well again."""


def supply_is_well() -> Condition:
    """The camera has not failed for want of voltage; of its undervoltage code."""

    def says(code: float) -> str:
        known = known_undervoltage(code)
        assert known is not None
        return f"{known.meaning} (undervoltage code {known.code})"

    def advice(code: float) -> str:
        known = known_undervoltage(code)
        assert known is not None
        return (
            f"{known.advice}. When it is right, pause (Ctrl-C twice), camera.reset_undervoltage(), and resume"
        )

    return Condition(
        name="the supply",
        unit="1",
        bad=lambda code: (known := known_undervoltage(code)) is not None and known.failed,
        good=lambda code: (known := known_undervoltage(code)) is not None and not known.failed,
        says=says,
        advice=advice,
    )


def temperature_is_held(band: float) -> Condition:
    """The sensor is within `band` [K] of its set point; of the distance from it, back within half of that."""
    return Condition(
        name="the sensor's temperature",
        unit="K",
        bad=lambda off: off > band,
        good=lambda off: off <= band / 2,
        says=lambda off: f"the sensor is {off:.2f} K from its set point, more than {band:g} K",
        advice=lambda _: "Look at the cooler's power, the supply and the air around the camera",
    )


def stays_dry(margin: float) -> Condition:
    """The sensor is so many kelvin warmer than what water settles on; of that difference."""
    return Condition(
        name="the moisture in the chamber",
        unit="K",
        bad=lambda above: above < margin,
        good=lambda above: above >= margin + _DRIER,
        says=lambda above: (
            f"the sensor is {above:.1f} K above the point at which the chamber's moisture settles on it, "
            f"less than {margin:g} K"
        ),
        advice=lambda _: "Choose a warmer set point, or renew the desiccant",
    )


def disk_has_room(least: float) -> Condition:
    """So many bytes are free where the runs go; of those that are."""
    return Condition(
        name="the disk",
        unit="byte",
        bad=lambda free: free < least,
        good=lambda free: free >= least * _ROOMIER,
        says=lambda free: f"the disk has {size(free)} free, less than {size(least)}",
        advice=lambda _: "Free some space",
    )


@dataclass(kw_only=True)
class Distance:
    """How far the sensor is from a set point that it once had reached.

    While it is on its way there, on somebody's order, that is no distance.

    Parameters
    ----------
    band
        Within half of which it has arrived [K].
    """

    band: float
    _arrived_at: float | None = field(default=None, init=False)

    def of(self, temperature: float | None, setpoint: float | None) -> float:
        """Kelvin; 0 where there is no set point, or it was never reached, NaN without a reading."""
        if setpoint is None:
            self._arrived_at = None
            return 0.0
        if temperature is None:
            return math.nan
        off = abs(temperature - setpoint)
        if off <= self.band / 2:
            self._arrived_at = setpoint
        return off if self._arrived_at == setpoint else 0.0


def dryness(temperature: float | None, humidity: float | None, air: float) -> float:
    """By how much the sensor is warmer than what water settles on in its chamber [K]; NaN if not known.

    Parameters
    ----------
    temperature
        Of the sensor [°C].
    humidity
        Relative, of the chamber [percent].
    air
        Temperature of the air in the chamber [°C], where its humidity is measured.
    """
    if temperature is None or humidity is None:
        return math.nan
    return temperature - settles_at(air, humidity)
