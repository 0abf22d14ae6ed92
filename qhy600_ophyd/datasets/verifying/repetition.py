"""Frames that came twice: noise makes no two exposures alike, so equal counts are one frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.datasets.ledger import COUNTS_HASH
from qhy600_ophyd.datasets.verifying.findings import Finding
from qhy600_ophyd.datasets.verifying.frame_check import Frames
from qhy600_ophyd.datasets.verifying.ledger_check import LedgerRows


@dataclass(frozen=True, kw_only=True, eq=False)
class ReadFile:
    """One file after both passes.

    Parameters
    ----------
    rows, frames
        What they gave.
    first
        Frames of its stream in the files before it.
    """

    rows: LedgerRows
    frames: Frames
    first: int


def repeated_checksums(ledgers: Iterable[LedgerRows]) -> frozenset[bytes]:
    """Checksums of counts that stand in more than one row of a run."""
    every: list[NDArray[np.uint8]] = [rows.checksums[COUNTS_HASH][rows.whole] for rows in ledgers]
    if not every:
        return frozenset()
    values, counts = np.unique(np.concatenate(every), axis=0, return_counts=True)
    return frozenset(value.tobytes() for value in values[counts > 1])


def repetitions(files: Sequence[ReadFile], repeated: frozenset[bytes]) -> Iterator[Finding]:
    """Frames with the counts of an earlier one, in whichever stream; not those that are alike by nature.

    Those are frames of zeros, which are told as such, and even ones: saturated, or in 8 bit with little
    noise.
    """
    seen: dict[bytes, str] = {}
    for file in files:
        for place in _candidates(file, repeated):
            checksum = file.rows.checksums[COUNTS_HASH][place].tobytes()
            here = file.first + place
            if checksum not in seen:
                seen[checksum] = f"{file.rows.stream} frame {here}"
                continue
            what = f"its counts are those of {seen[checksum]} once more"
            yield Finding(kind="duplicated", stream=file.rows.stream, frame=here, what=what)


def alike_by_nature(files: Iterable[ReadFile]) -> int:
    """Frames of which a repetition could not be told."""
    return sum(len(_even(file)) for file in files)


def _candidates(file: ReadFile, repeated: frozenset[bytes]) -> Iterator[int]:
    even = _even(file)
    for place in np.flatnonzero(file.rows.whole):
        checksum = file.rows.checksums[COUNTS_HASH][place].tobytes()
        if checksum in repeated and checksum != file.frames.zero and int(place) not in even:
            yield int(place)


def _even(file: ReadFile) -> set[int]:
    """Frames that no other needs to differ from, by their counts or by what the driver said of them."""
    said = np.flatnonzero(np.char.find(file.rows.kept["unverified"], b"repetition") >= 0)
    return set(file.frames.even) | set(said.tolist())
