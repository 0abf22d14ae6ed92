"""Questions to code that may crash, hang or chatter, asked in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

_LAST_WORDS = 160
"""Characters of what a failed process wrote last that are worth repeating."""

_MOURNING = 5.0
"""Time that a killed process has to end [s]; one that hangs in the kernel does not."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the process said.

    Parameters
    ----------
    said
        The last JSON object that it printed on a line of its own; empty where there is none.
    trouble
        How it ended, if badly, in words; empty where it ended well.
    """

    said: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""


def ask(arguments: Sequence[str], *, timeout: float) -> Answer:
    """Run Python with those arguments and take its answer.

    Parameters
    ----------
    arguments
        After the interpreter's own name.
    timeout
        After which it is killed [s].
    """
    # -P: no file in the current folder takes the place of a module.
    command = [sys.executable or "python", "-P", *arguments]
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        process = subprocess.Popen(  # noqa: S603, this interpreter with arguments of this package
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=hidden,
        )
    except OSError as error:
        return Answer(trouble=f"could not be started: {error}")
    try:
        out, complaint = process.communicate(timeout=timeout)
        ending = _ending(process.returncode)
    except subprocess.TimeoutExpired:
        out, complaint = _killed(process)
        ending = f"gave no answer in {timeout:g} s and was ended"
    said = _last_object(out)
    if not ending and not said:
        ending = "gave no answer that can be understood"
    if not ending:
        return Answer(said=said)
    return Answer(said=said, trouble=f"{ending}{_last_words(complaint or out)}")


def _killed(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    """End it; what it had said until then."""
    process.kill()
    try:
        return process.communicate(timeout=_MOURNING)
    except subprocess.TimeoutExpired:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        return b"", b""


def _ending(code: int) -> str:
    if code == 0:
        return ""
    if code < 0:
        with suppress(ValueError):
            return f"crashed ({signal.Signals(-code).name})"
        return f"crashed (signal {-code})"
    # Windows gives an exception's number where others give a signal.
    return f"crashed ({code:#x})" if code > 0xFFFF else f"failed (exit code {code})"


def _last_object(out: bytes) -> dict[str, Any]:
    for line in reversed(out.decode("utf-8", "replace").splitlines()):
        with suppress(json.JSONDecodeError):
            if isinstance(found := json.loads(line), dict):
                return found
    return {}


def _last_words(text: bytes) -> str:
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    return f"; its last words: {lines[-1][-_LAST_WORDS:]}" if lines else ""
