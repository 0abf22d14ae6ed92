"""Which rows of a ledger are missing, more than once, out of their order or not as they were written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.datasets.ledger import ROW_BEFORE, ROW_HASH
from qhy600_ophyd.datasets.verifying.findings import Finding, Kind
from qhy600_ophyd.datasets.verifying.ledger_check import LedgerRows


def row_findings(rows: LedgerRows) -> list[Finding]:
    """What is wrong with the rows of a file; its frames are counted from the first of this file."""
    return [*rows.findings, *_edited(rows), *_numbering(rows), *_chain(rows), *_end(rows)]


def _edited(rows: LedgerRows) -> Iterator[Finding]:
    for place in np.flatnonzero(~rows.whole):
        row = int(place)
        others = rows.differing.get(row, ())
        if row in rows.unreadable:
            kind, why = rows.unreadable[row]
            yield _found(kind, row, f"its row of the ledger cannot be read: {why}")
        else:
            told = f"; it and the columns beside it differ in {', '.join(others)}" if others else ""
            yield _found("edited", row, f"its row of the ledger is not as it was written{told}")
    for row, names in rows.differing.items():
        if rows.whole[row] and rows.number[row] == row + 1:
            what = f"beside the ledger, {', '.join(names)} is not as in its row; open_run reads the row"
            yield _found("edited", row, what)


def _numbering(rows: LedgerRows) -> Iterator[Finding]:
    """Rows that are missing before others, there twice, or out of order, by the place that each names."""
    number = _believed(rows)
    order = np.argsort(number, kind="stable")
    before = 0
    for place in order:
        here, row = int(number[place]), int(place)
        if here == before:
            yield _found("duplicated", row, f"row {here} of the file is there once more")
        elif here > before + 1:
            gone = f"row {before + 1}" if here == before + 2 else f"rows {before + 1} to {here - 1}"
            yield _found("missing", row, f"{gone} of the file should stand before it")
        before = here
    highest = np.maximum.accumulate(number) if len(number) else number
    for place in np.flatnonzero(number < highest):
        what = f"row {number[place]} of the file stands behind row {highest[place]}"
        yield _found("reordered", int(place), what)


def _believed(rows: LedgerRows) -> NDArray[np.int64]:
    """The place of each row, from 1: what it says, and of a row that is not whole, what can be true."""
    number = rows.number.copy()
    most = len(rows) if rows.seal is None else rows.seal.frames
    for place in np.flatnonzero(~rows.whole):
        before = number[place - 1] if place else 0
        later = number[place + 1 :][rows.whole[place + 1 :]]
        if not before < number[place] < (later[0] if later.size else most + 1):
            number[place] = before + 1
    return number


def _chain(rows: LedgerRows) -> Iterator[Finding]:
    """Whole rows that follow another row than the one whose number comes before theirs."""
    hashes = {
        int(number): rows.checksums[ROW_HASH][place].tobytes()
        for place, number in enumerate(rows.number)
        if rows.whole[place]
    }
    hashes[0] = rows.description
    for place in np.flatnonzero(rows.whole):
        row, number = int(place), int(rows.number[place])
        due = hashes.get(number - 1)
        if due is not None and rows.checksums[ROW_BEFORE][row].tobytes() != due:
            what = (
                f"its row does not follow row {number - 1} as that one is now"
                if number > 1
                else "the first row belongs to a file of another stream, shape, columns or axes"
            )
            yield _found("edited", row, what)


def _end(rows: LedgerRows) -> Iterator[Finding]:
    """Whether a closed file ends where its seal says."""
    if rows.seal is None:
        return
    last = int(rows.number[-1]) if len(rows) else 0
    if rows.seal.frames > max(last, len(rows)):
        gone = rows.seal.frames - max(last, len(rows))
        what = f"the last {gone} of the {rows.seal.frames} rows with which the file was closed are gone"
        yield Finding(kind="missing", what=what)
    elif rows.seal.frames < len(rows):
        what = f"the file was closed with {rows.seal.frames} frames and has {len(rows)} rows"
        yield Finding(kind="edited", what=what)
    elif last == rows.seal.frames and rows.whole[-1:].all():
        end = rows.checksums[ROW_HASH][-1].tobytes() if len(rows) else rows.description
        if end.hex() != rows.seal.last_row:
            what = "the last row is not the one with which the file was closed"
            yield Finding(kind="edited", what=what)


def _found(kind: Kind, row: int, what: str) -> Finding:
    return Finding(kind=kind, frame=row, what=what)
