"""What the camera's own sensors say: temperature, cooler, air, supply."""

from __future__ import annotations

import math

from qhy600_ophyd.backends.simulated.body import Environment, Supply, ThermalPlant
from qhy600_ophyd.driver.head import Control, HeadError

READINGS = (
    Control.TEMPERATURE,
    Control.COOLER_POWER,
    Control.HUMIDITY,
    Control.PRESSURE,
    Control.UNDERVOLTAGE,
)


class Readings:
    """Reads them; a camera that is off the bus goes on with what it said last.

    Parameters
    ----------
    plant, environment, supply
        What is read.
    """

    def __init__(self, plant: ThermalPlant, environment: Environment, supply: Supply):
        self._plant, self._environment, self._supply = plant, environment, supply
        self._cached: dict[Control, float] | None = None

    def read(self, control: Control, *, cached: bool) -> float:
        """What it says; with `cached` what it said when it was last asked without."""
        if not cached:
            self._cached = None
            return self._now(control)
        if self._cached is None:
            self._cached = {control: self._now(control) for control in READINGS}
        return self._cached[control]

    def drive(self, control: Control, value: float) -> None:
        """Write the set point of the cooler, or its power, which ends the regulation. Raises `HeadError`."""
        if not math.isfinite(value):
            raise HeadError(f"{control.name} {value} refused by the camera: it is not a number")
        if control is Control.COOLER_TARGET:
            self._plant.target(value)
        else:
            self._plant.manual(min(max(value, 0.0), 255.0))

    def _now(self, control: Control) -> float:
        match control:
            case Control.TEMPERATURE:
                return self._plant.reading()
            case Control.COOLER_POWER:
                return float(self._plant.pwm)
            case Control.HUMIDITY:
                return self._environment.humidity()
            case Control.PRESSURE:
                return self._environment.pressure()
            case _:
                return float(self._supply.code)
