"""The columns beside the ledger, which readers of plain xarray see, held against its rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import Field
from qhy600_ophyd.datasets.reason import reason
from qhy600_ophyd.datasets.verifying.findings import Finding


class ColumnCheck:
    """Compares blocks of rows with the same places of the columns.

    Parameters
    ----------
    file
        Open.
    columns
        Of the ledger.
    finished
        Whether the columns must be complete; those of a growing file are behind, and missing there.
    """

    def __init__(self, file: h5py.File, columns: Iterable[Field], *, finished: bool):
        self._finished = finished
        self._columns: list[tuple[Field, Any]] = []
        self.findings: list[Finding] = []
        """Of columns that are not there or cannot be read."""
        for field in columns:
            column = file.get(field.name)
            if isinstance(column, h5py.Dataset):
                self._columns.append((field, column))
            else:
                self._lost(field, "gone or damaged")

    def differing(self, start: int, rows: NDArray[np.void]) -> dict[int, tuple[str, ...]]:
        """Names of the columns that have another value than the row, by place in the file.

        Parameters
        ----------
        start
            Place of the first of `rows`.
        rows
            Of the ledger.
        """
        found: dict[int, tuple[str, ...]] = {}
        for field, column in tuple(self._columns):
            try:
                values = np.ascontiguousarray(column[start : start + len(rows)])
            except OSError as error:
                self._lost(field, reason(error))
                self._columns.remove((field, column))
                continue
            for offset in np.flatnonzero(self._unlike(field, rows[field.name], values)):
                place = start + int(offset)
                found[place] = (*found.get(place, ()), field.name)
        return found

    def _unlike(self, field: Field, stated: NDArray[Any], values: NDArray[Any]) -> NDArray[np.bool_]:
        """Where the bytes are others; a value that is missing in a growing file is on its way."""
        n = len(values)
        unlike = np.full(len(stated), self._finished)
        if n == 0:
            return unlike
        unlike[:n] = (_bytes(values) != _bytes(stated[:n])).any(axis=1)
        if not self._finished:
            missing = np.broadcast_to(np.array(field.missing, values.dtype), values.shape)
            unlike[:n] &= (_bytes(values) != _bytes(missing)).any(axis=1)
        return unlike

    def _lost(self, field: Field, why: str) -> None:
        what = f"the column {field.name!r} beside the ledger cannot be read ({why}); open_run does without"
        self.findings.append(Finding(kind="damaged", what=what))


def _bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)
