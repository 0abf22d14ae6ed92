"""A libqhyccd in a process of its own, called by name: what it returns and writes comes back as plain values.

A library may crash or hang, and takes its whole process with it; here that is an answer like others.
`Served` is the near end, ``python library_face.py`` the far one.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[2]
TEXT_BYTES = 256
_NUMBERS, _BEHIND = 64, 100
"""Room for numbers: what the library takes as one or as 64 bytes looks the same. And bytes behind a frame."""
SENTINEL = 0xA5
"""What a frame buffer is filled with before the library gets it."""

_PATIENCE = 60.0
"""Seconds after which a process that does not answer is killed."""

Call = Sequence[Any]
"""Name of a function of the table, then its arguments without the handle and without those it writes into."""


class Died(Exception):
    """The process is gone; `code` is what it left with, negative for a signal, -9 if silent too long."""

    def __init__(self, code: int):
        self.code = code
        super().__init__(f"the library's process ended with {code}")


class Served:
    """A process with a library in it.

    Parameters
    ----------
    library
        Its file.
    before
        Libraries that are loaded before it, their symbols for all.
    environment
        Beside this process's own.
    folder
        Its working directory.
    """

    def __init__(
        self,
        library: Path,
        *,
        before: Sequence[Path] = (),
        environment: dict[str, str] | None = None,
        folder: Path | None = None,
    ):
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(library), *map(str, before)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(PACKAGE), **(environment or {})},
        )

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def __call__(self, name: str, *arguments: Any) -> Any:
        """Call a function; what it returned, or a list of that and what it wrote."""
        return self._ask(call=[name, *arguments])

    def do(self, calls: Sequence[Call]) -> list[Any]:
        """Several calls; their answers."""
        return [self(*call) for call in calls]

    def start(self, key: str, name: str, *arguments: Any) -> None:
        """Call a function in a thread of its own; `finish` gives its answer."""
        self._ask(start=key, call=[name, *arguments])

    def finish(self, key: str) -> tuple[Any, float]:
        """Wait for what was started: its answer, and the seconds it took."""
        answer, seconds = self._ask(finish=key)
        return answer, seconds

    def hold(self, handle: int | None) -> None:
        """Use this handle from now on, whatever it is."""
        self._ask(hold=handle)

    def open(self) -> int | None:
        """Start the library, open its first camera and hold its handle."""
        self("InitQHYCCDResource")
        self("ScanQHYCCD")
        _, name = self("GetQHYCCDId", 0)
        handle = self("OpenQHYCCD", name)
        self.hold(handle)
        return handle

    def prepare(self, *, live: bool = False, mode: int = 0) -> None:
        """Mode, stream, initialisation, binning 1, 16 bit, the whole chip, and nothing exposed."""
        self("SetQHYCCDReadMode", mode)
        self("SetQHYCCDStreamMode", int(live))
        self("InitQHYCCD")
        self("SetQHYCCDBinMode", 1, 1)
        self("SetQHYCCDBitsMode", 16)
        _, width, height = self("GetQHYCCDReadModeResolution", mode)
        self("SetQHYCCDResolution", 0, 0, width, height)

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, **question: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        patience = threading.Timer(_PATIENCE, self._process.kill)
        patience.start()
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            patience.cancel()
        if not line:
            raise Died(self._process.wait())
        return json.loads(line)


class Face:
    """The far end, or a library in this process: calls by name, with memory for what a function writes into.

    Parameters
    ----------
    library, before
        As in `Served`.

    Attributes
    ----------
    handle
        What functions get that want one.
    look
        What becomes of the memory that a frame was written into.
    """

    def __init__(self, library: str, before: Sequence[str] = ()):
        from qhy600_ophyd.backends.sdk.prototypes import PROTOTYPES

        for path in before:
            ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
        self.cdll = ctypes.CDLL(library)
        self.before = [ctypes.CDLL(path) for path in before]
        self._table = PROTOTYPES
        self.handle: int | None = None
        self.look: Callable[[bytes], Any] = seen
        self._threads: dict[str, tuple[threading.Thread, list[Any]]] = {}

    def call(self, name: str, *given: Any) -> Any:
        """What `Served.__call__` says.

        Names outside the table are those of the stand-ins, and ``missing``: the functions of the table that
        the library has not.
        """
        if name in ("StandinSet", "StandinGet"):
            function = getattr(self.cdll, name)
            function.restype = ctypes.c_int if name == "StandinSet" else ctypes.c_double
            return function(given[0].encode(), *map(ctypes.c_double, given[1:]))
        if name == "missing":
            return [function for function in self._table if not hasattr(self.cdll, function)]
        if name.startswith("standin_usb_"):
            variable = ctypes.c_int.in_dll(self.before[-1], name)
            variable.value = given[0] if given else variable.value
            return variable.value
        prototype = self._table[name]
        function = getattr(self.cdll, name)
        function.argtypes, function.restype = prototype.arguments, prototype.restype
        arguments, written = self._arguments(prototype, list(given))
        result = function(*arguments)
        if isinstance(result, bytes):
            result = result.decode("ascii", "replace")
        return [result, *map(self._plain, written)] if written else result

    def _arguments(self, prototype: Any, given: list[Any]) -> tuple[list[Any], list[Any]]:
        arguments, written = [], []
        kinds: list[Any] = list(prototype.arguments)
        if prototype.takes_handle:
            arguments.append(self.handle)
            kinds.pop(0)
        for kind in kinds:
            made: Any = None
            if kind is ctypes.c_char_p:
                if given and isinstance(given[0], str):
                    arguments.append(given.pop(0).encode())
                    continue
                made = ctypes.create_string_buffer(b"untouched", TEXT_BYTES)
            elif kind is ctypes.c_void_p:
                # A frame: so many bytes are offered, and what stands behind them is looked at too.
                made = (ctypes.c_uint8 * (given.pop(0) + _BEHIND))()
                ctypes.memset(made, SENTINEL, ctypes.sizeof(made))
            elif hasattr(kind, "contents"):
                made = (kind._type_ * _NUMBERS)()
            if made is None:
                arguments.append(given.pop(0))
            else:
                arguments.append(made)
                written.append(made)
        return arguments, written

    def _plain(self, value: Any) -> Any:
        if isinstance(getattr(value, "value", None), bytes):
            return value.value.decode("ascii", "replace")
        return value[0] if len(value) == _NUMBERS else self.look(bytes(value))

    def answer(self, question: dict[str, Any]) -> Any:
        """The answer to one line of the near end."""
        if "hold" in question:
            self.handle = question["hold"]
            return None
        if "finish" in question:
            thread, answer = self._threads.pop(question["finish"])
            thread.join()
            return answer
        if "start" in question:
            answer: list[Any] = []
            thread = threading.Thread(target=self._timed, args=(answer, question["call"]))
            self._threads[question["start"]] = thread, answer
            thread.start()
            return None
        return self.call(*question["call"])

    def _timed(self, answer: list[Any], call: Call) -> None:
        began = time.monotonic()
        result = self.call(*call)
        answer += [result, time.monotonic() - began]


def seen(frame: bytes) -> dict[str, Any]:
    """What can be said of a frame buffer: bytes written, whether all of them are 0, the first ones."""
    written = frame.rstrip(bytes([SENTINEL]))
    return {"written": len(written), "zeros": not written.strip(bytes(1)), "head": written[:48].hex()}


def main() -> None:
    """Answer one line after another, until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the library prints
    face = Face(sys.argv[1], sys.argv[2:])
    for line in sys.stdin:
        answers.write(json.dumps(face.answer(json.loads(line))) + "\n")
        answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
