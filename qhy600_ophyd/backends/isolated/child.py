"""The camera's process, from the inside.

Its main thread owns the camera and does what is asked in order; another listens, and has done beside it what
does not wait its turn, each in a thread of its own. When the parent says so, or is gone, the camera is closed
and the process ends.
"""

from __future__ import annotations

import faulthandler
import operator
import os
import pickle
import queue
import signal
import socket
import sys
import threading
import warnings
from collections import deque
from contextlib import suppress
from dataclasses import replace
from multiprocessing import connection
from pathlib import Path
from typing import Any

from qhy600_ophyd.backends.isolated.messages import (
    END_WAIT,
    LEAVE,
    MAKE,
    SET,
    WAIT,
    Answer,
    Memory,
    Request,
    pack,
    pack_error,
    unpack,
)
from qhy600_ophyd.backends.isolated.recipe import Recipe
from qhy600_ophyd.backends.isolated.slot import SlotsSeen
from qhy600_ophyd.backends.isolated.starting import WHERE_SIGNAL
from qhy600_ophyd.backends.isolated.watchdog import Watchdog
from qhy600_ophyd.contract import Camera, CameraError

PARTING = 5.0
"""Seconds for closing the camera; then the process ends as it is. Less than the parent waits."""

_LOOK = 0.5
"""Seconds between two looks at whether the parent is still there, and signs of life to the watchdog."""


def main() -> None:
    """Serve one camera until the parent has had enough, or is gone.

    The arguments of the program are the inherited ends of the pipe and, but on Windows, of the channel for
    memory; then the log to be deleted when the parent is gone, if it is.
    """
    # A notebook's Ctrl-C is for the notebook; it may reach here where there is no group of processes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable(file=2, all_threads=True)
    if WHERE_SIGNAL is not None:
        faulthandler.register(WHERE_SIGNAL, file=2, all_threads=True)
    pipe, *rest = sys.argv[1:]
    if sys.platform == "win32":
        Host(connection.PipeConnection(int(pipe)), None, log=None).serve()
        return
    memory, *log = rest
    channel = socket.socket(fileno=int(memory))
    Host(connection.Connection(int(pipe)), channel, log=Path(log[0]) if log else None).serve()


class Host:
    """Has one camera and does with it what the parent asks.

    Parameters
    ----------
    pipe
        To the parent.
    memory
        Where slots come in.
    log
        To be deleted when the parent can no longer do it.
    """

    def __init__(self, pipe: connection.Connection, memory: socket.socket | None, *, log: Path | None):
        self._pipe, self._log = pipe, log
        self._slots = SlotsSeen(memory)
        self._camera: Camera | None = None
        self._turns: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._watchdog = Watchdog()
        self._leaving = threading.Event()
        self._warned: deque[bytes] = deque()
        warnings.showwarning = self._warn
        self._waits: dict[int, threading.Event] = {}
        self._calls = {MAKE: self._make, SET: self._set, WAIT: self._wait, END_WAIT: self._end_wait}

    def serve(self) -> None:
        """Do what is asked, in this thread, until it is time to leave; then close the camera."""
        threading.Thread(target=self._listen, name="listening", daemon=True).start()
        while (request := self._turns.get()) is not None and not self._leaving.is_set():
            self._answer(request)
        if self._camera is not None:
            self._camera.close()

    def _listen(self) -> None:
        told = False
        try:
            told = self._hear()
        finally:
            self._watchdog.part(PARTING)
            self._leaving.set()
            self._turns.put(None)
        if not told and self._log is not None:
            self._log.unlink(missing_ok=True)
        if self._camera is not None:
            with suppress(Exception):
                self._camera.cancel()

    def _hear(self) -> bool:
        """Hand on what is asked; True once the parent says to leave, False when it is gone."""
        parent = os.getppid()
        while True:
            try:
                self._watchdog.look()
                if not self._pipe.poll(_LOOK):
                    # The pipe says so too, unless a copy of the parent made by fork() has the other end.
                    if os.name == "posix" and os.getppid() != parent:
                        return False
                    continue
                request: Request = unpack(self._pipe.recv_bytes())
            except (EOFError, OSError):
                return False
            if request.path == LEAVE:
                return True
            if request.aside:
                threading.Thread(target=self._answer, args=(request,), name=request.path, daemon=True).start()
            else:
                self._turns.put(request)

    def _answer(self, request: Request) -> None:
        try:
            answer = Answer(number=request.number, value=pack(request.path, self._done(request)))
        except BaseException as error:  # noqa: BLE001  (it goes to who asked)
            answer = Answer(number=request.number, error=pack_error(error))
        warned: list[bytes] = []
        while self._warned:
            with suppress(IndexError):
                warned.append(self._warned.popleft())
        if warned:
            answer = replace(answer, warned=tuple(warned))
        with suppress(OSError), self._sending:
            # A parent that is gone misses nothing.
            self._pipe.send_bytes(pickle.dumps(answer))

    def _done(self, request: Request) -> Any:
        call = self._calls.get(request.path)
        if call is None:
            if self._camera is None:
                raise CameraError(f"{request.path} refused: the camera has not been made yet")
            call = operator.attrgetter(request.path)(self._camera)
        if request.packed is None:
            return call
        arguments, keywords = unpack(request.packed)
        seen = [self._slots.view(each) if isinstance(each, Memory) else each for each in arguments]
        return call(*seen, **keywords)

    def _warn(self, message: Warning | str, category: type[Warning], *_: Any) -> None:
        warning = message if isinstance(message, Warning) else category(message)
        self._warned.append(pack_error(warning))

    def _make(self, recipe: Recipe) -> None:
        self._camera = recipe.make()

    def _set(self, part: str, name: str, value: Any) -> None:
        setattr(operator.attrgetter(part)(self._camera), name, value)

    def _wait(self, seconds: float, token: int) -> bool:
        assert self._camera is not None
        cancelled = self._waits.setdefault(token, threading.Event())
        try:
            return self._camera.clock.wait(seconds, cancelled)
        finally:
            self._waits.pop(token, None)

    def _end_wait(self, token: int) -> None:
        # It may be here before the wait itself, which has a thread of its own.
        self._waits.setdefault(token, threading.Event()).set()
