"""The second pass over a file: every frame, one at a time, held against the checksum in its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.datasets.checksums import CHECKSUM_BYTES, counts_checksum
from qhy600_ophyd.datasets.ledger import COUNTS_HASH
from qhy600_ophyd.datasets.reading.chunk_place import Unreadable, is_written, why_unreadable
from qhy600_ophyd.datasets.reading.stored_counts import StoredCounts
from qhy600_ophyd.datasets.verifying.findings import Finding, Kind
from qhy600_ophyd.datasets.verifying.ledger_check import LedgerRows

_TELLING = 64
"""Neighbours that differ in a frame which no other can equal by accident: once in 2^64, if each of these
counts could as well have been another."""

_SAMPLED = 1 << 16


@dataclass(frozen=True, kw_only=True, eq=False)
class Frames:
    """What the frames of one file are.

    Parameters
    ----------
    checksums
        Of the counts as they are now, shape ``(frames, 16)``; zeros where they cannot be read.
    zero
        Checksum of a frame of zeros.
    unwritten
        Frames of zeros for which nothing was ever written, or whose counts were taken away.
    unreadable
        By frame: why it cannot be read.
    even
        Of the frames that were asked for: those with so few different counts that two may be alike by nature.
    """

    checksums: NDArray[np.uint8]
    zero: bytes
    unwritten: frozenset[int]
    unreadable: Mapping[int, Unreadable]
    even: frozenset[int]

    def checksum(self, frame: int) -> bytes:
        """Of one frame; empty if it is not there or cannot be read."""
        if not 0 <= frame < len(self.checksums) or frame in self.unreadable:
            return b""
        return self.checksums[frame].tobytes()


def read_frames(file: h5py.File, rows: LedgerRows, *, repeated: Callable[[bytes], bool]) -> Frames:
    """Read each frame once, into the same memory.

    Parameters
    ----------
    file
        Open.
    rows
        Of its ledger. The frames behind the last row are read of a closed file only: one that grows, or was
        left by a kill, may have such.
    repeated
        Whether a checksum stands in more than one row of the run, so that it is asked how even its frame is.
    """
    frames = StoredCounts(file)
    counts = frames.dataset
    stored = counts.shape[0] if rows.seal is not None else min(counts.shape[0], len(rows))
    frame = np.zeros(counts.shape[1:], counts.dtype)
    zero = counts_checksum(frame)
    checksums = np.zeros((stored, CHECKSUM_BYTES), np.uint8)
    unwritten, even, unreadable = set[int](), set[int](), dict[int, Unreadable]()
    for place in range(stored):
        try:
            frames.read_into(frame, place)
        except OSError as error:
            unreadable[place] = why_unreadable(rows.path, counts, place, error)
            continue
        own = counts_checksum(frame)
        checksums[place] = np.frombuffer(own, np.uint8)
        if own == zero and not is_written(counts, place):
            unwritten.add(place)
        elif repeated(own) and not _telling(frame):
            even.add(place)
    return Frames(
        checksums=checksums,
        zero=zero,
        unwritten=frozenset(unwritten),
        unreadable=unreadable,
        even=frozenset(even),
    )


def frame_findings(rows: LedgerRows, frames: Frames) -> list[Finding]:
    """What is wrong with the frames of a file, counted from its first."""
    stated = [checksum.tobytes() for checksum in rows.checksums[COUNTS_HASH]]
    whose = {checksum: place for place, checksum in reversed(list(enumerate(stated))) if rows.whole[place]}
    present = {frames.checksum(place) for place in range(len(frames.checksums))}
    found: list[Finding] = []
    for place, due in enumerate(stated):
        # Where a row was taken out, those behind it stand one place too early, and their frames may not.
        here = next((p for p in (place, int(rows.number[place]) - 1) if frames.checksum(p) == due), None)
        if here is None:
            if rows.whole[place]:
                found.append(_wrong(place, frames, whose, lost=due not in present))
        elif due == frames.zero:
            found.append(_finding("zero", place, "all its counts are 0, and were when it was stored"))
    extra = len(frames.checksums) - len(rows)
    if rows.seal is not None and extra > 0:
        what = f"there are counts of {extra} frames more than rows"
        found.append(Finding(kind="missing", what=what, advice="Restore the file from a copy"))
    return found


def _wrong(place: int, frames: Frames, whose: Mapping[bytes, int], *, lost: bool) -> Finding:
    """What became of a frame that is not the one of its row; `lost` if that is nowhere in the file."""
    now = frames.checksum(place)
    if place in frames.unreadable:
        kind, why = frames.unreadable[place]
        return _finding(kind, place, f"its counts cannot be read: {why}")
    if not now or place in frames.unwritten:
        return _finding("missing", place, "its row is there and its counts are not")
    if now == frames.zero:
        return _finding("zero", place, "all its counts are 0, and were not when it was stored")
    other = whose.get(now)
    if other is None:
        return _finding("edited", place, "its counts are not those that were stored")
    what = f"it has the counts of row {other + 1} of the file"
    if lost:
        return _finding("duplicated", place, f"{what}, and its own are nowhere")
    return _finding("reordered", place, f"{what}, and its own are in another place")


def _finding(kind: Kind, place: int, what: str) -> Finding:
    return Finding(kind=kind, frame=place, what=what)


def _telling(counts: NDArray[Any]) -> bool:
    """Whether a frame has so many different counts that no other is like it by accident."""
    flat = counts.reshape(-1)
    sample = flat[:: max(flat.size // _SAMPLED, 1)]
    return int(np.count_nonzero(sample[1:] != sample[:-1])) >= _TELLING
