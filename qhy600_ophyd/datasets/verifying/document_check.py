"""What the documents of a run promise, held against its files: frames announced, or resumed behind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from qhy600_ophyd.datasets.ledger import ROW_HASH
from qhy600_ophyd.datasets.verifying.findings import Finding
from qhy600_ophyd.datasets.verifying.ledger_check import LedgerRows

RESUMED_AFTER = "resumed_after"
"""Key of a start document: the files that a resumed run found, as a list with `state_of` each.

A file that was left by a kill has no seal of its own; this is one that the next run has set.
"""


def state_of(file: str, frames: int, last_row: bytes) -> dict[str, Any]:
    """What is noted of a file that is not written any more: its frames, and the checksum of its last row."""
    # Its name is no key: bluesky's documents allow no full stop in those.
    return {"file": file, "frames": frames, "last_row": last_row.hex()}


def announced_findings(
    parts: Sequence[Mapping[str, Any]], ledgers: Sequence[LedgerRows], *, unread: Collection[str]
) -> Iterator[Finding]:
    """Frames that one of the bluesky runs announced and that its files do not have.

    Parameters
    ----------
    parts
        The documents of each run.
    ledgers
        Of all files.
    unread
        Streams of which a file could not be read.
    """
    for part in parts:
        announced = part["stop"].get("num_events") or {}
        uid = part["start"].get("uid")
        for stream in part["descriptors"]:
            frames: dict[str, int] = {}
            for rows in ledgers:
                if rows.stream == stream and (len(parts) == 1 or rows.run == uid):
                    frames[rows.device] = frames.get(rows.device, 0) + len(rows)
            there, due = min(frames.values(), default=0), announced.get(stream, 0)
            if stream not in unread and isinstance(due, int) and there < due:
                what = f"{due} frames were announced and {there} are there"
                yield Finding(kind="missing", stream=stream, what=what)


def joint_findings(
    parts: Sequence[Mapping[str, Any]], ledgers: Sequence[LedgerRows], *, unread: Collection[str]
) -> Iterator[Finding]:
    """Files that are not as a run found them that resumed it; arguments as for `announced_findings`."""
    by_name = {rows.path.name: rows for rows in ledgers}
    for part in parts[1:]:
        for found in part["start"].get(RESUMED_AFTER, ()):
            name = found["file"]
            rows = by_name.get(name)
            if rows is not None:
                yield from _joint(rows, found)
            elif not any(name.startswith(stream) for stream in unread):
                what = f"{name} is not there, whose {found['frames']} frames the run was resumed behind"
                yield Finding(kind="missing", what=what)


def _joint(rows: LedgerRows, found: Mapping[str, Any]) -> Iterator[Finding]:
    gone = found["frames"] - len(rows)
    if gone > 0:
        what = (
            f"the last {gone} of {found['frames']} frames in {rows.path.name} are gone since it was resumed"
        )
        yield Finding(kind="missing", stream=rows.stream, what=what)
    elif gone < 0:
        what = f"{rows.path.name} has {-gone} frames more than when the run was resumed behind it"
        yield Finding(kind="edited", stream=rows.stream, what=what)
    elif len(rows) and rows.checksums[ROW_HASH][-1].tobytes().hex() != found["last_row"]:
        what = f"the last row of {rows.path.name} is not the one that the run was resumed behind"
        yield Finding(kind="edited", stream=rows.stream, what=what)
