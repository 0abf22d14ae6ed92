"""The readout modes of the sensor, by a name of our own that no firmware changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from qhy600_ophyd.sensor.tables import NotPublished, table


@dataclass(frozen=True, kw_only=True)
class SensorMode:
    """One readout mode, whatever place it has in a camera's list.

    Parameters
    ----------
    id
        Our name, by which the tables are looked up.
    name
        What the camera calls it.
    fibre
        Whether it needs the fibre interface.
    binning
        Pixels summed on the chip along each axis.
    width, height
        Of a whole frame, in pixels of this mode.
    bits
        Of the converter.
    """

    id: str
    name: str
    fibre: bool = False
    binning: int = 1
    width: int = 9600
    height: int = 6422
    bits: int = 16

    @property
    def has_response(self) -> bool:
        """Whether gain, read noise and full well are published for it."""
        return self.id in table("response")

    @property
    def response_source(self) -> Literal["published", "assumed"]:
        """Where `sensor.response` has the mode's gain, read noise and full well from."""
        return "published" if self.has_response else "assumed"


@cache
def readout_modes() -> tuple[SensorMode, ...]:
    """All readout modes, in the order in which the present vendor library lists them."""
    return tuple(SensorMode(**entry) for entry in table("readout_modes")["modes"])


def readout_mode(name: str) -> SensorMode:
    """The readout mode of that name, a camera's or our own.

    Raises
    ------
    NotPublished
        No mode is known by that name.
    """
    for mode in readout_modes():
        if name in (mode.id, mode.name):
            return mode
    known = ", ".join(repr(mode.name) for mode in readout_modes())
    raise NotPublished(f"readout mode {name!r} is not known; known are {known}")
