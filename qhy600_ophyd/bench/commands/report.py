"""What a linearity experiment gave, beside what was injected: as a table, as JSON, as a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qhy600_ophyd import analysis
from qhy600_ophyd.bench.expectation import expected

if TYPE_CHECKING:
    import xarray as xr
    from rich.table import Table

    from qhy600_ophyd.analysis import Estimate
    from qhy600_ophyd.analysis.levels import VarianceForm

FAR = 5.0
"""Standard errors beyond which a difference from what was injected is no chance."""

QUANTITIES = {
    "electrons_per_count": "e-/count",
    "responsivity": "count/photon",
    "quantum_efficiency": "1",
    "read_noise": "e-",
    "full_well": "e-",
    "linearity_error_min": "%",
    "linearity_error_max": "%",
    "linearity_error_mean": "%",
}
"""What is reported of every camera, and in which unit."""

PICTURE = "linearity.png"

_MARK = "(!)"


@dataclass(frozen=True)
class LinearityReport:
    """Results of one run.

    Parameters
    ----------
    run
        The dataset.
    folder
        Where it is kept.
    transfer, linearity
        The two analyses.
    truth
        What was injected, by quantity; empty for a real camera and for recorded frames.
    """

    run: xr.Dataset
    folder: Path
    transfer: analysis.PhotonTransfer
    linearity: analysis.Linearity
    truth: dict[str, float]

    @classmethod
    def of(
        cls, run: xr.Dataset, folder: Path, *, variance: VarianceForm, truth: Any = None
    ) -> LinearityReport:
        """Analyse a run.

        Parameters
        ----------
        run
            Of a linearity experiment.
        folder
            Where it is kept.
        variance
            Form of the two-frame variance, ``"R4"`` or ``"R3.1"``.
        truth
            Of a simulated camera.

        Raises
        ------
        AnalysisRefused
            The run does not hold what the analysis needs.
        """
        levels = analysis.levels(run)
        transfer = analysis.photon_transfer(levels, variance=variance)
        linearity = analysis.linearity(levels, variance=variance)
        return cls(run, folder, transfer, linearity, expected(truth, linearity) if truth is not None else {})

    @property
    def estimates(self) -> dict[str, Estimate | None]:
        """The reported quantities; ``None`` where a calibration is missing."""
        found = self.transfer.estimates | self.linearity.estimates
        return {name: found[name] for name in QUANTITIES}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers has to know, a sentence each."""
        return self.transfer.notes

    def as_json(self) -> dict[str, Any]:
        """Plain values: the same keys for every camera, ``null`` for what cannot be known."""
        content: dict[str, Any] = {"run": str(self.folder), "picture": str(self.folder / PICTURE)}
        for name, estimate in self.estimates.items():
            content[name] = estimate_json(estimate, QUANTITIES[name], self.truth.get(name))
        return content

    def as_table(self) -> Table:
        """Quantity, value ± standard error, unit, injected truth, pull."""
        from rich.table import Table

        table = Table(title="Linearity and photon transfer")
        table.add_column("quantity", no_wrap=True)
        table.add_column("value ± standard error", justify="right", no_wrap=True)
        table.add_column("unit")
        if self.truth:
            table.add_column("injected truth", justify="right")
            table.add_column("pull", justify="right")
        for name, estimate in self.estimates.items():
            cells = [name, in_words(estimate), QUANTITIES[name]]
            if self.truth:
                cells += truth_and_pull(estimate, self.truth.get(name))
            table.add_row(*cells)
        explain_marks(table)
        return table

    def save_picture(self) -> Path:
        """Photon-transfer curve and linearity residuals, as PNG beside the run."""
        from qhy600_ophyd import views

        path = self.folder / PICTURE
        views.linearity_figure(self.transfer, self.linearity).savefig(path, dpi=110)
        return path


def estimate_json(estimate: Estimate | None, unit: str, truth: float | None = None) -> dict[str, Any]:
    """Plain values of an estimate; ``truth`` only where it is known."""
    entry: dict[str, Any] = {
        "value": None if estimate is None else _finite(estimate.value),
        "standard_error": None if estimate is None else _finite(estimate.standard_error),
        "unit": unit,
    }
    return entry if truth is None else entry | {"truth": truth}


def in_words(estimate: Estimate | None) -> str:
    """``value ± standard error``, to two digits of the error."""
    from uncertainties import ufloat

    if estimate is None:
        return "not known"
    if not math.isfinite(estimate.standard_error) or estimate.standard_error <= 0.0:
        return f"{estimate.value:.6g}"
    return f"{ufloat(estimate.value, estimate.standard_error):.2u}".replace("+/-", " ± ")


def truth_and_pull(estimate: Estimate | None, truth: float | None) -> list[str]:
    """The injected value, and by how many standard errors the estimate misses it; marked if too many."""
    if truth is None:
        return ["", ""]
    pull = math.nan if estimate is None else estimate.pull(truth)
    mark = f"{_MARK} " if abs(pull) > FAR else ""
    return [f"{round(truth, 9) + 0.0:.6g}", "" if estimate is None else f"{mark}{pull:+.1f}"]


def explain_marks(table: Table) -> None:
    """Say below a table what the marks in it mean, if there are any."""
    if any(str(cell).startswith(_MARK) for column in table.columns for cell in column.cells):
        table.caption = f"{_MARK} off by more than {FAR:g} standard errors: look at the notes and the picture"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
