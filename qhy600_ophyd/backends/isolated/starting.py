"""Starting the camera's process, and the two channels to it.

It is a new interpreter, not a copy of this one, and the user's program is not imported again: a script needs
no ``if __name__ == "__main__"``. Both channels are inherited, and have no name that others could connect to.
"""

from __future__ import annotations

import pickle
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from subprocess import Popen
from typing import Any

from qhy600_ophyd.contract import CameraError

_PROGRAM = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from qhy600_ophyd.backends.isolated.child import main; main()"
)

WHERE_SIGNAL = None if sys.platform == "win32" else signal.SIGUSR1
"""Has the process write down what each of its threads is doing; there is none on Windows."""


@dataclass(frozen=True, kw_only=True)
class Started:
    """A process, and the parent's ends of what leads to it.

    Parameters
    ----------
    process
        The child.
    pipe
        For requests and answers.
    memory
        For descriptors of slots; ``None`` on Windows, where memory goes by tags.
    """

    process: Popen[Any]
    pipe: connection.Connection
    memory: socket.socket | None


def start(log: Path, *, keep_log: bool) -> Started:
    """Start a process that waits for requests.

    Parameters
    ----------
    log
        Where everything goes that it writes to its standard output and error.
    keep_log
        Whether it leaves the log there when it finds its parent gone.

    Raises
    ------
    CameraError
        There is no Python to start, or the system lets no process begin.
    """
    ours, theirs = connection.Pipe()
    memory = None if sys.platform == "win32" else socket.socketpair()
    inherited = [theirs.fileno(), *([] if memory is None else [memory[1].fileno()])]
    words = [str(n) for n in inherited] + ([] if keep_log else [str(log)])
    try:
        with log.open("ab") as written:
            process = Popen(  # noqa: S603  (our own interpreter and program)
                [sys.executable, "-u", "-c", _PROGRAM, *words],
                stdin=subprocess.PIPE,
                stdout=written,
                stderr=written,
                **_apart(inherited),
            )
    except OSError as no:
        ours.close()
        if memory is not None:
            memory[0].close()
        raise CameraError(f"the camera's process cannot be started with {sys.executable!r}: {no}") from no
    finally:
        theirs.close()
        if memory is not None:
            memory[1].close()
    assert process.stdin is not None
    try:
        with process.stdin as first_word:
            pickle.dump(sys.path, first_word)
    except OSError:
        # It has ended already; whoever asks it something hears why.
        pass
    return Started(process=process, pipe=ours, memory=None if memory is None else memory[0])


def _apart(inherited: list[int]) -> dict[str, Any]:
    """Options that let a process have what it inherits, and keep the terminal's Ctrl-C from it."""
    if sys.platform == "win32":
        import os

        for handle in inherited:
            os.set_handle_inheritable(handle, True)
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": inherited})
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return {"startupinfo": startup, "creationflags": flags}
    return {"pass_fds": inherited, "start_new_session": True}
