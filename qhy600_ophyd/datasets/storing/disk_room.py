"""`DiskRoom`: room for a growing file before HDF5 writes into it, and when its bytes reach the disk."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Literal, get_args

from qhy600_ophyd.contract import StoreError
from qhy600_ophyd.datasets.superblock import SUPERBLOCK_BYTES, stated_end

Fsync = Literal["never", "close", "frame"]
"""When the system is told to bring a file from its memory to the disk, which a loss of power survives."""

_NO_SUCH_CALL = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)


class DiskRoom:
    """A second descriptor of a file that HDF5 writes, which changes none of its bytes.

    HDF5 decides where a file is to end before it writes there. If files may not be that long, the one that
    HDF5 closes names an end which it does not have, and opens no more; if there is no space, it is written in
    part. So the room is taken first, and HDF5 never meets a refusal. While a file grows, and after a kill,
    there is room behind what was written.

    Parameters
    ----------
    path
        The file.
    fsync
        ``"never"``: the system writes when it wants to; ``"close"``: all is on the disk when `close` returns;
        ``"frame"``: when `sync` does.

    Raises
    ------
    OSError
        Here and in every method: what the system says.
    StoreError
        There is no such policy.
    """

    def __init__(self, path: Path, *, fsync: Fsync = "never"):
        check_fsync(fsync)
        self._path = path
        self._fsync = fsync
        self._file = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
        if fsync == "frame":
            self._sync_names()

    def check_there(self, kept: int) -> None:
        """Find out whether the file is still where its readers will look for it.

        A file that is removed while it is open can be written on and on, and is gone when it is closed.

        Parameters
        ----------
        kept
            Frames that are in it, for the message.

        Raises
        ------
        StoreError
            It was removed or renamed.
        """
        try:
            there = os.path.samestat(os.fstat(self._file), self._path.stat())
        except FileNotFoundError:
            there = False
        if not there:
            raise StoreError(
                f"{self._path} was removed or renamed while it was written, with {kept} frames in it: look "
                "for them where it went. Leave a run's folder alone until it ended, and run the plan again"
            )

    def ensure(self, end: int) -> None:
        """Make the file at least `end` bytes long, with space on the disk; if refused, all is as before."""
        size = os.fstat(self._file).st_size
        if end <= size:
            return
        try:
            _take(self._file, size, end)
        except OSError:
            with contextlib.suppress(OSError):  # what was taken of it is others' again
                os.ftruncate(self._file, size)
            raise

    def sync(self) -> None:
        """After a frame: wait until it is on the disk, if that was asked for."""
        if self._fsync == "frame":
            os.fsync(self._file)

    def close(self) -> None:
        """Give back the room that a finished file does not need, and see to it that it is on the disk."""
        try:
            os.lseek(self._file, 0, os.SEEK_SET)
            end = stated_end(os.read(self._file, SUPERBLOCK_BYTES))
            if end is not None and end < os.fstat(self._file).st_size:
                with contextlib.suppress(OSError):  # too much room harms nobody
                    os.ftruncate(self._file, end)
            if self._fsync != "never":
                os.fsync(self._file)
                self._sync_names()
        finally:
            os.close(self._file)

    def _sync_names(self) -> None:
        """Have the file's name, and that of its folder, on the disk; Windows does that by itself."""
        if os.name == "nt":
            return
        for folder in (self._path.parent, self._path.parent.parent):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def check_fsync(fsync: str) -> None:
    """Raise `StoreError` for a policy that there is not."""
    if fsync not in get_args(Fsync):
        raise StoreError(f"fsync {fsync!r} refused; allowed: {', '.join(get_args(Fsync))}")


def _take(file: int, size: int, end: int) -> None:
    """Lengthen a file, with space on the disk where the system can promise that."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file, size, end - size)
        except OSError as error:
            if error.errno not in _NO_SUCH_CALL:
                raise
        else:
            return
    os.ftruncate(file, end)
