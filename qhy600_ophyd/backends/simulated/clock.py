"""A clock that costs no time."""

from __future__ import annotations

import threading
import time
from typing import Any


class FreeClock:
    """Time that passes only while somebody waits, and then at once.

    An hour of exposures takes the seconds that their computation takes, with times that are consistent among
    themselves.

    Parameters
    ----------
    start
        UTC [ns] at the beginning; the present unless given.
    """

    name = "simulated"

    def __init__(self, start: int | None = None):
        self._start = time.time_ns() if start is None else start
        self._passed = 0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        """Seconds waited for so far, by everybody."""
        with self._lock:
            return self._passed / 1e9

    def utc_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC: the start and all that was waited for."""
        with self._lock:
            return self._start + self._passed

    def wait(self, seconds: float, cancelled: threading.Event | None = None) -> bool:
        """Let so many seconds pass at once, unless `cancelled` is set already; True if it was."""
        if cancelled is not None and cancelled.is_set():
            return True
        with self._lock:
            self._passed += max(round(seconds * 1e9), 0)
        return False

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy, as for another process, stands where this one does, and goes its own way.
        with self._lock:
            return _standing_at, (self._start, self._passed)


def _standing_at(start: int, passed: int) -> FreeClock:
    clock = FreeClock(start)
    clock.wait(passed / 1e9)
    return clock
