"""Where a sensor saturates, seen from its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.analysis.estimate import Estimate

Floats = NDArray[np.float64]

APPROACH = 3.0
"""Standard deviations by which the maximum of the variance lies before saturation.

A Gaussian of growing mean, clipped at z standard deviations above it, loses variance at the rate
2 z (1 − Φ(z)) and gains it from photon noise at σ/µ per standard deviation. The two are equal at
z = 3.2 for σ/µ = 0.45 % (50 000 electrons) and z = 3.0 for 0.85 % (14 000 electrons).
"""


@dataclass(frozen=True, kw_only=True)
class VarianceMaximum:
    """The level of largest variance, and how well the levels can place it.

    Parameters
    ----------
    index
        Of the level.
    first, last
        The maximum lies between these levels: the neighbours of all levels whose variance cannot be told
        from the largest.
    reached
        Whether the variance falls beyond it; otherwise the sensor was never saturated.

    `index` is the brightest level where it never falls, which ranges of signal are then relative to.
    """

    index: int
    first: int
    last: int
    reached: bool

    def placement_error(self, x: Floats) -> float:
        """Root mean square distance of the true maximum from ``x[index]``, in the units of `x`.

        The truth is taken as equally likely anywhere between the levels `first` and `last`.
        """
        below, above = x[self.index] - x[self.first], x[self.last] - x[self.index]
        span = below + above
        return float(np.sqrt((below**3 + above**3) / (3 * span))) if span > 0 else 0.0


def range_in_words(maximum: VarianceMaximum, signal: Floats) -> str:
    """What ranges of signal are relative to: ``"saturation (3000 counts)"``, or the brightest level."""
    what = "saturation" if maximum.reached else "the brightest level"
    return f"{what} ({signal[maximum.index]:.4g} counts)"


NOT_SATURATED = "not saturated: ranges are relative to the brightest level"


def variance_maximum(variance: Floats, standard_error: Floats) -> VarianceMaximum:
    """Saturation by EMVA 1288 R3.1: the maximum of the variance, scanned from the bright end.

    The first level from the right whose two left neighbours are both lower. Levels of less than half the
    largest variance are passed over: what noise is left in saturated pixels has ups and downs of its own.

    Parameters
    ----------
    variance
        Temporal variance [count²] of the light frames, by rising light, shape ``(levels,)``.
    standard_error
        Of `variance`.
    """
    n = variance.size
    index = next(
        (
            i
            for i in range(n - 1, 1, -1)
            if variance[i - 1] < variance[i] > variance[i - 2] and variance[i] >= variance.max() / 2
        ),
        int(variance.argmax()),
    )
    alike = variance[index] - variance < 2 * np.hypot(standard_error, standard_error[index])
    first = last = index
    while first > 0 and alike[first]:
        first -= 1
    while last < n - 1 and (alike[last] or last == index):
        last += 1
    if alike[last]:
        return VarianceMaximum(index=n - 1, first=first, last=last, reached=False)
    return VarianceMaximum(index=index, first=first, last=last, reached=True)


def at_saturation(maximum: VarianceMaximum, x: Floats, unit: str) -> Estimate | None:
    """Light or signal of the level of largest variance; ``None`` where the variance never falls."""
    if not maximum.reached:
        return None
    return Estimate(value=float(x[maximum.index]), standard_error=maximum.placement_error(x), unit=unit)
