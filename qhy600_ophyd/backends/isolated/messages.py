"""What crosses between the two processes, and how errors and values are packed for it.

A message has two layers, so that whoever cannot unpack the inner one still knows which call it belongs to.
"""

from __future__ import annotations

import pickle
import traceback
from dataclasses import dataclass
from typing import Any

from qhy600_ophyd.contract import CameraError, QHY600Error

MAKE = "making the camera"
"""Call: make the camera of a `Recipe`."""

SET = "setting an attribute"
"""Call: set an attribute of a part, ``(part, name, value)``."""

WAIT = "waiting on its clock"
"""Call: wait on the camera's clock, ``(seconds, token)``."""

END_WAIT = "ending a wait"
"""Call: end the wait that has this token."""

LEAVE = "leaving"
"""Close the camera and end; there is no answer."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One thing asked of the camera's process.

    Parameters
    ----------
    number
        The answer carries it too.
    path
        From the camera on, as ``"grab"`` or ``"light.level"``, or one of the calls of this module.
    packed
        Arguments and keywords of a call; ``None`` asks for the value that stands at `path`.
    aside
        Done at once, beside what the camera's thread is doing; otherwise by that thread, in order.
    bound
        Seconds after which a process that has not answered counts as hung.
    """

    number: int
    path: str
    packed: bytes | None = None
    aside: bool = False
    bound: float


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of a request: a packed value or error, and packed warnings that nobody has heard yet."""

    number: int
    value: bytes | None = None
    error: bytes | None = None
    warned: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A piece of a slot, in place of a frame's buffer.

    Parameters
    ----------
    slot
        Number of the slot; ``None`` stands for a buffer that no camera may fill (not in one piece, or read
        only), so that the camera itself refuses it.
    start, nbytes
        Where in the slot.
    tag
        Name of the slot's memory where memory goes by names (Windows).
    size
        Bytes of the slot.
    live
        Numbers of all slots that still exist.
    """

    slot: int | None
    nbytes: int
    start: int = 0
    size: int = 0
    tag: str = ""
    live: tuple[int, ...] = ()


def pack(path: str, value: Any) -> bytes:
    """A value, or the arguments of a call. Raises `CameraError` if it cannot be copied."""
    try:
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as no:  # noqa: BLE001  (whatever its own pickling does)
        raise CameraError(
            f"{path}: a {type(value).__name__} cannot go to or from the camera's process: {_one_line(no)}"
        ) from None


def unpack(packed: bytes) -> Any:
    """The copy."""
    return pickle.loads(packed)  # noqa: S301  (it comes from our own other half, over a pipe without a name)


def pack_error(error: BaseException) -> bytes:
    """An error with its notes; one that is not of this package also with where it was raised."""
    notes: list[str] = list(getattr(error, "__notes__", ()))
    if not isinstance(error, QHY600Error | Warning):
        notes.append("In the camera's process:\n" + "".join(traceback.format_exception(error)).rstrip())
    packed = None
    # A SystemExit is nothing that a caller in another process shall die of.
    if isinstance(error, Exception):
        try:
            packed = pickle.dumps(error)
            if type(unpack(packed)) is not type(error):
                packed = None
        except Exception:  # noqa: BLE001  (whatever its own pickling does)
            packed = None
    return pickle.dumps((packed, f"{type(error).__name__}: {_one_line(error)}", notes))


def unpack_error(packed: bytes) -> Exception:
    """The error again; a `CameraError` of the same text if it cannot be made here."""
    inner, text, notes = unpack(packed)
    error: Exception = CameraError(text)
    if inner is not None:
        try:
            error = unpack(inner)
        except Exception:  # noqa: BLE001  (its module may not be there in this process)
            error = CameraError(text)
    known = getattr(error, "__notes__", ())
    for note in notes:
        if note not in known:
            error.add_note(note)
    return error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
