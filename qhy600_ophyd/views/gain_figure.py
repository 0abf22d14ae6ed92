"""What the gain setting does, as a picture."""

from __future__ import annotations

from matplotlib.figure import Figure

from qhy600_ophyd.analysis import Estimate, GainTransfer
from qhy600_ophyd.views.axes import FITTED, MEASURED, Picture, dress
from qhy600_ophyd.views.given import refuse_what_is_not


def gain_figure(result: GainTransfer) -> Figure:
    """e-/count above, read noise below, against gain, with standard errors; what was left out is not drawn.

    ``savefig(path)`` writes it, a notebook shows it.

    Parameters
    ----------
    result
        Of `analysis.gain_transfer`.

    Raises
    ------
    AnalysisRefused
        `result` is something else.
    """
    refuse_what_is_not(GainTransfer, result, "gain_figure", "gain_transfer(open_run(path))")
    figure = Picture(width=6.4, height=6.0)
    upper, lower = figure.subplots(2, 1, sharex=True)
    per_count = [(point.gain, point.electrons_per_count) for point in result.points]
    read_noise = [(p.gain, p.read_noise) for p in result.points if p.read_noise is not None]
    for ax, measured, marker, colour in ((upper, per_count, "o", MEASURED), (lower, read_noise, "s", FITTED)):
        gains: list[float] = [gain for gain, _ in measured]
        estimates: list[Estimate] = [estimate for _, estimate in measured]
        ax.errorbar(
            gains, [e.value for e in estimates], yerr=[e.standard_error for e in estimates],
            fmt=f"{marker}-", ms=5, lw=0.8, color=colour, elinewidth=1, capsize=3,
        )  # fmt: skip
        ax.set_ylim(bottom=0)
    dress(upper, x="", y="electrons per count [e-/count]", title="Gain transfer")
    dress(lower, x="gain [register value]", y="read noise [e-]", title="")
    return figure
