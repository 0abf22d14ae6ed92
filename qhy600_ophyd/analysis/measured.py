"""Means and variances of levels as uncertain numbers, each known as well as its pairs of frames tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from uncertainties import unumpy

if TYPE_CHECKING:
    import xarray as xr

QUANTIZATION = 1 / 12
"""Variance [count²] of rounding to whole counts."""

LOWEST_DARK_VARIANCE = 0.24
"""Dark variance [count²] below which rounding hides the noise (EMVA 1288 R4 General, 6.6)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Each an array of uncertain numbers, shape ``(level,)``; what is formed of them keeps covariances.

    Parameters
    ----------
    light_mean, dark_mean
        [count].
    light_variance, dark_variance
        Temporal variance [count²].
    """

    light_mean: Any
    dark_mean: Any
    light_variance: Any
    dark_variance: Any


def measured(table: xr.Dataset) -> Measured:
    """The statistics of pairs: √(2/N) of each variance, √(σ²/2N) of each mean, N pixels × pairs.

    Parameters
    ----------
    table
        Of `analysis.levels`, in one form of the variance.
    """
    found = {}
    for kind, samples in (("light", "samples"), ("dark", "samples_dark")):
        n, variance = table[samples].to_numpy(), table[f"variance_{kind}"].to_numpy()
        found[f"{kind}_mean"] = unumpy.uarray(table[f"mean_{kind}"].to_numpy(), np.sqrt(variance / (2 * n)))
        # no variance of whole counts is known better than that of rounding
        error = np.maximum(variance, QUANTIZATION) * np.sqrt(2 / n)
        found[f"{kind}_variance"] = unumpy.uarray(variance, error)
    return Measured(**found)
