"""`Link`: what stands between a camera and its process, whether there is one just now or not."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from qhy600_ophyd.backends.isolated.process import Arguments, CameraProcess
from qhy600_ophyd.contract import CameraNotReady, CameraProcessLost


class Link:
    """Asks the camera's process: calls of the camera's own thread one after the other, others beside them.

    Parameters
    ----------
    answer
        Seconds within which a call has to come back, unless it says otherwise.
    """

    def __init__(self, answer: float):
        self.answer = answer
        self.process: CameraProcess | None = None
        self.turn = threading.RLock()
        """Who has it may ask what the camera's thread does."""

    @property
    def running(self) -> bool:
        """Whether there is a process to ask."""
        return self.process is not None and not self.process.over

    @property
    def lost(self) -> bool:
        """Whether there was one, and nobody has ended it."""
        return self.process is not None and self.process.over

    def value(self, path: str) -> Any:
        """What stands at `path`, now. Raises `CameraProcessLost` or `CameraNotReady`."""
        return self.there().ask(path, bound=self.answer, aside=True)

    def beside(self, path: str, *arguments: Any, bound: float | None = None) -> Any:
        """Call what does not wait for its turn. Raises as `CameraProcess.ask`."""
        bound = self.answer if bound is None else bound
        return self.there().ask(path, (arguments, {}), bound=bound, aside=True)

    def in_turn(
        self, path: str, *arguments: Any, bound: float | None = None, keep: Any = None, **keywords: Any
    ) -> Any:
        """Have the camera's thread call it, and wait. Raises as `CameraProcess.ask`.

        Whoever is interrupted (Ctrl-C) while he waits leaves an idle camera behind.
        """
        return self._in_turn(path, (arguments, keywords), bound=bound, keep=keep)

    def value_in_turn(self, path: str) -> Any:
        """What stands at `path`, read by the camera's thread. Raises as `CameraProcess.ask`."""
        return self._in_turn(path, None)

    def _in_turn(
        self, path: str, arguments: Arguments | None, *, bound: float | None = None, keep: Any = None
    ) -> Any:
        bound = self.answer if bound is None else bound
        with self.turn:
            process = self.there()
            try:
                return process.ask(path, arguments, bound=bound, keep=keep)
            except Exception:
                raise
            except BaseException:
                # What runs now is ended at once, and what it may yet arm afterwards.
                with suppress(CameraProcessLost):
                    process.begin("cancel", ((), {}), bound=self.answer, aside=True)
                    process.begin("cancel", ((), {}), bound=self.answer)
                raise

    def there(self) -> CameraProcess:
        """The process. Raises `CameraProcessLost` or `CameraNotReady`."""
        process = self.process
        if process is None:
            raise CameraNotReady("the camera is closed, and its process has ended; open it first")
        if process.over:
            raise process.loss()
        return process
