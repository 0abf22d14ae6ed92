"""From light and warmth to the electrons of a mean pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qhy600_ophyd.backends.simulated.kernels import FACTORS


@dataclass(frozen=True, kw_only=True)
class Charge:
    """How charge collects in a pixel.

    Parameters
    ----------
    quantum_efficiency
        Electrons per photon.
    dark_current
        Mean over the pixels [e-/s].
    prnu
        Relative width of the pixels' responses; they are normally distributed.
    pixel_well
        Charge at which a pixel stops collecting [e-].
    nonlinearity
        Part of the signal that is missing at the pixel well; it grows with the signal, so that a charge Q
        reads as Q (1 - nonlinearity Q / pixel_well).
    """

    quantum_efficiency: float
    dark_current: float
    prnu: float
    pixel_well: float
    nonlinearity: float = 0.0

    def mean_signal(self, photons: ArrayLike, exposure: ArrayLike) -> NDArray[np.float64]:
        """Signal of a mean pixel without noise [e-], for photons per pixel and seconds; any shapes."""
        collected = self.quantum_efficiency * np.asarray(photons, float) + self.dark_current * np.asarray(
            exposure, float
        )
        held = np.minimum(collected, self.pixel_well)
        return held * (1 - self.nonlinearity * held / self.pixel_well)


@cache
def response_factors(prnu: float) -> NDArray[np.float64]:
    """Equally likely responses of pixels relative to their mean: normal, never negative, shape ``(4096,)``.

    Parameters
    ----------
    prnu
        Their standard deviation, which the factors have exactly (where none is clipped).
    """
    deviates = _normal_quantiles()
    return _frozen(np.maximum(1 + prnu * deviates / deviates.std(), 0.0))


@cache
def dark_factors(spread: float) -> NDArray[np.float64]:
    """Equally likely factors of the dark current among pixels: log-normal, of mean 1, shape ``(4096,)``.

    Parameters
    ----------
    spread
        Standard deviation of their logarithm.
    """
    factors = np.exp(spread * _normal_quantiles())
    return _frozen(factors / factors.mean())


@cache
def _normal_quantiles() -> NDArray[np.float64]:
    normal = NormalDist()
    return np.array([normal.inv_cdf((n + 0.5) / FACTORS) for n in range(FACTORS)])


def _frozen(values: NDArray[np.float64]) -> NDArray[np.float64]:
    values.setflags(write=False)
    return values
