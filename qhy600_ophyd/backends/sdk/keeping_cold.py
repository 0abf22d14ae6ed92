"""Telling the cooler its set point again every second: old firmware stops regulating otherwise."""

from __future__ import annotations

import threading

from qhy600_ophyd.backends.sdk.connection import Connection
from qhy600_ophyd.driver.head import HeadError

PERIOD = 1.0
"""Seconds from one telling to the next: the header asks for "every single second", and nothing tells which
firmware needs it."""

_PATIENCE = 0.5
"""Seconds to wait for a moment between other calls; during a readout, which is longer, a turn is left out."""


class KeepingCold:
    """A thread that tells the set point, from the first `keep` to `end`.

    It never writes the cooler's power, which would end the regulation.

    Parameters
    ----------
    connection
        To the camera.
    """

    def __init__(self, connection: Connection):
        self._connection = connection
        self._target: float | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def keep(self, target: float) -> None:
        """From now on regulate to `target` [°C]."""
        self._target = target
        if self._thread is None or not self._thread.is_alive():
            self._ended = threading.Event()
            self._thread = threading.Thread(
                target=self._tell, args=(self._ended,), name="cooler of the camera", daemon=True
            )
            self._thread.start()

    def end(self) -> None:
        """Stop telling; does nothing when nothing is told."""
        self._ended.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(2 * PERIOD)

    def _tell(self, ended: threading.Event) -> None:
        while not ended.wait(PERIOD):
            with self._connection.if_free(_PATIENCE) as free:
                if not free or ended.is_set() or self._target is None:
                    continue
                try:
                    self._connection.call("ControlQHYCCDTemp", self._target)
                except HeadError:
                    # A lost camera shows in every reading; this thread has nobody to tell.
                    continue
