"""Means and variances of levels as uncertain numbers, each known as well as its pairs of frames tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from uncertainties import unumpy

from qhy600_ophyd.analysis.straight_line import line

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
    """The statistics of pairs: √((κ − 1)/N) of each variance, √(σ²/2N) of each mean, N pixels × pairs.

    κ is the kurtosis of the frames' difference, measured: 3 for normal noise, for which √(2/N) is left, and
    more where some pixels are much noisier than others (random telegraph noise).

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
        error = np.maximum(variance, QUANTIZATION) * np.sqrt(heaviness(table, kind) / n)
        found[f"{kind}_variance"] = unumpy.uarray(variance, error)
    return Measured(**found)


def heaviness(table: xr.Dataset, kind: str) -> Any:
    """κ − 1 of the frames' difference, never below the 2 of normal noise; shape ``(level,)``."""
    return np.maximum(table[f"kurtosis_{kind}"].to_numpy() - 1, 2.0)


def pixel_spread(table: xr.Dataset) -> float:
    """Relative standard error of a dark variance from having measured just these pixels.

    Pixels differ in their noise. With v the variance of a pixel, whose noise is taken for normal,
    ⟨v²⟩ = ⟨d⁴⟩ / 12, so that the mean of v over N pixels drawn from many is known to
    √((κ/3 − 1) / N) of itself.
    """
    kurtosis = float(table["kurtosis_dark"].mean())
    return float(np.sqrt(max(kurtosis / 3 - 1, 0.0) / table["pixels"].to_numpy()[0]))


def dark_current_spread(table: xr.Dataset) -> float:
    """Standard error [count/s] of the mean dark current from having measured just these pixels.

    A pixel whose dark current is D above the mean stands K D t above the others, so that the variance of the
    pixels' fixed pattern grows with t² beyond that of their offsets. With s² the slope of
    ``spatial_variance_dark`` against the square of the exposure, at least 0, it is s / √pixels.

    Parameters
    ----------
    table
        Of `analysis.levels`, with several exposures.
    """
    _, growth = line(table["exposure"].to_numpy() ** 2, table["spatial_variance_dark"].to_numpy())
    return float(np.sqrt(max(growth, 0.0) / table["pixels"].to_numpy()[0]))
