"""Which set points the cooler can reach, how long that takes, and how warm the air seems to be."""

from __future__ import annotations

import math

import numpy as np

from qhy600_ophyd.contract import SettingRefused, TemperatureReading
from qhy600_ophyd.sensor.cooling import cooling, thermal_constants
from qhy600_ophyd.sensor.models import UnknownModel, model

FAST = 1.0
"""Exposures shorter than this heat the sensor [s]; the product page's figures change there."""

_SETTLED = 0.5
"""How near its set point a regulated sensor is whose drive tells of the air [K]."""

_UNSURE = 2.0
"""Kelvin by which a set point has to be out of reach before it is refused: no two fans are alike."""


def deepest(model_name: str, ambient: float, *, fast: bool = False, drive: float = 1.0) -> float:
    """Lowest temperature of the sensor [°C] in equilibrium, by the two nodes of `sensor.cooling`.

    Parameters
    ----------
    model_name
        Of the camera; it says whether liquid takes the heat away.
    ambient
        Of the air, or the coolant [°C].
    fast
        Frames follow each other in less than a second.
    drive
        Largest duty of the cooler, 0 to 1.
    """
    try:
        liquid = model(model_name).cooling == "liquid"
    except UnknownModel:
        liquid = False
    cold, _ = thermal_constants(liquid=liquid).equilibrium(drive, ambient, fast=fast)
    return cold


def ambient_shown_by(reading: TemperatureReading) -> float | None:
    """Temperature of the air [°C] that a camera at rest shows; ``None`` while nothing can be said.

    Regulated and arrived at its set point, the sensor is as far below the air as its drive holds it
    (`sensor.cooling`, the table ``drive``). With the cooler off it is warmer than the air by what its own
    electronics heat it in the end; one that is still on its way there shows colder air than there is.
    """
    value, drive = reading.value, reading.power
    if value is None or drive is None:
        return None
    if drive == 0:
        warmed, _ = thermal_constants().equilibrium(0.0, value)
        return value - (warmed - value)
    if reading.setpoint is None or abs(value - reading.setpoint) > _SETTLED or drive >= 100:
        return None
    percent, kelvin = np.array(cooling().drive).T
    return value + float(np.interp(drive, percent, kelvin))


def require_reachable(
    setpoint: float, model_name: str, ambient: float, *, drive: float, now: float | None
) -> None:
    """Refuse a set point that is colder than the cooler can make the sensor.

    Raises
    ------
    SettingRefused
        It is, by more than can be doubted; says what can be reached.
    """
    lowest = deepest(model_name, ambient, drive=drive)
    if setpoint >= lowest - _UNSURE:
        return
    weak = "" if drive == 1 else f" with the {drive * 100:.0f} % that the cooler has after a supply failure"
    raise SettingRefused(
        "temperature",
        f"{setpoint:g} degC",
        allowed=f"about {lowest:.0f} degC or warmer with air at {ambient:.0f} degC{weak}",
        now=None if now is None else f"{now:.1f} degC",
        advice="Choose a warmer set point, cool the room, or say what it is: bench.check(plan, ambient=15)",
    )


def settling_time(start: float, setpoint: float, end: float, hold: float) -> float:
    """Roughly how long the sensor takes to its set point [s], good to a factor of two.

    The longer of what regulation takes, and t = tau ln((start - end) / (setpoint - end)) towards the
    temperature `end` of the cooler at full drive, or at none for warming, with the time constant of
    `sensor.cooling`, to within 0.5 K of it at most. Then the temperature has to `hold` so long.

    Parameters
    ----------
    start, setpoint, end
        [°C]
    hold
        [s]
    """
    if abs(start - setpoint) < _SETTLED:
        return hold
    left = max(abs(setpoint - end), _SETTLED)
    return max(cooling().time_constant * math.log(max(abs(start - end) / left, 1.0)), _REGULATION) + hold


_REGULATION = 300.0
"""Seconds that a controller needs until a sensor that has arrived no longer swings (assumed)."""

SETTLING_UNCERTAINTY = 0.4
"""Standard uncertainty of `settling_time`, relative (assumed)."""
