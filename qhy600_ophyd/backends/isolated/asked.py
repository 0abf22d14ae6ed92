"""`Asked`: a request on its way, and who waits for the answer."""

from __future__ import annotations

import queue
from typing import Any

from qhy600_ophyd.backends.isolated.messages import Answer, Request


class Asked:
    """A request on its way.

    Parameters
    ----------
    request
        What was asked.
    kept
        What must not be garbage before the answer is there.
    """

    def __init__(self, request: Request, kept: Any):
        self.request, self.kept = request, kept
        self.answer: Answer | None = None
        self._arrived: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()

    def arrived(self, answer: Answer | None) -> None:
        """The answer is there; ``None``: there will be none, since the process is gone."""
        self._arrived.put(answer)

    def wait(self, seconds: float) -> bool:
        """Wait so long at most, in one thread; whether the answer is there, or the process gone."""
        try:
            self.answer = self._arrived.get(timeout=seconds)
        except queue.Empty:
            return False
        return True
