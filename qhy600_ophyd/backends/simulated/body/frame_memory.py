"""The camera's own memory: frames wait there for the link to the computer, in the order they were exposed."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from qhy600_ophyd.contract import SettingRefused


@dataclass(frozen=True, kw_only=True)
class HeldFrame:
    """A frame that waits.

    Parameters
    ----------
    number
        As it was put.
    size
        [byte].
    at
        When it was complete [s].
    """

    number: int
    size: int
    at: float


class FrameMemory:
    """A ring of frames between the sensor and the link.

    What does not fit is lost, never what waits already: the memory keeps its order, with a gap at its end.
    A frame that nobody fetched stays, and whoever fetches next gets it, unless the memory is emptied first.
    Of 9600 × 6422 pixels of 16 bit it holds 17 frames when 2 GB are 2**31 bytes (17.4 would fit), and 8 when
    1 GB is 2**30 bytes (8.7); 16 and 8 are the counts of 2 · 10**9 and 10**9 bytes.

    Parameters
    ----------
    capacity_bytes
        Of the whole memory.
    """

    def __init__(self, capacity_bytes: int):
        if capacity_bytes <= 0:
            raise SettingRefused("frame memory", capacity_bytes, allowed="1 byte or more")
        self._capacity = int(capacity_bytes)
        self._frames: deque[HeldFrame] = deque()
        self._occupied = 0
        self._lost: list[int] = []
        self._stalled_until = float("-inf")
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return (
            f"<FrameMemory {self._occupied} of {self._capacity} bytes, {len(self._frames)} frames, "
            f"{len(self._lost)} lost>"
        )

    @property
    def capacity(self) -> int:
        """Of the whole memory [byte]."""
        return self._capacity

    @property
    def occupied(self) -> int:
        """By frames that wait [byte]."""
        return self._occupied

    @property
    def held(self) -> tuple[HeldFrame, ...]:
        """Frames that wait, oldest first."""
        with self._lock:
            return tuple(self._frames)

    @property
    def lost(self) -> tuple[int, ...]:
        """Numbers of all frames that did not fit, since the memory was made."""
        with self._lock:
            return tuple(self._lost)

    def room_for(self, size: int) -> int:
        """How many more frames of so many bytes fit."""
        return (self._capacity - self._occupied) // size

    def put(self, number: int, size: int, at: float) -> bool:
        """Keep a frame of `size` bytes that is complete at `at` [s]; False if it did not fit and is lost."""
        with self._lock:
            if self._occupied + size > self._capacity:
                self._lost.append(number)
                return False
            self._frames.append(HeldFrame(number=number, size=size, at=at))
            self._occupied += size
            return True

    def take(self, now: float) -> HeldFrame | None:
        """The oldest frame, which leaves; ``None`` if none is complete or the link stands still."""
        with self._lock:
            if now < self._stalled_until or not self._frames or self._frames[0].at > now:
                return None
            frame = self._frames.popleft()
            self._occupied -= frame.size
            return frame

    def clear(self) -> tuple[int, ...]:
        """Empty the memory, as the camera's DDR command does; the numbers of the frames that were there."""
        with self._lock:
            dropped = tuple(frame.number for frame in self._frames)
            self._frames.clear()
            self._occupied = 0
            return dropped

    def stall(self, until: float) -> None:
        """Let the link stand still until then [s]; frames pile up meanwhile."""
        with self._lock:
            self._stalled_until = until

    def stalled(self, now: float) -> bool:
        """Whether the link stands still."""
        return now < self._stalled_until
