"""What the camera needs from its 12 V supply, and what its undervoltage codes mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np

from qhy600_ophyd.sensor.tables import NotPublished, table


@dataclass(frozen=True, kw_only=True)
class SupplyNeeds:
    """What the camera needs from its supply.

    Parameters
    ----------
    undervoltage
        Below this voltage at the camera it reports undervoltage and stops its cooler [V].
    warning
        Below this it is near failing [V].
    highest, nominal
        [V].
    cable_resistance
        Most that is advised, both leads together [ohm].
    adapter_current
        Least that the adapter has to give [A].
    drive, power
        Of the cooler [%], rising, and of the whole camera at that drive [W].
    latched_duty
        Greatest duty of the cooler, 0 to 1, from an undervoltage until its memory is erased.
    """

    undervoltage: float
    warning: float
    highest: float
    nominal: float
    cable_resistance: float
    adapter_current: float
    drive: tuple[float, ...]
    power: tuple[float, ...]
    latched_duty: float

    def power_at(self, drive: float) -> float:
        """Whole camera [W] at a cooler drive [%], by straight lines between the published figures."""
        return float(np.interp(drive, self.drive, self.power))


@dataclass(frozen=True, kw_only=True)
class UndervoltageCode:
    """What one undervoltage code of the camera says.

    Parameters
    ----------
    code
        As the camera gives it.
    name, meaning, cause, advice
        In words; no advice where nothing is wrong.
    failed
        Whether the supply, or its check, failed.
    """

    code: int
    name: str
    failed: bool
    meaning: str
    cause: str
    advice: str


@cache
def supply() -> SupplyNeeds:
    """What a QHY600 needs."""
    entry = {name: value for name, value in table("supply").items() if name != "codes"}
    return SupplyNeeds(
        **{
            **entry,
            "drive": tuple(entry["drive"]),
            "power": tuple(entry["power"]),
            "latched_duty": table("cooling")["duty_limit"],
        }
    )


def camera_volts(voltage: float, cable_resistance: float, power: float) -> float:
    """Voltage at a camera that takes a power P whatever arrives (assumed).

    I = P / V and V = V0 - I R hold together: V = (V0 + sqrt(V0^2 - 4 P R)) / 2.

    Parameters
    ----------
    voltage
        At the adapter [V].
    cable_resistance
        Of both leads together [ohm].
    power
        [W]

    Returns
    -------
    float
        [V]; 0 where the cable cannot carry so much.
    """
    inside = voltage**2 - 4 * power * cable_resistance
    return 0.5 * (voltage + sqrt(inside)) if inside >= 0 and voltage > 0 else 0.0


@cache
def undervoltage_codes() -> tuple[UndervoltageCode, ...]:
    """All codes that are known, rising."""
    return tuple(UndervoltageCode(**entry) for entry in table("supply")["codes"])


def undervoltage_code(code: float) -> UndervoltageCode:
    """What that code says.

    Raises
    ------
    NotPublished
        No such code is known.
    """
    if (known := known_undervoltage(code)) is not None:
        return known
    listed = ", ".join(str(known.code) for known in undervoltage_codes())
    raise NotPublished(f"undervoltage code {code:g} is not known; known are {listed}")


def known_undervoltage(code: float | None) -> UndervoltageCode | None:
    """What that code says; ``None`` where there is none (NaN), or where nobody knows what it says."""
    return next((known for known in undervoltage_codes() if known.code == code), None)
