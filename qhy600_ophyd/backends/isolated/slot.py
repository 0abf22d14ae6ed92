"""`Slot`: memory that two processes see, and that is gone when both are.

It never has a name in a folder that could be left behind: on POSIX systems it is a file without one, handed
over by its descriptor; on Windows it is memory of the system under a tag, which ends with its last user.
"""

from __future__ import annotations

import mmap
import os
import shutil
import socket
import sys
import tempfile
import uuid
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.isolated.messages import Memory
from qhy600_ophyd.contract import CameraError

Room = Callable[[Path], int]
"""Folder → free bytes."""

_NUMBER = 8
_BLOCK = bytes(1 << 20)


def free_room(folder: Path) -> int:
    """Bytes that are free where `folder` stands; 0 where there is no such folder."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def usual_folders() -> tuple[Path, ...]:
    """Memory first, then the disk. Docker gives ``/dev/shm`` 64 MB, which is half a frame."""
    return (Path("/dev/shm"), Path(tempfile.gettempdir()))  # noqa: S108  (a file without a name)


class Slot:
    """Memory of the parent that it can hand to its child.

    Parameters
    ----------
    number
        Never used for another slot.
    nbytes
        Size.
    folders
        Where it may stand, best first.
    room
        How much is free there. All of the slot is allotted before it is used: writing to memory that a file
        only promises ends a process with SIGBUS.

    Raises
    ------
    CameraError
        There is no room for it anywhere.
    """

    def __init__(self, number: int, nbytes: int, *, folders: Sequence[Path], room: Room):
        self.number, self.nbytes = number, nbytes
        self.tag = ""
        self.descriptor = -1
        if sys.platform == "win32":
            self.tag = f"qhy600-{uuid.uuid4().hex}"
            try:
                self._mapping = mmap.mmap(-1, nbytes, tagname=self.tag)
            except OSError as no:
                raise _refusal(nbytes, [f"the system says {no}"], "Free some") from no
        else:
            self.descriptor = _allotted(nbytes, folders, room)
            self._closing = weakref.finalize(self, os.close, self.descriptor)
            self._mapping = mmap.mmap(self.descriptor, nbytes)
        self.address = _address(self.array())

    def array(self) -> NDArray[np.uint8]:
        """Its bytes; they stay valid as long as somebody has them, whatever becomes of the slot."""
        return np.frombuffer(self._mapping, np.uint8)

    def start_of(self, out: NDArray[np.uint8]) -> int | None:
        """Where in this slot `out` begins, if it lies in it."""
        start = _address(out) - self.address
        return start if 0 <= start <= self.nbytes - out.nbytes else None

    def close(self) -> None:
        """Give it up; the memory goes when the last array on it does."""
        if self.descriptor >= 0:
            self._closing()


class SlotsSeen:
    """The child's side: slots that the parent has handed over.

    Parameters
    ----------
    channel
        Where their descriptors come in; ``None`` where memory goes by tags.
    """

    def __init__(self, channel: socket.socket | None):
        self._channel = channel
        self._seen: dict[int, NDArray[np.uint8]] = {}

    def view(self, memory: Memory) -> NDArray[np.uint8]:
        """The piece of memory meant, flat. Raises `CameraError` when it was not handed over."""
        if memory.slot is None:
            refused = np.zeros(memory.nbytes, np.uint8)
            refused.flags.writeable = False
            return refused
        self._seen = {number: array for number, array in self._seen.items() if number in memory.live}
        while memory.slot not in self._seen:
            self._take(memory)
        return self._seen[memory.slot][memory.start : memory.start + memory.nbytes]

    def _take(self, memory: Memory) -> None:
        if sys.platform == "win32":
            assert memory.slot is not None
            mapping = mmap.mmap(-1, memory.size, tagname=memory.tag)
            self._seen[memory.slot] = np.frombuffer(mapping, np.uint8)
            return
        assert self._channel is not None
        number, descriptors, _, _ = socket.recv_fds(self._channel, _NUMBER, 1)
        if not descriptors:
            raise CameraError(f"memory {memory.slot} for a frame was not handed over; take the frame again")
        mapping = mmap.mmap(descriptors[0], os.fstat(descriptors[0]).st_size)
        os.close(descriptors[0])
        self._seen[int.from_bytes(number, "little")] = np.frombuffer(mapping, np.uint8)


def hand_over(slot: Slot, channel: socket.socket | None) -> None:
    """Send a slot to the child; once for each child. Raises `OSError` when the child is gone."""
    if sys.platform != "win32" and channel is not None:
        socket.send_fds(channel, [slot.number.to_bytes(_NUMBER, "little")], [slot.descriptor])


def _address(array: NDArray[np.uint8]) -> int:
    return array.__array_interface__["data"][0]


def _allotted(nbytes: int, folders: Sequence[Path], room: Room) -> int:
    """Descriptor of a file without a name, of which every byte is really there."""
    found: list[str] = []
    for folder in folders:
        free = room(folder)
        if free < nbytes:
            found.append(f"{folder} has {free / 1e6:.0f} MB free")
            continue
        try:
            with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
                _allot(file, nbytes)
                return os.dup(file.fileno())
        except OSError as no:
            found.append(f"{folder}: {no.strerror}")
    raise _refusal(nbytes, found, "Free some, or start Python with TMPDIR naming a folder that has room")


def _refusal(nbytes: int, found: list[str], advice: str) -> CameraError:
    return CameraError(
        f"no memory for a frame of {nbytes / 1e6:.0f} MB that two processes share: "
        f"{'; '.join(found)}. {advice}"
    )


def _allot(file: IO[bytes], nbytes: int) -> None:
    if sys.platform == "linux":
        os.posix_fallocate(file.fileno(), 0, nbytes)
        return
    for start in range(0, nbytes, len(_BLOCK)):
        file.write(_BLOCK[: nbytes - start])
