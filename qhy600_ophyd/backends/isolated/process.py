"""`CameraProcess`: the process that a camera lives in, seen from the one that uses it."""

from __future__ import annotations

import atexit
import functools
import itertools
import logging
import math
import os
import pickle
import subprocess
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from qhy600_ophyd.backends.isolated.asked import Asked
from qhy600_ophyd.backends.isolated.ending import obituary
from qhy600_ophyd.backends.isolated.log import Log
from qhy600_ophyd.backends.isolated.messages import LEAVE, Answer, Request, pack, unpack, unpack_error
from qhy600_ophyd.backends.isolated.slot import Slot, hand_over
from qhy600_ophyd.backends.isolated.starting import WHERE_SIGNAL, start
from qhy600_ophyd.contract import CameraProcessLost

PARTING = 10.0
"""Seconds that a process has for giving back its camera before it is killed."""

_LOOK = 0.25
"""Seconds between two looks at a process whose pipe is silent, and between two chances for a Ctrl-C."""

_GRACE = 1.0
"""Seconds that the system has for ending a process; half of it a hung one for writing down where it hangs."""

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""Positional ones and keywords."""

_logger = logging.getLogger(__name__)
_running: set[CameraProcess] = set()


class CameraProcess:
    """Asks the camera's process, from any thread, and notices when it is gone.

    Parameters
    ----------
    folder
        Where its log is kept; without one it is deleted unless the process is lost.

    Raises
    ------
    CameraError
        It cannot be started, or its log not be kept.
    """

    def __init__(self, folder: Path | None = None):
        self.log = Log(folder)
        try:
            started = start(self.log.path, keep_log=self.log.kept)
        except BaseException:
            self.log.drop()
            raise
        self._process, self._pipe, self._memory = started.process, started.pipe, started.memory
        self._parent = os.getpid()
        self._numbers = itertools.count()
        self._asked: dict[int, Asked] = {}
        self._handed_over: set[int] = set()
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._leaving = self._forgotten = False
        self._late = math.inf
        self._hung: Request | None = None
        self._ended = ""
        self._over = threading.Event()
        self._receiver = threading.Thread(
            target=self._receive, name=f"answers of camera process {self.pid}", daemon=True
        )
        _end_all_at_exit()
        _running.add(self)
        self._receiver.start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over.is_set()

    def ask(self, path: str, arguments: Arguments | None = None, *, bound: float, **options: Any) -> Any:
        """Ask, wait for the answer, and give it or raise it; parameters as `begin`.

        Raises
        ------
        CameraProcessLost
            The process is gone, or has not answered in time and was ended.
        CameraError
            What was asked, or the answer, cannot be copied.
        Exception
            What the camera raises.
        """
        asked = self.begin(path, arguments, bound=bound, **options)
        deadline = time.monotonic() + bound
        # In slices, since on Windows Ctrl-C does not end a wait.
        while not asked.wait(min(max(deadline - time.monotonic(), 0.0), _LOOK)):
            if time.monotonic() >= deadline:
                self._end_hung(asked.request)
                raise self.loss()
        return self.outcome(asked)

    def begin(
        self,
        path: str,
        arguments: Arguments | None = None,
        *,
        bound: float,
        aside: bool = False,
        keep: Any = None,
    ) -> Asked:
        """Ask and do not wait.

        Parameters
        ----------
        path, aside, bound
            As in `Request`.
        arguments
            Of a call; ``None`` for a value.
        keep
            Is kept until the answer is there, even if nobody waits for it any more.

        Raises
        ------
        CameraProcessLost, CameraError
            As `ask`.
        """
        packed = None if arguments is None else pack(path, arguments)
        with self._lock:
            if self.over:
                raise self.loss()
            number = next(self._numbers)
            request = Request(number=number, path=path, packed=packed, aside=aside, bound=bound)
            asked = self._asked[number] = Asked(request, keep)
        with suppress(OSError), self._sending:
            # If it is gone the receiver notices, and says so to all who wait.
            self._pipe.send_bytes(pickle.dumps(request))
        return asked

    def outcome(self, asked: Asked) -> Any:
        """The answer that has been waited for; raises as `ask`."""
        came = asked.answer
        if came is None:
            raise self.loss()
        for packed in came.warned:
            warning = unpack_error(packed)
            warnings.warn(warning if isinstance(warning, Warning) else str(warning), stacklevel=5)
        if came.error is not None:
            raise unpack_error(came.error)
        return None if came.value is None else unpack(came.value)

    def hand_over(self, slot: Slot) -> None:
        """Let it see a slot; does nothing the second time. Raises `CameraProcessLost`."""
        if slot.number not in self._handed_over:
            try:
                hand_over(slot, self._memory)
            except OSError:
                self._over.wait(_GRACE)
                raise self.loss() from None
            self._handed_over.add(slot.number)

    def loss(self) -> CameraProcessLost:
        """The error that says how it ended."""
        lost = CameraProcessLost(
            f"the camera's process {self._ended or 'is gone'}; frames stored before are kept. Go on with "
            "bench.reconnect(), or close the camera and open it again"
        )
        if self.log.size:
            lost.add_note(f"What it wrote is in {self.log.path}")
        return lost

    def end(self) -> None:
        """Have the camera given back and the process end; after `PARTING` seconds it is killed."""
        # A copy of this process made by os.fork() is not the one to do it.
        if os.getpid() != self._parent:
            return
        self._leave()
        if not self._over.wait(PARTING):
            self._kill_late()
            self._wait_for_the_end()
        self._receiver.join(_GRACE)

    def forget(self) -> None:
        """Have it end without waiting and without a lock, as the garbage collector may ask anywhere."""
        self._forgotten = True

    def _leave(self) -> None:
        self._leaving = True
        leave = Request(number=next(self._numbers), path=LEAVE, bound=PARTING)
        with suppress(OSError), self._sending:
            self._pipe.send_bytes(pickle.dumps(leave))

    def _kill_late(self) -> None:
        _logger.warning(
            "the camera's process did not give its camera back within %g s and was killed", PARTING
        )
        self._process.kill()

    def _end_hung(self, request: Request) -> None:
        self._hung = self._hung or request
        written = self.log.size
        if WHERE_SIGNAL is not None:
            self._process.send_signal(WHERE_SIGNAL)
            deadline = time.monotonic() + _GRACE / 2
            while self.log.size == written and time.monotonic() < deadline:
                self._over.wait(0.01)
        self._process.kill()
        self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        # The system may hold a process that it is waiting for a device with, killed or not.
        if not self._over.wait(_GRACE):
            self._declare_over(None)

    def _receive(self) -> None:
        try:
            while True:
                if self._pipe.poll(_LOOK):
                    answer: Answer = unpack(self._pipe.recv_bytes())
                    with self._lock:
                        asked = self._asked.pop(answer.number, None)
                    if asked is not None:
                        asked.arrived(answer)
                elif self._process.poll() is not None and not self._pipe.poll(0):
                    # The pipe would say so too, unless a grandchild holds the other end open.
                    break
                if self._forgotten:
                    self._see_off()
        except (EOFError, OSError):
            pass
        finally:
            self._bury()

    def _see_off(self) -> None:
        """End a process that nobody has any more."""
        if not self._leaving:
            self._leave()
            self._late = time.monotonic() + PARTING
        elif time.monotonic() > self._late:
            self._kill_late()

    def _bury(self) -> None:
        """Nothing more will come: find out why, and tell everybody who waits."""
        try:
            code = self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._declare_over(code)
        if (self._leaving and code == 0) or not self.log.size:
            self.log.drop()
        _running.discard(self)
        with self._sending:
            self._pipe.close()
        if self._memory is not None:
            self._memory.close()

    def _declare_over(self, code: int | None) -> None:
        with self._lock:
            if not self.over:
                self._ended = self._how_it_ended(code)
                self._over.set()
            left = list(self._asked.values())
            self._asked.clear()
        for asked in left:
            asked.arrived(None)

    def _how_it_ended(self, code: int | None) -> str:
        if self._leaving:
            return "was told to end"
        # The camera's thread is busy with what was asked first.
        busy = self._hung or next((a.request for a in self._asked.values() if not a.request.aside), None)
        bound = None if self._hung is None else self._hung.bound
        return obituary(code, busy.path if busy else "", self.log.last_lines(), bound=bound)


@functools.cache
def _end_all_at_exit() -> None:
    """When the program ends no process outlives it, and no camera stays taken."""
    atexit.register(lambda: [process.end() for process in list(_running)])
