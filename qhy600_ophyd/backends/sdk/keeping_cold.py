"""Telling the cooler its set point again every second: old firmware stops regulating otherwise."""

from __future__ import annotations

import threading
import time

from qhy600_ophyd.backends.sdk.connection import Connection
from qhy600_ophyd.driver.head import HeadError

PERIOD = 1.0
"""Seconds from one telling to the next: the header asks for "every single second", and nothing tells which
firmware needs it."""

_PATIENCE = 0.5
"""Seconds to wait for a moment between other calls; during a readout, which is longer, a turn is left out,
and whoever reads out tells it before and after (`KeepingCold.tell_if_due`)."""


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
        self._told = 0.0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def keep(self, target: float) -> None:
        """From now on regulate to `target` [°C]."""
        self._target, self._told = target, time.monotonic()
        if self._thread is None or not self._thread.is_alive():
            self._ended = threading.Event()
            self._thread = threading.Thread(
                target=self._tell, args=(self._ended,), name="cooler of the camera", daemon=True
            )
            self._thread.start()

    def end(self) -> None:
        """Stop telling; does nothing when nothing is told."""
        self._ended.set()
        self._target = None
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(2 * PERIOD)

    def tell_if_due(self) -> None:
        """Tell it, if nobody has for half a period; for the thread that has begun or ended a readout."""
        target = self._target
        if target is None or time.monotonic() - self._told < PERIOD / 2:
            return
        try:
            self._connection.call("ControlQHYCCDTemp", target)
            self._told = time.monotonic()
        except HeadError:
            # A lost camera shows in every reading; a set point is not what anybody asked for here.
            return

    def _tell(self, ended: threading.Event) -> None:
        while not ended.wait(PERIOD):
            with self._connection.if_free(_PATIENCE) as free:
                if free and not ended.is_set():
                    self.tell_if_due()
