"""One stream's file as it is at one moment: what is committed, and its frames one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import Field, RunDamaged, SystemClock
from qhy600_ophyd.datasets.file_skeleton import COUNTS, LEDGER, SCHEMA
from qhy600_ophyd.datasets.ledger import columns_from, committed_rows
from qhy600_ophyd.datasets.reason import reason

_OPENING_TRIES = 4
_OPENING_PAUSE = 0.05
"""Seconds between tries: a writer that adds the stop document keeps readers out for a millisecond or two."""

_WAYS_OF_OPENING: tuple[dict[str, bool], ...] = (
    {"locking": False},
    {"locking": False, "swmr": True},
    {"swmr": True},
    {},
)
"""A finished file, one that grows or was left by a kill, and either of them open in this process already.

HDF5 wants all handles of a process on one file to agree. A damaged file must fail in the first way: in SWMR
mode HDF5 would wait for a writer to mend it.
"""


@contextmanager
def reading(path: Path) -> Iterator[h5py.File]:
    """The file, open for reading, whether it is finished, growing or was left by a kill.

    No lock is taken where that is possible: SWMR needs none, and a writer must never be kept out by somebody
    who looks. A file that this same process has open already is opened as it was.

    Raises
    ------
    RunDamaged
        It is not there, or is not a whole HDF5 file.
    """
    with _patiently_opened(path) as file:
        yield file


def _patiently_opened(path: Path) -> h5py.File:
    why = ""
    for _ in range(_OPENING_TRIES):
        try:
            return _opened(path)
        except FileNotFoundError:
            raise RunDamaged(f"{path} does not exist. Check the path, or whether the run was moved") from None
        except OSError as error:
            why = reason(error)
            if _is_damage(error):
                break
        SystemClock().wait(_OPENING_PAUSE)
    raise RunDamaged(f"{path} is damaged or not an HDF5 file ({why}). Restore it from a copy")


def _is_damage(error: OSError) -> bool:
    return "truncated" in str(error) or "signature" in str(error)


def _opened(path: Path) -> h5py.File:
    """The file, opened in the first way that HDF5 allows."""
    refused: OSError | None = None
    for way in _WAYS_OF_OPENING:
        try:
            return h5py.File(path, "r", libver="latest", **way)  # pyright: ignore[reportArgumentType]
        except FileNotFoundError:
            raise
        except OSError as error:
            refused = refused or error
            if _is_damage(error):
                break
    raise refused or OSError("not opened")


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
        with reading(path) as file:
            if _text(file.attrs.get("schema", b"")) != SCHEMA:
                raise RunDamaged(f"{path} is not a stream of a run: it says nothing of {SCHEMA}")
            try:
                return cls._from(file, path)
            except (KeyError, ValueError, OSError) as error:
                raise RunDamaged(f"{path} is damaged ({reason(error)}). Restore it from a copy") from None

    @classmethod
    def _from(cls, file: h5py.File, path: Path) -> StreamFile:
        ledger: Any = file[LEDGER]
        rows = ledger[:]  # before the counts: their frames were written earlier
        counts: Any = file[COUNTS]
        columns = columns_from(_text(ledger.attrs["columns"]))
        attributes = {name: _plain(value) for name, value in file.attrs.items()}
        return cls(
            path=path,
            stream=str(attributes.pop("stream")),
            segment=int(attributes.pop("segment")),
            rows=rows[: min(committed_rows(rows), counts.shape[0])],
            columns=columns,
            shape=counts.shape[1:],
            dtype=counts.dtype,
            axes={name: file[name][:] for name in ("x", "y", "x_region", "y_region")},  # pyright: ignore
            start=json.loads(str(attributes.pop("start")) or "{}"),
            stop=json.loads(str(attributes.pop("stop")) or "{}"),
            attributes=attributes,
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
        with reading(self.path) as file:
            counts: Any = file[COUNTS]
            return counts[key]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _plain(value: Any) -> str | int | float:
    return _text(value) if isinstance(value, bytes | str) else value.item()
