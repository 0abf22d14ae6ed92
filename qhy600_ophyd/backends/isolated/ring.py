"""`Ring`: slots for frames that come round again."""

from __future__ import annotations

import gc
import itertools
import threading
import weakref
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.isolated.slot import Room, Slot, free_room, usual_folders

_WORTH_COLLECTING = 1 << 20
"""Bytes of a frame for which the garbage collector is asked to look."""


class Ring:
    """Lends memory that the camera's process can fill, and takes it back when nobody has it any more.

    It never waits and never lends what somebody still holds: when all slots are out, it makes another.

    Parameters
    ----------
    spare
        How many slots are kept when nobody has them.
    folders
        Where slots may stand, best first; shared memory and then the disk, unless given.
    room
        Folder → free bytes.
    """

    def __init__(self, *, spare: int = 2, folders: Sequence[Path] | None = None, room: Room = free_room):
        self._spare = self._keep = spare
        self._folders = folders
        self._room = room
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._lent: dict[int, Slot] = {}
        self._free: list[Slot] = []
        # An array may die in any thread and at any moment, under this very lock too.
        self._returned: deque[int] = deque()

    def lend(self, nbytes: int) -> NDArray[np.uint8]:
        """So many bytes; they are the caller's for as long as it, or anybody, has a view of them.

        Raises
        ------
        CameraError
            There is no room for another slot.
        """
        with self._lock:
            self._keep = self._spare
            slot = self._fitting(nbytes)
            if slot is None and self._lent and nbytes >= _WORTH_COLLECTING:
                # Streams of frames end in reference cycles; what they had would wait there for long.
                gc.collect()
                slot = self._fitting(nbytes)
            if slot is None:
                # Those that are free were for smaller frames; their room is needed for this one.
                self._drop(0)
                folders = usual_folders() if self._folders is None else self._folders
                slot = Slot(next(self._numbers), max(nbytes, 1), folders=folders, room=self._room)
            lent = slot.array()
            weakref.finalize(lent, self._hear, slot.number).atexit = False
            self._lent[slot.number] = slot
            return lent[:nbytes]

    def find(self, out: NDArray[Any]) -> tuple[Slot, int] | None:
        """The slot that `out` lies in and where in it, if it was lent here."""
        with self._lock:
            for slot in self._lent.values():
                start = slot.start_of(out)
                if start is not None:
                    return slot, start
        return None

    def numbers(self) -> tuple[int, ...]:
        """Of all slots that exist."""
        with self._lock:
            return (*self._lent, *(slot.number for slot in self._free))

    @property
    def nbytes(self) -> int:
        """Bytes of all slots together."""
        with self._lock:
            return sum(slot.nbytes for slot in (*self._lent.values(), *self._free))

    def close(self) -> None:
        """Give up what nobody has; what is lent stays valid."""
        with self._lock:
            self._keep = 0
            self._take_back()

    def _hear(self, number: int) -> None:
        self._returned.append(number)
        if self._lock.acquire(blocking=False):
            try:
                self._take_back()
            finally:
                self._lock.release()

    def _fitting(self, nbytes: int) -> Slot | None:
        self._take_back()
        fitting = [slot for slot in self._free if slot.nbytes >= nbytes]
        if not fitting:
            return None
        slot = min(fitting, key=lambda slot: slot.nbytes)
        self._free.remove(slot)
        return slot

    def _take_back(self) -> None:
        while self._returned:
            self._free.append(self._lent.pop(self._returned.popleft()))
        self._drop(self._keep)

    def _drop(self, keep: int) -> None:
        while len(self._free) > keep:
            self._free.pop(0).close()
