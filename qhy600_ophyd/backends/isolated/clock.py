"""`DistantClock`: the clock of a camera in another process."""

from __future__ import annotations

import itertools
import math
import threading

from qhy600_ophyd.backends.isolated.link import Link
from qhy600_ophyd.backends.isolated.messages import END_WAIT, WAIT

_LOOK = 0.005
"""Seconds between two looks at an event that may end a wait."""


class DistantClock:
    """A clock that is asked for the time, such as one that a simulation runs on.

    It is there while the camera's process runs, and begins anew with another process. (The computer's own
    clock needs none of this: `time.monotonic` is the same in all processes.)

    Parameters
    ----------
    link
        To the camera's process.
    name
        Of the clock.
    """

    def __init__(self, link: Link, name: str):
        self.name = name
        self._link = link
        self._tokens = itertools.count()

    def monotonic(self) -> float:
        """Seconds since an arbitrary start. Raises `CameraNotReady` or `CameraProcessLost`."""
        return self._link.beside("clock.monotonic")

    def utc_ns(self) -> int:
        """Nanoseconds since 1970-01-01 UTC. Raises `CameraNotReady` or `CameraProcessLost`."""
        return self._link.beside("clock.utc_ns")

    def wait(self, seconds: float, cancelled: threading.Event | None = None) -> bool:
        """Wait on that clock, or return early once `cancelled` is set; True if it was.

        Raises
        ------
        CameraNotReady, CameraProcessLost
            There is no process, or it has ended meanwhile.
        """
        process, token = self._link.there(), next(self._tokens)
        asked = process.begin(WAIT, ((seconds, token), {}), bound=math.inf, aside=True)
        while not asked.wait(_LOOK):
            if cancelled is not None and cancelled.is_set():
                process.begin(END_WAIT, ((token,), {}), bound=math.inf, aside=True)
                cancelled = None
        return process.outcome(asked)
