"""What the cooler can do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from qhy600_ophyd.sensor.tables import table

KELVIN = 273.15
"""0 °C [K]."""


@dataclass(frozen=True, kw_only=True)
class ThermalConstants:
    """Two thermal nodes, the sensor and the heat sink, with a Peltier cooler between.

    Their equations stand at the head of the table ``cooling``.

    Parameters
    ----------
    pumping
        Peltier heat at duty 1 per kelvin of a node's temperature [W/K].
    resistance
        Ohmic heat at duty 1 [W]; half goes to each node.
    conduction, leak
        Between the nodes, and from the air to the cold one [W/K].
    sink_resistance
        From the hot node to the air, or the coolant [K/W].
    heat_long, heat_fast
        Of the sensor [W], for exposures above and below a second.
    cold_capacity, hot_capacity
        Of the nodes [J/K].
    """

    pumping: float
    resistance: float
    conduction: float
    leak: float
    sink_resistance: float
    heat_long: float
    heat_fast: float
    cold_capacity: float
    hot_capacity: float

    def equilibrium(self, duty: float, ambient: float, *, fast: bool = False) -> tuple[float, float]:
        """Temperatures of the cold and the hot node [°C], where both equations are at rest.

        Parameters
        ----------
        duty
            Of the cooler, 0 to 1.
        ambient
            Of the air, or the coolant [°C].
        fast
            Frames follow each other in less than a second.
        """
        heat = self.heat_fast if fast else self.heat_long
        pumped, half, air = self.pumping * duty, self.resistance * duty**2 / 2, ambient + KELVIN
        to_cold = [pumped + self.conduction + self.leak, -self.conduction]
        to_hot = [-self.conduction, 1 / self.sink_resistance + self.conduction - pumped]
        into = np.array([half + heat + self.leak * air, half + air / self.sink_resistance])
        cold, hot = np.linalg.solve(np.array([to_cold, to_hot]), into) - KELVIN
        return float(cold), float(hot)

    def power(self, duty: float, cold: float, hot: float) -> float:
        """What the cooler takes [W] with its nodes at these temperatures [both °C, or both K]."""
        return self.pumping * duty * (hot - cold) + self.resistance * duty**2


@dataclass(frozen=True, kw_only=True)
class Cooling:
    """The thermoelectric cooler, as published.

    Parameters
    ----------
    depth, depth_fast
        Greatest temperature difference below ambient [K], for exposures above and below a second.
    time_constant
        Of the sensor towards its equilibrium [s].
    setpoint
        Lowest and highest set point [°C].
    setpoint_step
        Step of the set point [K].
    drive
        ``(percent, K below ambient)`` in equilibrium, rising.
    duty_limit
        Greatest duty, 0 to 1, once the supply has failed.
    liquid_gain
        How much deeper liquid cools than air [K].
    """

    depth: float
    depth_fast: float
    time_constant: float
    setpoint: tuple[float, float]
    setpoint_step: float
    drive: tuple[tuple[float, float], ...]
    duty_limit: float
    liquid_gain: float

    def power(self, below_ambient: float) -> float:
        """Drive [%] that holds the sensor so many kelvin below ambient."""
        percent, kelvin = np.array(self.drive).T
        return float(np.interp(below_ambient, kelvin, percent))


@cache
def cooling() -> Cooling:
    """The cooler of the QHY600 for exposures longer than a second."""
    entry = {name: value for name, value in table("cooling").items() if not isinstance(value, dict)}
    return Cooling(
        **{
            **entry,
            "setpoint": tuple(entry["setpoint"]),
            "drive": tuple((percent, kelvin) for percent, kelvin in entry["drive"]),
        }
    )


@cache
def thermal_constants(*, liquid: bool = False) -> ThermalConstants:
    """The two nodes of a camera cooled by air, or by liquid."""
    entry = table("cooling")
    return ThermalConstants(**{**entry["thermal"], **(entry["liquid"] if liquid else {})})
