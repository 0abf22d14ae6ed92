"""How a process ended, in one line for a person."""

from __future__ import annotations

import re
import signal
from contextlib import suppress
from pathlib import Path

_QUOTED = 160
"""Longest quotation of what it wrote."""

_FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)$')
_DUMP = re.compile(r"^(Fatal Python error|Windows fatal exception|Timeout \(|Current thread )")


def obituary(code: int | None, doing: str, lines: list[str], *, bound: float | None) -> str:
    """How it ended, what it was doing, and the place in the code or what it wrote last.

    Parameters
    ----------
    code
        That it left behind: minus the number of a signal, or its own; ``None`` if not even killing it has
        helped yet, as when the system waits for a device.
    doing
        The call that it was busy with; empty if none.
    lines
        The end of its log. `faulthandler` writes the stack of a thread that crashed, or was asked, under
        "Current thread"; of a process that stood still, all stacks, the camera's thread last.
    bound
        Seconds within which it should have answered, if it was ended for that.
    """
    starts = [n for n, line in enumerate(lines) if _DUMP.match(line)]
    dump = lines[starts[-1] :] if starts else []
    if bound is not None:
        ended = f"did not come back from {doing} within {bound:g} s and was ended"
        ended += " (the system has not let go of it yet)" if code is None else ""
    elif dump and dump[0].startswith("Timeout"):
        ended = "stood still for too long and ended itself" + (f" during {doing}" if doing else "")
    else:
        ended = _ended(code) + (f" during {doing}" if doing else " while nothing was asked of it")
    if place := _place(dump):
        return f"{ended}, in {place}"
    written = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"{ended}; it wrote last {written[:_QUOTED]!r}" if written else ended


def _ended(code: int | None) -> str:
    if code is None:
        return "does not end, even killed"
    if code < 0:
        name = f"signal {-code}"
        with suppress(ValueError):
            name = signal.Signals(-code).name
        return f"was killed by {name}"
    # Codes of the system, such as 0xC0000005 for a segmentation fault on Windows, are known in this form.
    return f"ended with exit code {code if code < 256 else hex(code)}"


def _place(dump: list[str]) -> str:
    # One that begins with the thread it is about, or all threads, the camera's last.
    threads = [n for n, line in enumerate(dump) if line.startswith(("Thread ", "Current thread "))]
    if not threads:
        return ""
    for line in dump[threads[0 if dump[0].startswith("Current") else -1] :]:
        if found := _FRAME.match(line):
            return f"{found['function']} ({Path(found['file']).name}, line {found['line']})"
    return ""
