"""A clock that stands still until somebody moves it, so that an hour of exposures is tested in no time."""

from __future__ import annotations

import math
import threading
from typing import Any

_LOOK = 0.002
"""Real seconds between two looks at an event that may end a wait."""


class SteppedClock:
    """A `Clock` moved by hand, or by itself while everybody sleeps.

    Parameters
    ----------
    start
        What `monotonic` says at first [s].
    utc_ns
        What `utc_ns` says at first.
    auto
        Move to the end of the shortest wait as soon as `sleepers` threads wait.
    sleepers
        How many threads `auto` wants to see asleep.
    longest
        Longest time that `auto` moves on by itself [s]; a longer wait stands still until it is cancelled, or
        the clock moved by hand.
    """

    name = "stepped"

    def __init__(
        self,
        *,
        start: float = 0.0,
        utc_ns: int = 1_700_000_000_000_000_000,
        auto: bool = False,
        sleepers: int = 1,
        longest: float = math.inf,
    ) -> None:
        self.auto = auto
        self.sleepers = sleepers
        self.longest = longest
        self._start = start
        self._now = start
        self._utc_ns = utc_ns
        self._deadlines: list[float] = []
        self._changed = threading.Condition()

    def monotonic(self) -> float:
        """Seconds; moves only when it is stepped."""
        return self._now

    def utc_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC, in step with `monotonic`."""
        return self._utc_ns + round((self._now - self._start) * 1e9)

    @property
    def sleeping(self) -> int:
        """How many threads wait now."""
        return len(self._deadlines)

    def wait(self, seconds: float, cancelled: threading.Event | None = None) -> bool:
        """Wait until the clock has been moved on by `seconds`; True at once if `cancelled` is set."""
        with self._changed:
            deadline = self._now + max(seconds, 0.0)
            self._deadlines.append(deadline)
            self._changed.notify_all()
            try:
                while True:
                    if cancelled is not None and cancelled.is_set():
                        return True
                    if self._now >= deadline:
                        return False
                    if self._moves_by_itself():
                        self._move(min(self._deadlines))
                    else:
                        self._changed.wait(_LOOK if cancelled is not None else None)
            finally:
                self._deadlines.remove(deadline)
                self._changed.notify_all()

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`; whoever waited no longer than that goes on.

        Raises
        ------
        ValueError
            `seconds` is negative: a steady clock never goes back.
        """
        if seconds < 0:
            raise ValueError(f"advance by {seconds} s refused: a steady clock never goes back")
        with self._changed:
            self._move(self._now + seconds)

    def until_sleeping(self, threads: int = 1, *, timeout: float = 5.0) -> None:
        """Return once so many threads wait.

        Raises
        ------
        TimeoutError
            They do not within `timeout` real seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._deadlines) >= threads, timeout):
                raise TimeoutError(
                    f"{len(self._deadlines)} of {threads} threads wait on this clock after {timeout} s"
                )

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy, as for another process, stands where this one does, and nobody waits on it.
        changes = {"auto": self.auto, "sleepers": self.sleepers, "longest": self.longest}
        return _standing_at, (self._now, self.utc_ns(), changes)

    def __repr__(self) -> str:
        return f"<SteppedClock {self._now:g} s, {self.sleeping} asleep>"

    def _moves_by_itself(self) -> bool:
        if not self.auto or len(self._deadlines) < self.sleepers:
            return False
        # Whoever is due has to wake first, and needs the lock for that.
        return 0 < min(self._deadlines) - self._now <= self.longest

    def _move(self, to: float) -> None:
        self._now = max(self._now, to)
        self._changed.notify_all()


def _standing_at(now: float, utc_ns: int, changes: dict[str, Any]) -> SteppedClock:
    return SteppedClock(start=now, utc_ns=utc_ns, **changes)
