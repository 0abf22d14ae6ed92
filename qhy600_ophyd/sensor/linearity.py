"""How the response bends before it saturates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qhy600_ophyd.sensor.tables import table


@dataclass(frozen=True, kw_only=True)
class Linearity:
    """The bend of the response.

    Parameters
    ----------
    rows
        ``(fraction, deviation)``, fractions rising: the charge that a straight response would give, over the
        charge at saturation, and the relative deviation from it.
    smooth_bound
        Below the bend the response deviates no more than this, relative.
    """

    rows: tuple[tuple[float, float], ...]
    smooth_bound: float

    @property
    def onset(self) -> float:
        """Largest fraction of saturation without deviation."""
        return max(fraction for fraction, deviation in self.rows if deviation == 0)

    def deviation(self, fraction: ArrayLike) -> NDArray[np.float64]:
        """Relative deviation at fractions of saturation of a straight response, same shape.

        Straight lines between the rows; beyond the last its value stays.
        """
        fractions, deviations = np.array(self.rows).T
        return np.asarray(np.interp(np.asarray(fraction, dtype=float), fractions, deviations))


@cache
def linearity() -> Linearity:
    """The published curve, of the extended full well mode at gain 0."""
    entry = table("linearity")
    return Linearity(
        rows=tuple((fraction, deviation) for fraction, deviation in entry["rows"]),
        smooth_bound=entry["smooth_bound"],
    )
