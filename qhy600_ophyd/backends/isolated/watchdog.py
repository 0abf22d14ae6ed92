"""`Watchdog`: ends this process when it stands still, and nobody else might."""

from __future__ import annotations

import faulthandler
import threading

STILL = 60.0
"""Seconds for which Python may stand still, as when a library never gives back its lock."""

_LOG = 2
"""The descriptor of the standard error, whatever becomes of `sys.stderr`."""


class Watchdog:
    """Has the process ended, with what every thread was doing in the log, unless somebody looks in time.

    The timer is faulthandler's, which needs no Python to run. Calls that take too long are the parent's to
    end; this is for a process whose parent is gone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parting = False
        self.look()

    def look(self) -> None:
        """All is well: `STILL` seconds from now on."""
        with self._lock:
            if not self._parting:
                faulthandler.dump_traceback_later(STILL, exit=True, file=_LOG)

    def part(self, seconds: float) -> None:
        """So long may the process live yet, whatever it does."""
        with self._lock:
            self._parting = True
            faulthandler.dump_traceback_later(seconds, exit=True, file=_LOG)
