"""The response to light: what the light was, how steady it was, and whether the response is bent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

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


def response_bend(table: xr.Dataset, used: NDArray[np.bool_], light: Floats | None) -> float:
    """Relative difference of the slope of signal against light from the initial slope of a parabola.

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
    float
        0 where it is less than twice its own standard error, or cannot be told.
    """
    if light is None or used.sum() < 3:
        return 0.0
    x, y = light[used] / light[used].max(), table["signal"].to_numpy()[used]
    parabola = np.linalg.pinv(np.stack([x, x**2], axis=1))[0]
    straight = x / (x**2).sum()
    initial = parabola @ y
    bend = (straight - parabola) @ y / initial
    error = np.hypot(table["signal_error"].to_numpy()[used], relative_light_noise(table, used) * y)
    bend_error = np.sqrt((((straight - parabola) * error) ** 2).sum()) / abs(initial)
    return float(bend) if abs(bend) > 2 * bend_error else 0.0


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
