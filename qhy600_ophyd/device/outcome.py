"""`Outcome`: how something ended, told once to everybody who waits for it."""

from __future__ import annotations

import threading

from qhy600_ophyd.device.progress import ProgressStatus


class Outcome:
    """Ends the statuses of something that ends once, whoever asks for them and when.

    A failure is told to all who wait when it happens. If nobody does, it is told to the first who asks; those
    who ask later find it over.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[ProgressStatus] = []
        self._over = False
        self._untold: Exception | None = None

    def await_by(self, status: ProgressStatus) -> ProgressStatus:
        """Have `status` end with it, or at once if it is over."""
        with self._lock:
            if not self._over:
                self._waiting.append(status)
                return status
            error, self._untold = self._untold, None
        _end(status, error)
        return status

    def settle(self, status: ProgressStatus) -> None:
        """End one status well, before the rest is over."""
        with self._lock:
            if status not in self._waiting:
                return
            self._waiting.remove(status)
        _end(status, None)

    def report(self, current: float) -> None:
        """Tell those who watch how far it is."""
        with self._lock:
            waiting = tuple(self._waiting)
        for status in waiting:
            status.report(current)

    def end(self, error: Exception | None) -> None:
        """It is over, well or with `error`; what is said later does not count."""
        with self._lock:
            if self._over:
                return
            self._over, waiting = True, tuple(self._waiting)
            self._untold = None if waiting else error
        for status in waiting:
            _end(status, error)


def _end(status: ProgressStatus, error: Exception | None) -> None:
    # One that has timed out takes one late word and ignores it.
    if error is None:
        status.set_finished()
    else:
        status.set_exception(error)
