"""The frames of a run, a line each: as a table and as plain values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr
    from rich.table import Table


def as_json(run: xr.Dataset, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """One entry a frame; ``null`` for what is missing."""
    return [{c: _plain(run[c].values[i]) for c in columns} for i in range(run.sizes["frame"])]


def as_table(run: xr.Dataset, columns: tuple[str, ...]) -> Table:
    """One line a frame, each column headed by name and unit."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"{run.sizes['frame']} frames")
    for column in columns:
        unit = run[column].attrs.get("units", "")
        heading = f"{column} [{unit}]" if unit not in ("", "1") else column
        table.add_column(escape(heading), justify="right")
    for i in range(run.sizes["frame"]):
        values = (run[c].values[i] for c in columns)
        table.add_row(*(v if isinstance(v, str) else f"{v:.6g}" for v in values))
    return table


def _plain(value: Any) -> str | float | None:
    if isinstance(value, str):
        return value
    return float(value) if math.isfinite(value) else None
