"""What an error of a run says beside its message: where the frames are, and how to go on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from qhy600_ophyd.contract import CameraLost, QHY600Error

_KEPT = "what was taken before is kept in "

_AGAIN = (
    "look at the camera's cables; bench.reconnect(resume=True) goes on with the plan, and "
    "bench.reconnect() ends it"
)


class Interrupted(QHY600Error):
    """The user ended a run by Ctrl-C."""

    @classmethod
    def of(cls, paused: BaseException) -> Interrupted:
        """That of a plan which nobody could let go on; it keeps the notes of where the frames are."""
        interrupted = cls("interrupted")
        for note in where_kept(paused):
            interrupted.add_note(note)
        return interrupted


def reason_of(failed: BaseException) -> BaseException:
    """What made a status fail: it hides in the chain of causes."""
    seen: BaseException | None = failed
    while seen is not None:
        if isinstance(seen, QHY600Error):
            return seen
        for status in seen.args:
            error = getattr(status, "exception", None)
            if callable(error) and isinstance(found := error(0), QHY600Error):
                return found
        seen = seen.__cause__
    return failed


def add_notes(error: BaseException, folders: Iterable[Path]) -> None:
    """Note the folders of the runs that `error` ended and, for a lost camera, what to do; a line each."""
    for folder in folders:
        error.add_note(f"{_KEPT}{folder}")
    if isinstance(error, CameraLost):
        error.add_note(_AGAIN)


def where_kept(error: BaseException) -> tuple[str, ...]:
    """Those notes of `error` that name folders."""
    return tuple(note for note in getattr(error, "__notes__", ()) if note.startswith(_KEPT))
