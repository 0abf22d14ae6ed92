"""An interpreter that has imported already: it forks where `subprocess.Popen` would start one anew.

The conformance suite makes some hundred cameras in processes of their own, and most of a second goes into
each for importing numba. Everything but that start is the package's own: `ReadyPython.popen` stands in for
`Popen` in `backends.isolated.starting`, and runs the program that it is given with the descriptors that it is
given, in a fork of a process without threads. The start itself is what `tests/faults/test_isolated_*.py` are
about.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

_LOOK = 0.002


class ReadyPython:
    """Forks an interpreter that has run `first`.

    Parameters
    ----------
    first
        Source.
    """

    def __init__(self, first: str):
        self._ours, theirs = socket.socketpair()
        words = [sys.executable, str(Path(__file__)), str(theirs.fileno())]
        self._process = subprocess.Popen(words, pass_fds=[theirs.fileno()])
        theirs.close()
        self._asking = threading.Lock()
        self.ask("prepare", sys.path, first)

    def ask(self, *words: object, descriptors: tuple[int, ...] = ()):
        with self._asking:
            packed = pickle.dumps(words)
            socket.send_fds(self._ours, [len(packed).to_bytes(4, "little")], descriptors)
            self._ours.sendall(packed)
            return pickle.loads(_exactly(self._ours, int.from_bytes(_exactly(self._ours, 4), "little")))

    def popen(self, command, *, stdin, stdout, stderr, pass_fds, start_new_session):
        assert (stdin, stdout, start_new_session) == (subprocess.PIPE, stderr, True)
        return Forked(self, command[3:], stdout.fileno(), tuple(pass_fds))

    def close(self) -> None:
        self._ours.close()
        self._process.wait()


class Forked:
    """As much of a `Popen` as the package uses."""

    def __init__(self, ready: ReadyPython, words: list[str], output: int, inherited: tuple[int, ...]):
        theirs, ours = os.pipe()
        self.stdin = os.fdopen(ours, "wb")
        self._ready, self.returncode = ready, None
        self.pid = ready.ask(
            "fork", words, inherited, dict(os.environ), descriptors=(theirs, output, *inherited)
        )
        os.close(theirs)

    def poll(self):
        if self.returncode is None:
            self.returncode = self._ready.ask("poll", self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None):
        deadline = time.monotonic() + (1e9 if timeout is None else timeout)
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a forked interpreter", timeout or 0.0)
            threading.Event().wait(_LOOK)
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def _exactly(channel: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        if not (more := channel.recv(size - len(data))):
            raise EOFError
        data += more
    return data


def _serve(channel: socket.socket) -> None:
    """Prepare, fork and wait as told, until nobody tells any more."""
    while True:
        size, descriptors, _, _ = socket.recv_fds(channel, 4, 8)
        if not size:
            return
        word, *rest = pickle.loads(_exactly(channel, int.from_bytes(size, "little")))
        answer = None
        if word == "prepare":
            sys.path[:] = rest[0]
            exec(rest[1], {})
            # Threads do not survive a fork: those of a camera that has just been closed have to end first.
            for thread in set(threading.enumerate()) - {threading.main_thread()}:
                thread.join()
        elif word == "poll":
            pid, status = os.waitpid(rest[0], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif not (answer := os.fork()):
            channel.close()
            _become(*rest, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        packed = pickle.dumps(answer)
        channel.sendall(len(packed).to_bytes(4, "little") + packed)


def _become(
    words: list[str], numbers: list[int], environment: dict[str, str], descriptors: list[int]
) -> None:
    """Run the program ``words[0]``, with its descriptors under the numbers that it expects."""
    code = 1
    try:
        os.setsid()
        os.environ.clear()
        os.environ.update(environment)
        # Out of the way first: a number that is expected may be one that another came under.
        high = [os.dup2(found, 200 + n) for n, found in enumerate(descriptors)]
        os.closerange(3, 200)
        for number, found in zip([0, 1, *numbers], high, strict=True):
            os.dup2(found, number)
            os.close(found)
        os.dup2(1, 2)
        sys.stdin, sys.argv = os.fdopen(0, closefd=False), ["-c", *words[1:]]
        exec(words[0], {})
        code = 0
    except BaseException:  # noqa: BLE001  (a fork shall never return)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
