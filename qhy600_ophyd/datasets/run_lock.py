"""Who writes into a run's folder: a lock that ends with the program that holds it, however that ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

from qhy600_ophyd.contract import SystemClock

LOCK_FILE = "writing.lock"
"""There while a run is written; left behind by a program that was killed."""

_TRIES, _PAUSE = 3, 0.02
"""Times, and seconds between them: whoever only asks holds it for a moment."""


class RunLock:
    """One program's hold on a folder.

    It is the operating system's lock on a file, and so tells a program that was killed from one that lives:
    a number of a process could be that of another by now. On a file system without locks, and where no file
    can be made, it holds nothing and stands in nobody's way.

    Parameters
    ----------
    folder
        The run's.
    """

    def __init__(self, folder: Path):
        self.path = folder / LOCK_FILE
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Take hold; False if somebody else has it, in this program or another."""
        for attempt in range(_TRIES):
            if attempt:
                SystemClock().wait(_PAUSE)
            if self._descriptor is not None:
                return True
            try:
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError:
                return True
            # Whoever held it may have taken the file away since it was opened here.
            if _locked(descriptor) and _is_at(descriptor, self.path):
                self._descriptor = descriptor
                return True
            os.close(descriptor)
        return False

    def release(self) -> None:
        """Let go, and take the file away; does nothing when not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        if sys.platform != "win32":
            # Before it is let go: afterwards it might be that of the next one.
            with suppress(OSError):
                self.path.unlink()
        os.close(descriptor)
        if sys.platform == "win32":
            # A file that is open cannot be taken away there, and one that somebody has opened since stays.
            with suppress(OSError):
                self.path.unlink()


def is_being_written(folder: Path) -> bool:
    """Whether a program that lives holds the folder, as far as locks can tell."""
    lock = RunLock(folder)
    try:
        descriptor = os.open(lock.path, os.O_RDWR)
    except OSError:
        return False
    free = _locked(descriptor)
    os.close(descriptor)
    return not free


def _locked(descriptor: int) -> bool:
    """Lock it without waiting; False if it is another's."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except PermissionError:
        return False  # Windows' word for it
    except BlockingIOError:
        return False
    except OSError:
        return True  # this file system has none
    return True


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
