"""The argument that every analysis begins with: a run, or its levels."""

from __future__ import annotations

from typing import Any

from qhy600_ophyd.contract import AnalysisRefused


def refuse_what_is_no_run(run: Any, asking: str) -> None:
    """Raise `AnalysisRefused`, naming `asking`, unless `run` is a dataset of frames or of levels."""
    import xarray as xr  # a second of import, which reading a result does not need

    if isinstance(run, xr.Dataset):
        return
    kind = type(run).__name__
    given = f"{kind} {run!r:.60}" if isinstance(run, str) else f"an object of type {kind}"
    raise AnalysisRefused(
        f"{asking} refused {given}: it takes a run as a dataset, such as open_run(path) of "
        "qhy600_ophyd.datasets gives"
    )
