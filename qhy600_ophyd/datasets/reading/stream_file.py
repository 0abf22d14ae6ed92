"""One stream's file as it is at one moment: what is committed, and its frames one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import Field, RunDamaged
from qhy600_ophyd.datasets.attribute_text import document_in, text_of
from qhy600_ophyd.datasets.json_text import json_text
from qhy600_ophyd.datasets.ledger import columns_from, committed_rows, specification_of
from qhy600_ophyd.datasets.reading.opening import read_patiently
from qhy600_ophyd.datasets.reading.stored_counts import StoredCounts
from qhy600_ophyd.datasets.stream_format import COUNTS, EARLIER_SCHEMAS, LEDGER, SCHEMA, SEAL
from qhy600_ophyd.datasets.superblock import is_closed


@dataclass(frozen=True, kw_only=True, eq=False)
class StreamFile:
    """What one file holds.

    Parameters
    ----------
    path
        The file.
    stream, segment
        Name of its stream, and which of the stream's files it is, from 1.
    rows
        The ledger's committed rows, shape ``(frames,)``, one field a column.
    columns
        Name, unit and meaning of each.
    shape, dtype
        Of one frame.
    axes
        ``x``, ``y``, ``x_region`` and ``y_region``.
    attributes
        Of the stream: model, serial number …
    start, stop
        The run's documents, as far as the file has them.
    """

    path: Path
    stream: str
    segment: int
    rows: NDArray[np.void]
    columns: tuple[Field, ...]
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    axes: Mapping[str, NDArray[Any]]
    attributes: Mapping[str, str | int | float]
    start: Mapping[str, Any]
    stop: Mapping[str, Any]

    @property
    def frames(self) -> int:
        """How many frames are committed."""
        return len(self.rows)

    @classmethod
    def read(cls, path: Path) -> StreamFile:
        """Read everything but the frames.

        Raises
        ------
        RunDamaged
            The file is missing, damaged, or was not written by `HDF5FrameSink`.
        """
        return read_patiently(path, lambda file: cls._from(file, path))

    @classmethod
    def _from(cls, file: h5py.File, path: Path) -> StreamFile:
        if text_of(file.attrs.get("schema", b"")) not in (SCHEMA, *EARLIER_SCHEMAS):
            raise RunDamaged(f"{path} is not a stream of a run: it says nothing of {SCHEMA}")
        ledger: Any = file[LEDGER]
        rows = ledger[:]  # before the counts: their frames were written earlier
        counts: Any = file[COUNTS]
        columns = columns_from(specification_of(ledger))
        closed = is_closed(path)
        start, stop = (document_in(file.attrs[name], closed=closed) for name in ("start", "stop"))
        after = document_in(file.attrs.get("after", ""), closed=closed)
        attributes = {
            name: _plain(value)
            for name, value in file.attrs.items()
            if name not in (SEAL, "start", "stop", "after")
        }
        return cls(
            path=path,
            stream=str(attributes.pop("stream")),
            segment=int(attributes.pop("segment")),
            rows=rows[: min(committed_rows(rows), counts.shape[0])],
            columns=columns,
            shape=counts.shape[1:],
            dtype=counts.dtype,
            axes={name: file[name][:] for name in ("x", "y", "x_region", "y_region")},  # pyright: ignore
            start=start,
            stop=stop,
            attributes=attributes | ({"after": json_text(after)} if after else {}),
        )


@dataclass(frozen=True)
class LazyCounts:
    """The frames of a file as an array that reads only what is asked of it, and holds no file open.

    So a dataset can be pickled, outlives whoever wrote it, and never stands in the way of moving or
    deleting the run (Windows refuses both for a file that is open).

    Parameters
    ----------
    path
        The file.
    shape
        ``(frames, rows, columns)``.
    dtype
        Of a count.
    """

    path: Path
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        """3."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        return read_patiently(
            self.path, lambda file: StoredCounts(file)[key], damage=(OSError, KeyError, RuntimeError)
        )


def _plain(value: Any) -> str | int | float:
    return text_of(value) if isinstance(value, bytes | str) else value.item()
