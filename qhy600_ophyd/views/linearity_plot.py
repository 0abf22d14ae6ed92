"""The linearity residuals, and the figure of the linearity experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from qhy600_ophyd.analysis import Linearity, PhotonTransfer, linearity
from qhy600_ophyd.views.axes import (
    EXCLUDED,
    FITTED,
    MARKED,
    MEASURED,
    Picture,
    axes_or_new,
    dress,
    plain_numbers,
)
from qhy600_ophyd.views.given import refuse_what_is_not
from qhy600_ophyd.views.photon_transfer_plot import photon_transfer_plot

if TYPE_CHECKING:
    import xarray as xr


def linearity_plot(result: Linearity | xr.Dataset, ax: Axes | None = None) -> Axes:
    """Departure of each level from the straight line, with its error, and the range that is judged.

    Parameters
    ----------
    result
        Of `analysis.linearity`, or a run, which is then reduced with its defaults.
    ax
        Axes to draw on; a new figure, ``ax.figure``, unless given.

    Raises
    ------
    AnalysisRefused
        A run was given whose linearity cannot be told.
    """
    if not isinstance(result, Linearity):
        result = linearity(result)
    ax = axes_or_new(ax)
    levels = result.levels
    light, residual, error, used = (
        levels[name].to_numpy() for name in ("light", "residual", "residual_error", "used")
    )
    lowest, highest = result.linearity_error_min, result.linearity_error_max
    reach = max(abs(lowest.value) + lowest.standard_error, abs(highest.value) + highest.standard_error)
    bounds = light[used].min(), light[used].max()
    ax.axvspan(*bounds, color=MARKED, alpha=0.08, lw=0, label="range of the fit, 5 to 95 %")
    ax.axhline(0, color="0.4", lw=1)
    margin = 0.06 * (bounds[1] - bounds[0])
    near = (light > bounds[0] - margin) & (light < bounds[1] + margin)
    shown = near & np.isfinite(residual) & (np.abs(residual) < 1.8 * reach)
    for chosen, colour, face, label in (
        (used, MEASURED, MEASURED, "level, with its standard error"),
        (~used & shown, EXCLUDED, "white", "outside the range"),
    ):
        if chosen.any():
            ax.errorbar(
                light[chosen], residual[chosen], yerr=error[chosen], fmt="o", ms=4.5, color=colour, mfc=face,
                elinewidth=1, capsize=2, label=label,
            )  # fmt: skip
    for estimate, name in ((lowest, "smallest"), (highest, "largest")):
        ax.axhline(estimate.value, color=FITTED, ls="--", lw=1.1, label=f"{name} {estimate}")
    ax.set_xlim(bounds[0] - 1.2 * margin, bounds[1] + 1.2 * margin)
    plain_numbers(ax.xaxis)
    ax.set_ylim(-1.9 * reach, 1.9 * reach)  # room for the legend above
    unit = "photons [photon/pixel]" if result.against == "photons" else "exposure [s]"
    dress(ax, x=unit, y="residual of the line [%]", title="Linearity")
    ax.legend(fontsize=8, frameon=False, loc="upper center", ncols=2)
    return ax


def linearity_figure(photon_transfer: PhotonTransfer, linearity: Linearity) -> Figure:
    """Photon transfer and linearity side by side; ``savefig(path)`` writes it, a notebook shows it.

    Parameters
    ----------
    photon_transfer
        Of `analysis.photon_transfer`.
    linearity
        Of `analysis.linearity`.

    Raises
    ------
    AnalysisRefused
        They are something else, such as each other.
    """
    what = "photon_transfer(run) and linearity(run), in this order, of run = open_run(path)"
    refuse_what_is_not(PhotonTransfer, photon_transfer, "linearity_figure", what)
    refuse_what_is_not(Linearity, linearity, "linearity_figure", what)
    figure = Picture(width=12, height=4.8)
    left, right = figure.subplots(1, 2)
    photon_transfer_plot(photon_transfer, left)
    linearity_plot(linearity, right)
    return figure
