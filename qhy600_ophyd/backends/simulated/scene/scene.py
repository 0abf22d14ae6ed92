"""What every scene is: a shape of the light, with a name and a few numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import Limits, SettingRefused
from qhy600_ophyd.sensor import Geometry


def parameter(default: float, *, low: float, high: float, unit: str = "1") -> Any:
    """A number that a scene can be given, and what it may be."""
    return field(default=default, metadata={"limits": Limits(low=low, high=high, unit=unit)})


@dataclass(frozen=True, kw_only=True)
class Scene(ABC):
    """A shape of the light on the chip: relative irradiance, of mean 1 over the image pixels.

    It is the same on the same pixel of the chip whatever area is read, and is decided by the scene's
    parameters, the geometry and a seed.

    Raises
    ------
    SettingRefused
        A parameter is outside its limits.
    """

    def __post_init__(self):
        for entry in fields(self):
            limits, value = entry.metadata["limits"], getattr(self, entry.name)
            if not limits.accepts(value):
                raise SettingRefused("scene", str(self), allowed=f"{self.name()} with {entry.name} {limits}")

    @classmethod
    def name(cls) -> str:
        """What it is called."""
        return cls.__name__.lower()

    def __str__(self) -> str:
        given = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        usual = {entry.name: entry.default for entry in fields(self)}
        return " ".join([self.name(), *(f"{n}={value!r}" for n, value in given.items() if value != usual[n])])

    @abstractmethod
    def paint(self, geometry: Geometry, seed: int) -> NDArray[np.float32] | None:
        """What the photons of each pixel are multiplied by.

        Parameters
        ----------
        geometry
            The chip; the mean over its image pixels is 1.
        seed
            Where random places and brightnesses come from.

        Returns
        -------
        numpy.ndarray or None
            Shape ``geometry.shape``, never negative, a new array; ``None`` for 1 everywhere.
        """


@dataclass(frozen=True, kw_only=True)
class Flat(Scene):
    """1 everywhere, as under an integrating sphere."""

    def paint(self, geometry: Geometry, seed: int) -> None:  # noqa: ARG002  (the same for all)
        """Nothing: 1 everywhere."""
        return
