"""Frame numbers: which are missing, there twice or out of order, with the wrap of their counter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract.frame_numbers import COUNTERS, frames_between
from qhy600_ophyd.datasets.verifying.findings import Finding


@dataclass(frozen=True, kw_only=True, eq=False)
class Numbers:
    """The numbers of the frames of one stream, in the order of its rows, each of shape ``(frames,)``.

    Parameters
    ----------
    sequence, source
        Number, -1 if not known, and who counts.
    started
        How often the camera had been told to begin, an exposure or a stream; -1 if not known.
    retaken, retries, discarded
        Exposures without a frame in the file that the host knows of.
    lost_before
        Frames that were known to be missing when this one came.
    arrival
        Host's steady clock [ns], -1 if not known.
    """

    sequence: NDArray[np.int64]
    source: NDArray[np.bytes_]
    started: NDArray[np.int64]
    retaken: NDArray[np.int64]
    retries: NDArray[np.int64]
    discarded: NDArray[np.int64]
    lost_before: NDArray[np.int64]
    arrival: NDArray[np.int64]

    @classmethod
    def of(cls, columns: Mapping[str, NDArray[Any]]) -> Numbers:
        """From the columns of a ledger; what is missing in one of them counts as none."""
        amounts = ("retaken", "retries", "discarded", "lost_before")
        none = {name: np.maximum(columns[name], 0) for name in amounts}
        return cls(
            sequence=columns["sequence"],
            source=columns["sequence_source"],
            started=columns["started"],
            arrival=columns["arrival_monotonic"],
            **none,
        )

    @property
    def from_hardware(self) -> NDArray[np.bool_]:
        """Frames that the camera itself has numbered."""
        return np.isin(self.source, [name.encode() for name in COUNTERS]) & (self.sequence >= 0)


def sequence_findings(numbers: Numbers) -> Iterator[Finding]:
    """What the numbers show, each held against the one before it from the same source.

    Numbering starts with what the first frame carries, and anew after every initialisation and at the begin
    of every live stream, of which ``discarded`` tells. Between two frames the camera may have counted the
    exposures that the host knows of and no others: those that it started, or, where that was not recorded,
    those that it took again.
    """
    for here in range(1, len(numbers.sequence)):
        if numbers.source[here] != numbers.source[here - 1]:
            continue
        if min(numbers.sequence[here], numbers.sequence[here - 1]) < 0:
            continue
        source = bytes(numbers.source[here]).decode()
        finding = _counted(numbers, here, source) if source in COUNTERS else _by_host(numbers, here)
        if finding:
            yield finding


def known_losses(numbers: Numbers) -> Iterator[Finding]:
    """Frames that the host missed while they were taken, and wrote down."""
    for place in np.flatnonzero(numbers.lost_before):
        lost = int(numbers.lost_before[place])
        what = f"{lost} frame{'s' if lost > 1 else ''} of the stream did not come, as was seen at once"
        yield Finding(kind="missing", frame=int(place), what=what)


def host_gaps(numbers: Numbers) -> int:
    """Numbers of the host without a frame: of exposures that were ended or failed, or that were a check."""
    host = (numbers.source == b"host") & (numbers.sequence >= 0)
    pairs = host[1:] & host[:-1]
    steps = np.diff(numbers.sequence)[pairs] - 1 - numbers.retaken[1:][pairs]
    return int(np.maximum(steps, 0).sum())


def _counted(numbers: Numbers, here: int, source: str) -> Finding | None:
    """By a counter in the camera, which wraps."""
    before, now = int(numbers.sequence[here - 1]), int(numbers.sequence[here])
    step = frames_between(before, now, source=source)
    if numbers.discarded[here] > 0:
        return None  # the counter may have begun again, and with any number
    if step == 0:
        return Finding(kind="duplicated", frame=here, what=f"number {now} of the camera comes once more")
    if step < 0:
        return Finding(kind="reordered", frame=here, what=f"number {now} of the camera comes behind {before}")
    lost = step - max(_exposures(numbers, here), 1)
    if lost <= 0:
        return None
    what = f"the camera has counted {lost} frame{'s' if lost > 1 else ''} between {before} and {now}"
    return Finding(
        kind="missing", frame=here, what=f"{what} that {'are' if lost > 1 else 'is'} not there before it"
    )


def _exposures(numbers: Numbers, here: int) -> int:
    """How many exposures the host knows of since the frame before, this one included."""
    now, before = int(numbers.started[here]), int(numbers.started[here - 1])
    if now >= 0 and before >= 0:
        return now - before
    return 1 + int(numbers.retries[here] + numbers.retaken[here])


def _by_host(numbers: Numbers, here: int) -> Finding | None:
    """By the host, which numbers each exposure once, and begins again when a camera is made anew."""
    before, now = int(numbers.sequence[here - 1]), int(numbers.sequence[here])
    later = 0 <= numbers.arrival[here - 1] < numbers.arrival[here]
    if now > before or later:
        return None
    if now == before:
        return Finding(kind="duplicated", frame=here, what=f"exposure {now} is there once more")
    return Finding(kind="reordered", frame=here, what=f"exposure {now} comes behind exposure {before}")
