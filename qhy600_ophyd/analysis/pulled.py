"""A number that is known in two ways: by pairs of frames, and by the scatter of levels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.analysis.estimate import Estimate

Floats = NDArray[np.float64]


class Pulled:
    """A result on its way: its value with pair statistics, and the pull of each level on it.

    Parameters
    ----------
    pair
        Uncertain number: the value, its error by the statistics of pairs.
    scatter
        How far each level pulls the value, of `straight_line.influence`; shape ``(levels,)``.
    """

    def __init__(self, pair: Any, scatter: Floats):
        self.pair, self.scatter = pair, scatter

    @property
    def value(self) -> float:
        """Best value."""
        return self.pair.nominal_value

    @property
    def pair_error(self) -> float:
        """Standard error by the statistics of pairs alone."""
        return self.pair.std_dev

    @property
    def standard_error(self) -> float:
        """The larger of `pair_error` and the scatter of the levels."""
        return max(self.pair_error, float(np.sqrt((self.scatter**2).sum())))

    def estimate(self, unit: str, **others: float) -> Estimate:
        """The number to quote, `others` added to its standard error in quadrature."""
        error = np.sqrt(self.standard_error**2 + sum(e**2 for e in others.values()))
        return Estimate(value=self.value, standard_error=float(error), unit=unit)
