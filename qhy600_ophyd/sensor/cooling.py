"""What the cooler can do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from qhy600_ophyd.sensor.tables import table


@dataclass(frozen=True, kw_only=True)
class Cooling:
    """The thermoelectric cooler.

    Parameters
    ----------
    depth
        Greatest temperature difference below ambient [K].
    time_constant
        Of the sensor towards its equilibrium [s].
    setpoint
        Lowest and highest set point [°C].
    setpoint_step
        Step of the set point [K].
    drive
        ``(percent, K below ambient)`` in equilibrium, rising.
    """

    depth: float
    time_constant: float
    setpoint: tuple[float, float]
    setpoint_step: float
    drive: tuple[tuple[float, float], ...]

    def power(self, below_ambient: float) -> float:
        """Drive [%] that holds the sensor so many kelvin below ambient."""
        percent, kelvin = np.array(self.drive).T
        return float(np.interp(below_ambient, kelvin, percent))


@cache
def cooling() -> Cooling:
    """The cooler of the QHY600 for exposures longer than a second."""
    entry = table("cooling")
    return Cooling(
        depth=entry["depth"],
        time_constant=entry["time_constant"],
        setpoint=tuple(entry["setpoint"]),
        setpoint_step=entry["setpoint_step"],
        drive=tuple((percent, kelvin) for percent, kelvin in entry["drive"]),
    )
