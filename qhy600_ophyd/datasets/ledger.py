"""The ledger: one fixed-size row for each frame, written last, so that a row there means a frame there.

A row holds every column of its frame, a checksum of the counts, that of the row before, and one of itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import Field, StoreError
from qhy600_ophyd.datasets.attribute_text import text_of
from qhy600_ophyd.datasets.checksums import CHECKSUM_BYTES, row_checksum

COUNTS_HASH = "counts_hash"
"""Name of the checksum of the frame's counts in each row."""

ROW_BEFORE = "row_before"
"""Name of the checksum of the row before; in the first row, that of the file's description."""

ROW_HASH = "row_hash"
"""Name of the checksum of the row's own bytes, all but these."""

COMMITTED = "committed"
"""Name of the marker in each row: its place in the file, counted from one. 0 where nothing was written.

It is the last of the row, so that a row of which a part was written is not taken for whole.
"""

CHECKSUMS = (COUNTS_HASH, ROW_BEFORE, ROW_HASH)


class Ledger:
    """How the values of one frame become one row of bytes.

    Parameters
    ----------
    columns
        What is recorded with each frame.

    Raises
    ------
    StoreError
        A column has no fixed size. HDF5 keeps such values in a heap, which readers of a growing file and
        survivors of a kill may find torn, and nothing in h5py stands in the way.
    """

    def __init__(self, columns: tuple[Field, ...]):
        for field in columns:
            dtype = np.dtype(field.dtype)
            if dtype.kind not in "?bifSu" or dtype.itemsize == 0:
                raise StoreError(
                    f"column {field.name!r} of type {field.dtype!r} refused: a growing file holds values of "
                    "fixed size only. Use a number, a truth value, or text of a stated length such as 'S16'"
                )
        self.columns = {field.name: field for field in columns}
        self.dtype = np.dtype(
            [(field.name, stored_type(field), field.shape) for field in columns]
            + [(name, "u1", (CHECKSUM_BYTES,)) for name in CHECKSUMS]
            + [(COMMITTED, "<i8")]
        )
        self._empty = np.zeros(1, self.dtype)
        for field in columns:
            self._empty[field.name] = field.missing

    def row(self, values: Mapping[str, Any], index: int) -> NDArray[np.void]:
        """The row of frame number `index` (from 0), shape (1,); what `values` leaves out is missing.

        Raises
        ------
        StoreError
            A name is not a column, or a value does not fit its column.
        """
        row = self._empty.copy()
        for name, value in values.items():
            field = self.columns.get(name)
            if field is None:
                raise StoreError(
                    f"value {name!r} refused: this file has no such column. "
                    "Columns are fixed when the stream opens"
                )
            if value is not None:
                row[name] = _stored(field, value)
        row[COMMITTED] = index + 1
        return row

    def seal(self, row: NDArray[np.void], *, counts: bytes, before: bytes) -> bytes:
        """Write the checksums into `row`, which is complete otherwise; returns its own.

        Parameters
        ----------
        row
            By `row`, shape (1,).
        counts
            Checksum of the frame.
        before
            Checksum of the row before it.
        """
        row[COUNTS_HASH] = np.frombuffer(counts, np.uint8)
        row[ROW_BEFORE] = np.frombuffer(before, np.uint8)
        (own,) = row_checksums(row)
        row[ROW_HASH] = np.frombuffer(own, np.uint8)
        return own

    def specification(self) -> str:
        """The columns as JSON text, to be kept with the rows."""
        return json.dumps([[f.name, f.dtype, f.unit, f.meaning, f.shape] for f in self.columns.values()])


def specification_of(rows: h5py.Dataset) -> str:
    """What `Ledger.specification` said of the rows in a file: beside them, or, until schema 2, with them."""
    attributes = rows.attrs if "columns" in rows.attrs else rows.parent.attrs
    return text_of(attributes["columns"])


def columns_from(specification: str) -> tuple[Field, ...]:
    """The columns that `Ledger.specification` described."""
    return tuple(
        Field(name, dtype, unit, meaning, tuple(shape))
        for name, dtype, unit, meaning, shape in json.loads(specification)
    )


def committed_rows(rows: NDArray[np.void]) -> int:
    """How many of `rows`, from the first on, were written to the end."""
    whole = rows[COMMITTED] == np.arange(1, len(rows) + 1)
    return len(rows) if whole.all() else int(np.argmin(whole))


def row_checksums(rows: NDArray[np.void]) -> list[bytes]:
    """The checksum that each of `rows` should have: of its bytes without those of the checksum itself."""
    assert rows.dtype.fields is not None
    start = rows.dtype.fields[ROW_HASH][1]
    own = memoryview(rows.tobytes())
    size = rows.dtype.itemsize
    return [
        row_checksum(own[place : place + start], own[place + start + CHECKSUM_BYTES : place + size])
        for place in range(0, len(own), size)
    ]


def stored_type(field: Field) -> np.dtype[Any]:
    """The little-endian type of a column on disk; a truth value is one signed byte."""
    dtype = np.dtype(field.dtype)
    return np.dtype("i1") if dtype.kind == "b" else dtype.newbyteorder("<")


def _stored(field: Field, value: Any) -> Any:
    dtype = np.dtype(field.dtype)
    try:
        if dtype.kind == "S":
            text = value.encode() if isinstance(value, str) else bytes(value)
            if len(text) > dtype.itemsize:
                raise ValueError(f"longer than {dtype.itemsize} bytes")
            return text
        if field.shape:
            return np.fromiter(value, dtype=dtype).reshape(field.shape)
        if dtype.kind in "iu" and isinstance(value, float | np.floating):
            return field.missing if np.isnan(value) else int(value)
        return dtype.type(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise StoreError(
            f"{field.name} {value!r} refused: does not fit the column's type {field.dtype} ({error})"
        ) from None
