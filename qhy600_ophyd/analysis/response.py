"""The response to light: what the light was, how steady it was, and whether the response is bent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.analysis.estimate import Estimate
from qhy600_ophyd.analysis.straight_line import influence

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]


def light_of(table: xr.Dataset) -> tuple[Literal["photons", "exposure"], Floats] | None:
    """The light of each level: photons where all are known, else exposure if it was varied, else ``None``."""
    for name in ("photons", "exposure"):
        values = table[name].to_numpy()
        if np.isfinite(values).all() and np.ptp(values) > 1e-3 * values.max():
            return name, values
    return None


def response_bend(table: xr.Dataset, used: NDArray[np.bool_], light: Floats | None) -> Estimate | None:
    """Relative difference of the slope of signal against light from the initial slope of a parabola.

    For a response y = a x + b x², the straight line through zero has the slope a + b Σx³/Σx², so that
    δ = (b/a) Σx³/Σx². The standard error is the larger of pair statistics with the noise of the light, and
    the scatter of the levels about the parabola (HC3).

    Parameters
    ----------
    table
        Of `analysis.levels`.
    used
        The levels fitted.
    light
        Of each level; ``None`` if it is not known.

    Returns
    -------
    Estimate or None
        δ [%]; ``None`` where the light is not known or fewer than three levels are used.
    """
    if light is None or used.sum() < 3:
        return None
    x, y = light[used] / light[used].max(), table["signal"].to_numpy()[used]
    design = np.stack([x, x**2], axis=1)
    projection = np.linalg.pinv(design)
    initial, curvature = projection @ y
    lever = (x**3).sum() / (x**2).sum() / initial
    by_parameter = lever * np.array([-curvature / initial, 1.0])
    error = np.hypot(table["signal_error"].to_numpy()[used], relative_light_noise(table, used) * y)
    pairs = np.linalg.norm(by_parameter @ projection * error)
    residual = y - design @ (projection @ y)
    scatter = np.linalg.norm(by_parameter @ influence(design, residual))
    return Estimate(
        value=float(100 * lever * curvature), standard_error=float(100 * max(pairs, scatter)), unit="%"
    )


def relative_light_noise(table: xr.Dataset, used: NDArray[np.bool_]) -> float:
    """Relative standard deviation of the light at one level, beyond the noise of pixels.

    Two frames of one level see the same pixels, so that their fixed pattern cancels; what their means
    differ by, more than pixel noise allows, is the lamp or the shutter. It is pooled over the levels used,
    and is what a level's mean of two frames is uncertain by. A drift from level to level that pairs do not
    show cannot be told from a bent response.
    """
    signal = table["signal"].to_numpy()[used]
    difference = table["light_difference"].to_numpy()[used]
    pairs = table["samples"].to_numpy()[used] / table["pixels"].to_numpy()[used]
    pixel_noise = 2 * table["variance_light"].to_numpy()[used] / table["pixels"].to_numpy()[used]
    # a ratio of sums: bright levels, which know it best, count most, and a level without light nothing
    single = (difference**2 - pixel_noise).sum() / (2 * signal**2).sum()
    return float(np.sqrt(max(single, 0.0) / (2 * pairs.mean())))
