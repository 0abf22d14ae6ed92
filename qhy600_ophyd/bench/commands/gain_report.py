"""What a gain sweep gave, beside what was injected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qhy600_ophyd import analysis
from qhy600_ophyd.bench.commands.report import estimate_json, explain_marks, in_words, truth_and_pull

if TYPE_CHECKING:
    import xarray as xr
    from rich.table import Table

    from qhy600_ophyd.bench.bench import Bench

PICTURE = "gain.png"


def gain_truth(bench: Bench, run: xr.Dataset) -> dict[float, float]:
    """Injected e-/count at each gain that the frames were really taken with; empty for a real camera."""
    gains, first = np.unique(run["gain"].values, return_index=True)
    truths = {float(gain): bench.truth_of(run, int(frame)) for gain, frame in zip(gains, first, strict=True)}
    return {gain: truth.electrons_per_count for gain, truth in truths.items() if truth is not None}


@dataclass(frozen=True)
class GainReport:
    """Results of one gain sweep.

    Parameters
    ----------
    folder
        Where the run is kept.
    transfer
        e-/count and read noise at each gain.
    truth
        Injected e-/count by gain; empty for a real camera.
    """

    folder: Path
    transfer: analysis.GainTransfer
    truth: dict[float, float]

    @classmethod
    def of(cls, run: xr.Dataset, folder: Path, truth: dict[float, float]) -> GainReport:
        """Analyse a run.

        Raises
        ------
        AnalysisRefused
            The run does not hold what the analysis needs, or is saturated.
        """
        return cls(folder, analysis.gain_transfer(run), truth)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        points = [
            {
                "gain": point.gain,
                "electrons_per_count": estimate_json(
                    point.electrons_per_count, "e-/count", self.truth.get(point.gain)
                ),
                "read_noise": estimate_json(point.read_noise, "e-"),
                "dark_level": estimate_json(point.dark_level, "count"),
            }
            for point in self.transfer.points
        ]
        return {"picture": str(self.folder / PICTURE), "points": points}

    def as_table(self) -> Table:
        """A line for each gain."""
        from rich.table import Table

        table = Table(title="Gain sweep, values ± standard error")
        for heading in ("gain", "e-/count", *(("injected", "pull") if self.truth else ())):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("read noise, e-", justify="right", no_wrap=True)
        table.add_column("dark level, counts", justify="right", no_wrap=True)
        for point in self.transfer.points:
            per_count = point.electrons_per_count
            cells = [f"{point.gain:g}", in_words(per_count)]
            if self.truth:
                cells += truth_and_pull(per_count, self.truth.get(point.gain))
            table.add_row(*cells, in_words(point.read_noise), in_words(point.dark_level))
        explain_marks(table)
        return table

    def save_picture(self) -> Path:
        """e-/count and read noise against gain, as PNG beside the run."""
        from qhy600_ophyd import views

        path = self.folder / PICTURE
        views.gain_figure(self.transfer).savefig(path, dpi=110)
        return path
