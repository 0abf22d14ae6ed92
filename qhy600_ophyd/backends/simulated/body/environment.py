"""The air in the sealed chamber before the sensor, and dew on its window. All figures here are assumed."""

from __future__ import annotations

from qhy600_ophyd.backends.simulated.random_keys import hashed
from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.sensor import moisture

_DRIEST, _WETTEST = -38.0, -24.0
"""Dew points between which the desiccant keeps the chamber, drawn from the seed [°C]."""

_FILLED_AT = 20.0
"""Temperature at which the chamber was closed [°C]; its pressure goes with the absolute temperature."""

_PRESSURE, _PRESSURE_SPREAD = 1000.0, 20.0
"""When it was closed [mbar], and half the width of what is drawn from the seed."""

_WINDOW_COOLING = 0.08
"""By how much of the sensor's difference from ambient the window's outside is colder than ambient."""

HEATER_POWER = 1.5
"""Of the window's heater [W]; the published powers of the camera are taken to be without it."""

HEATER_LOAD = 0.1
"""What of that reaches the sensor [W]."""

_WINDOW_WARMING = 6.0
"""By how much the heater warms the window [K]."""


def dew_point(temperature: float, humidity: float) -> float:
    """Temperature [°C] at which air of `temperature` [°C] and relative `humidity` [percent] forms dew.

    Raises `SettingRefused` unless the humidity is above 0 and up to 100 %.
    """
    if not 0 < humidity <= 100:
        raise SettingRefused("humidity", f"{humidity:g}", allowed="above 0 and up to 100 percent")
    return moisture.dew_point(moisture.vapour_pressure(temperature) * humidity / 100)


class Environment:
    """Air in the chamber, kept dry by a tube of desiccant, closed for good.

    Parameters
    ----------
    seed
        Which camera: how dry the chamber is, at which pressure it was closed.
    ambient
        Temperature of the room, and of the chamber's air [°C].
    """

    def __init__(self, seed: int, ambient: float):
        self._seed = seed
        self._ambient = ambient
        self._dew_point = _DRIEST + (_WETTEST - _DRIEST) * self._drawn("dew point")
        self._closed_at = _PRESSURE + _PRESSURE_SPREAD * (2 * self._drawn("pressure") - 1)

    @property
    def ambient(self) -> float:
        """Of the room [°C]; can be set."""
        return self._ambient

    @ambient.setter
    def ambient(self, celsius: float) -> None:
        self._ambient = float(celsius)

    @property
    def chamber_dew_point(self) -> float:
        """Below this temperature of the sensor there would be frost on it [°C]."""
        return self._dew_point

    def humidity(self) -> float:
        """In the chamber [percent], to 0.1."""
        vapour = moisture.vapour_pressure
        return round(100 * vapour(self._dew_point) / vapour(self._ambient), 1)

    def pressure(self) -> float:
        """In the chamber [mbar], to 0.1."""
        return round(self._closed_at * (self._ambient + 273.15) / (_FILLED_AT + 273.15), 1)

    def window_temperature(self, sensor: float, *, heater: bool) -> float:
        """Of the window's outside [°C], from the sensor's temperature [°C]."""
        cooled = _WINDOW_COOLING * max(self._ambient - sensor, 0.0)
        return self._ambient - cooled + (_WINDOW_WARMING if heater else 0.0)

    def dew_on_window(self, sensor: float, room_humidity: float, *, heater: bool) -> bool:
        """Whether a room of that relative humidity [percent] leaves dew on the window."""
        return self.window_temperature(sensor, heater=heater) < dew_point(self._ambient, room_humidity)

    def _drawn(self, what: str) -> float:
        return hashed(f"{self._seed} environment {what}") / 2**64
