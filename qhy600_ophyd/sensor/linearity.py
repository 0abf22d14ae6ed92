"""How the response bends before it saturates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qhy600_ophyd.sensor.tables import table


@dataclass(frozen=True, kw_only=True)
class Linearity:
    """The bend of the response of a photodiode: straight, and beyond the onset a parabola up to its vertex.

    A charge q reads as q - compression (q - onset saturation)^2 / saturation.

    Parameters
    ----------
    saturation
        Signal where the published chart ends [e-]; the unit of the others.
    onset
        Charge up to which the response is straight, over `saturation`.
    compression
        Of the law above.
    compression_error
        Its standard error.
    smooth_bound
        Below the onset the response deviates no more than this, relative.
    """

    saturation: float
    onset: float
    compression: float
    compression_error: float
    smooth_bound: float

    @property
    def knot(self) -> float:
        """Charge at which the bend begins [e-]."""
        return self.onset * self.saturation

    @property
    def vertex(self) -> float:
        """Charge from which on the signal grows no more [e-]; infinite without compression."""
        return self.knot + self.saturation / (2 * self.compression) if self.compression else inf

    @property
    def largest_signal(self) -> float:
        """Signal at the vertex [e-]."""
        return self.knot + self.saturation / (4 * self.compression) if self.compression else inf

    def signal(self, charge: ArrayLike) -> NDArray[np.float64]:
        """What is read of charges [e-], same shape."""
        charge = np.minimum(np.asarray(charge, dtype=float), self.vertex)
        beyond = np.maximum(charge - self.knot, 0)
        return charge - self.compression * beyond**2 / self.saturation

    def local_gain(self, charge: ArrayLike) -> NDArray[np.float64]:
        """Change of the signal with the charge at charges [e-], same shape: 1 below the bend, never negative.

        1 - 2 compression (q - onset saturation) / saturation.
        """
        beyond = np.maximum(np.asarray(charge, dtype=float) - self.knot, 0)
        return np.maximum(1 - 2 * self.compression * beyond / self.saturation, 0)


@cache
def linearity() -> Linearity:
    """The law fitted to the published curve of the extended full well mode at gain 0."""
    return Linearity(**table("linearity"))
