"""The one thread that speaks to the camera."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeAlias, TypeVar

from qhy600_ophyd.contract import CameraError

T = TypeVar("T")

_Queue: TypeAlias = "queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]"


class Worker:
    """Runs calls one after another in a thread of its own, started by the first of them.

    The thread is a daemon: a camera that hangs for ever cannot keep the interpreter from ending.

    Parameters
    ----------
    name
        Of the thread, as debuggers show it.
    """

    def __init__(self, name: str):
        self._name = name
        self._queue: _Queue = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def running(self) -> bool:
        """Whether anything was called since it was made, or closed."""
        return self._thread is not None

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Queue a call; its result or exception arrives in the future."""
        future: Future[T] = Future()
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                # A queue of its own, so that a thread which is still ending never shares one.
                self._queue = queue.SimpleQueue()
                self._thread = threading.Thread(
                    target=_work, args=(self._queue,), name=self._name, daemon=True
                )
                self._thread.start()
            self._queue.put((future, call))
        return future

    def call(self, call: Callable[[], T], timeout: float) -> T:
        """Queue a call and wait for it.

        Raises
        ------
        CameraError
            It did not come back within `timeout` seconds.
        """
        if threading.current_thread() is self._thread:
            return call()
        future = self.submit(call)
        try:
            return future.result(timeout)
        except TimeoutError as late:
            if isinstance(late, CameraError):
                raise
            # What was given up must not happen behind the caller's back later.
            future.cancel()
            raise CameraError(
                f"{self._name} did not answer within {timeout:g} s; "
                "it may still be exposing: wait, or stop it with camera.stop()"
            ) from None

    def close(self) -> None:
        """End the thread after what is queued."""
        with self._starting:
            if self._thread is not None:
                self._queue.put(None)
                self._thread = None


def _work(calls: _Queue) -> None:
    while (item := calls.get()) is not None:
        future, call = item
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001  (it travels to whoever waits)
                future.set_exception(error)
        del future, call, item
