"""Keeping the library from writing into other people's terminals and notebooks."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_one_at_a_time = threading.RLock()


@contextmanager
def silenced() -> Iterator[None]:
    """Send what is written to the process's standard output and error to nowhere.

    The library prints from C, even when told not to. What Python prints from other threads meanwhile is lost
    too, so this is for the few calls that chatter, which are loading and starting it.
    """
    with _one_at_a_time:
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):
                stream.flush()
        kept: list[tuple[int, int]] = []
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            for descriptor in (1, 2):
                # A program without a console has none.
                with suppress(OSError):
                    kept.append((descriptor, os.dup(descriptor)))
                    os.dup2(nowhere, descriptor)
            yield
        finally:
            for descriptor, before in kept:
                os.dup2(before, descriptor)
                os.close(before)
            os.close(nowhere)
