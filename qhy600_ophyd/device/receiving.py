"""`Receiver`: the thread that stores or shows frames while the camera's thread fetches the next ones."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from qhy600_ophyd.contract import FrameInfo, QHY600Error
from qhy600_ophyd.device.frame_ring import FrameRing


@dataclass(frozen=True, eq=False)
class Taken:
    """A frame that the camera has delivered.

    Parameters
    ----------
    counts
        Shape ``(rows, columns)``, a buffer of the ring.
    info
        What the camera says of it.
    row
        What is recorded with it, by the names of the vocabulary; more is added on the way.
    """

    counts: NDArray[Any]
    info: FrameInfo
    row: dict[str, Any]


class Receiver:
    """Uses frames one after another in a thread of its own, and gives their memory back.

    Parameters
    ----------
    use
        Takes a frame; its memory belongs to the next one when it returns.
    ring
        Where that memory comes from.
    newest_only
        A frame that has to wait makes way for the next one: for eyes, not for the record.
    name
        Of the thread.
    on_failure
        Called once, in the thread, when `use` has failed; no frame is used after that.
    """

    def __init__(
        self,
        use: Callable[[Taken], None],
        ring: FrameRing,
        *,
        newest_only: bool,
        name: str,
        on_failure: Callable[[], None],
    ):
        self._use, self._ring, self._newest_only = use, ring, newest_only
        self._on_failure = on_failure
        self._queue: queue.SimpleQueue[Taken | Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.error: Exception | None = None
        """Why a frame could not be used."""
        self.skipped = 0
        """Frames that made way for the next."""

    def start(self) -> None:
        """Begin to receive."""
        self._thread.start()

    def put(self, taken: Taken) -> None:
        """Hand a frame over; its memory with it."""
        if self._newest_only:
            self._drop_waiting()
        self._queue.put(taken)

    def finish(self, then: Callable[[], None]) -> None:
        """Use what was handed over, then call `then` in the thread, which ends."""
        self._queue.put(then)

    def _drop_waiting(self) -> None:
        try:
            waiting = self._queue.get_nowait()
        except queue.Empty:
            return
        assert isinstance(waiting, Taken), "nothing is handed over after the end"
        self._ring.give(waiting.counts)
        self.skipped += 1

    def _work(self) -> None:
        while isinstance(item := self._queue.get(), Taken):
            try:
                if self.error is None:
                    self._use(item)
            except BaseException as error:  # noqa: BLE001  (whoever waits for the frames gets it)
                self.error = error if isinstance(error, Exception) else QHY600Error(f"ended by {error!r}")
                self._on_failure()
            finally:
                self._ring.give(item.counts)
                del item
        item()
