"""Time comes in by the door: a `Clock` is passed to whatever waits or writes down when."""

from __future__ import annotations

import threading
import time
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """What the time is, and how to wait for it."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...

    def utc_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC."""
        ...

    def wait(self, seconds: float, cancelled: threading.Event | None = None) -> bool:
        """Wait, or return early once `cancelled` is set; True if it was."""
        ...


class SystemClock:
    """The clock of this computer."""

    name = "host"

    def monotonic(self) -> float:
        """Seconds of the steady system clock."""
        return time.monotonic()

    def utc_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC, as the operating system has it."""
        return time.time_ns()

    def wait(self, seconds: float, cancelled: threading.Event | None = None) -> bool:
        """Sleep, or return early once `cancelled` is set; True if it was."""
        if cancelled is not None:
            return cancelled.wait(max(seconds, 0.0))
        time.sleep(max(seconds, 0.0))  # noqa: TID251  (the one place that may)
        return False
