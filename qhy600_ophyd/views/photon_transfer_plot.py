"""The photon-transfer curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from qhy600_ophyd.analysis import PhotonTransfer, photon_transfer
from qhy600_ophyd.views.axes import EXCLUDED, FITTED, MARKED, MEASURED, axes_or_new, dress, logarithmic

if TYPE_CHECKING:
    import xarray as xr


def photon_transfer_plot(result: PhotonTransfer | xr.Dataset, ax: Axes | None = None) -> Axes:
    """Temporal variance against mean signal, both less dark, with the line that gives e-/count.

    Parameters
    ----------
    result
        Of `analysis.photon_transfer`, or a run, which is then reduced with its defaults.
    ax
        Axes to draw on; a new figure, ``ax.figure``, unless given.

    Raises
    ------
    AnalysisRefused
        A run was given that has no photon-transfer curve.
    """
    if not isinstance(result, PhotonTransfer):
        result = photon_transfer(result)
    ax = axes_or_new(ax)
    levels = result.levels
    signal, variance, error, used = (
        levels[name].to_numpy() for name in ("signal", "variance", "variance_error", "used")
    )
    shown = (signal > 0) & (variance > 0)
    saturation = result.saturation_signal
    whole = "the brightest level" if saturation is None else "saturation"
    for chosen, colour, face, label in (
        (used & shown, MEASURED, MEASURED, f"fitted, up to 70 % of {whole}"),
        (~used & shown, EXCLUDED, "white", "not fitted"),
    ):
        if chosen.any():
            ax.errorbar(
                signal[chosen], variance[chosen], yerr=error[chosen], fmt="o", ms=4.5, color=colour,
                mfc=face, elinewidth=1, label=label,
            )  # fmt: skip
    along = np.geomspace(signal[shown].min(), signal[shown].max(), 50)
    ax.plot(
        along, result.counts_per_electron.value * along, color=FITTED, lw=1.4, zorder=3,
        label=f"slope 1 / ({result.electrons_per_count})",
    )  # fmt: skip
    if saturation is not None:
        ax.axvline(
            saturation.value, color=MARKED, ls="--", lw=1.2,
            label=f"largest variance, {saturation.value:,.0f} counts",
        )  # fmt: skip
    # saturated levels, all but free of noise, would squeeze the curve into a corner
    ax.set_ylim(variance[used & shown].min() / 3, 2 * variance[shown].max())
    logarithmic(ax)
    dress(ax, x="mean signal [count]", y="variance less dark [count²]", title="Photon transfer")
    ax.legend(fontsize=8, frameon=False, loc="upper left")
    return ax
