"""The first pass over a file: every row of its ledger, a block at a time, held against its own checksum."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.datasets.attribute_text import text_of
from qhy600_ophyd.datasets.checksums import CHECKSUM_BYTES, description_checksum
from qhy600_ophyd.datasets.ledger import (
    CHECKSUMS,
    COMMITTED,
    ROW_HASH,
    columns_from,
    row_checksums,
    specification_of,
)
from qhy600_ophyd.datasets.reading.chunk_place import Unreadable, why_unreadable
from qhy600_ophyd.datasets.stream_format import COUNTS, LEDGER, SEAL
from qhy600_ophyd.datasets.verifying.column_check import ColumnCheck
from qhy600_ophyd.datasets.verifying.findings import Finding

_BLOCK = 1024
"""Rows that are in memory at a time."""

_KEPT: Mapping[str, tuple[str, Any]] = {
    "sequence": ("i8", -1),
    "sequence_source": ("S16", b""),
    "retaken": ("i8", 0),
    "lost_before": ("i8", 0),
    "retries": ("i8", 0),
    "discarded": ("i8", 0),
    "started": ("i8", -1),
    "arrival_monotonic": ("i8", -1),
    "unverified": ("S64", b""),
}
"""Columns that are kept of every row, as far as the file has them: type, and what stands where it has not."""


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What a file says of itself since it was closed: frames, and the checksum of its last row in hex."""

    frames: int
    last_row: str


@dataclass(frozen=True, kw_only=True, eq=False)
class LedgerRows:
    """What is kept of the ledger of one file: some hundred bytes a frame, whatever its size.

    Parameters
    ----------
    path
        The file.
    stream, segment, device
        Whose frames it holds, and which of the stream's files it is.
    run
        Uid of its bluesky run; empty if it does not say.
    seal
        Of a file that was closed; ``None`` of one that grows or was left by a kill.
    description
        Checksum that the first row should have in the place of the row before.
    number
        Place that each row says it has, from 1, shape ``(rows,)``.
    whole
        Whether each row is as it was written, same shape.
    checksums
        By the names in `CHECKSUMS`, each of shape ``(rows, 16)``.
    kept
        Columns by name, shape ``(rows,)``.
    differing
        By row: columns beside the ledger that have another value than its row.
    unreadable
        By row: why it cannot be read.
    findings
        Of columns as a whole.
    """

    path: Path
    stream: str
    segment: int
    device: str
    run: str
    seal: Seal | None
    description: bytes
    number: NDArray[np.int64]
    whole: NDArray[np.bool_]
    checksums: Mapping[str, NDArray[np.uint8]]
    kept: Mapping[str, NDArray[Any]]
    differing: Mapping[int, tuple[str, ...]]
    unreadable: Mapping[int, Unreadable] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.number)


def read_ledger(file: h5py.File, path: Path) -> LedgerRows:
    """Read the ledger of an open stream file.

    Rows at the end that were begun and not finished do not count, unless the file was closed.

    Raises
    ------
    KeyError, ValueError, OSError
        The file is damaged beyond its rows and frames.
    """
    rows: Any = file[LEDGER]
    total, segment = rows.shape[0], cast(Any, file.attrs["segment"])
    stated = json.loads(text_of(file.attrs[SEAL]) or "null")
    seal = None if stated is None else Seal(frames=int(stated["frames"]), last_row=str(stated["last_row"]))
    specification = specification_of(rows)
    columns = ColumnCheck(file, columns_from(specification), finished=seal is not None)
    number, whole = np.zeros(total, np.int64), np.zeros(total, bool)
    checksums = {name: np.zeros((total, CHECKSUM_BYTES), np.uint8) for name in CHECKSUMS}
    kept = {name: np.full(total, missing, kind) for name, (kind, missing) in _KEPT.items()}
    differing: dict[int, tuple[str, ...]] = {}
    unreadable: dict[int, Unreadable] = {}
    for start, block in _blocks(path, rows, total):
        if isinstance(block, tuple):
            unreadable[start] = block
            continue
        place = slice(start, start + len(block))
        number[place] = block[COMMITTED]
        for name, values in checksums.items():
            values[place] = block[name]
        for name in kept.keys() & set(block.dtype.names or ()):
            kept[name][place] = block[name]
        own = np.frombuffer(b"".join(row_checksums(block)), np.uint8).reshape(-1, CHECKSUM_BYTES)
        whole[place] = (block[ROW_HASH] == own).all(axis=1)
        differing |= columns.differing(start, block)
    n = total
    while seal is None and n and not whole[n - 1] and number[n - 1] == 0 and n - 1 not in unreadable:
        n -= 1
    return LedgerRows(
        path=path,
        stream=text_of(file.attrs["stream"]),
        segment=int(segment),
        device=text_of(file.attrs.get("device", b"")),
        run=text_of(file.attrs.get("run_uid", b"")),
        seal=seal,
        description=description_checksum(file, counts=COUNTS, columns=specification),
        number=number[:n],
        whole=whole[:n],
        checksums={name: values[:n] for name, values in checksums.items()},
        kept={name: values[:n] for name, values in kept.items()},
        differing={row: names for row, names in differing.items() if row < n},
        unreadable=unreadable,
        findings=tuple(columns.findings),
    )


def _blocks(path: Path, rows: Any, total: int) -> Iterator[tuple[int, NDArray[np.void] | Unreadable]]:
    """All rows, in blocks; where one cannot be read, its rows by themselves, or why not."""
    for start in range(0, total, _BLOCK):
        stop = min(start + _BLOCK, total)
        try:
            yield start, rows[start:stop]
        except OSError:
            for place in range(start, stop):
                try:
                    yield place, rows[place : place + 1]
                except OSError as error:
                    yield place, why_unreadable(path, rows, place, error)
