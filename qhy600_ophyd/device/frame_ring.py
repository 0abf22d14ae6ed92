"""`FrameRing`: the memory that frames come into, which never grows."""

from __future__ import annotations

import math
import queue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import FrameInfo, Layout, LendsMemory, QHY600Error, SettingRefused


class FrameRing:
    """So many buffers of one frame each, made when they are first needed.

    One thread takes them, any may give them back. Who finds none waits: so a slow disk makes the camera wait
    and never takes more memory.

    Parameters
    ----------
    size
        How many.
    layout
        Of the frames.
    lender
        Whose memory it is, if not this process's own.
    """

    def __init__(self, size: int, layout: Layout, lender: LendsMemory | None):
        self.size, self._layout, self._lender = size, layout, lender
        self._free: queue.SimpleQueue[NDArray[Any]] = queue.SimpleQueue()
        self._made = 0

    @property
    def nbytes(self) -> int:
        """Bytes of all its buffers, made or still to be made."""
        return self.size * self._frame_bytes

    def fits(self, layout: Layout) -> bool:
        """Whether frames of `layout` have the shape and type of its buffers."""
        return (layout.shape, layout.dtype) == (self._layout.shape, self._layout.dtype)

    def take(self, timeout: float = 0.0) -> NDArray[Any] | None:
        """A buffer of shape ``(rows, columns)``, what it holds being left over from anything.

        ``None`` if none is given back within `timeout` host seconds. Raises `CameraError` or `MemoryError`
        where there is no room for it.
        """
        if self._free.empty() and self._made < self.size:
            buffer = self._new()
            self._made += 1
            return buffer
        try:
            return self._free.get(timeout=timeout) if timeout > 0 else self._free.get_nowait()
        except queue.Empty:
            return None

    def give(self, buffer: NDArray[Any]) -> None:
        """Give a buffer back."""
        self._free.put(buffer)

    @property
    def _frame_bytes(self) -> int:
        return math.prod(self._layout.shape) * np.dtype(self._layout.dtype).itemsize

    def _new(self) -> NDArray[Any]:
        if self._lender is None:
            return np.empty(self._layout.shape, self._layout.dtype)
        return self._lender.lend(self._frame_bytes).view(self._layout.dtype).reshape(self._layout.shape)


def whole_number_of_buffers(size: Any) -> int:
    """`size`, if a ring can have so many buffers: one that is filled, one that is stored, or more.

    Raises
    ------
    SettingRefused
        It cannot.
    """
    if not isinstance(size, int) or isinstance(size, bool) or size < 2:
        raise SettingRefused("ring", size, allowed="a whole number of frames from 2")
    return size


def check_delivered(info: FrameInfo, buffer: NDArray[Any]) -> None:
    """Raise `QHY600Error` if the frame that was delivered into `buffer` has another shape or type."""
    if info.shape != buffer.shape or np.dtype(info.dtype) != buffer.dtype:
        raise QHY600Error(
            f"the camera delivered {info.shape} {info.dtype} where {buffer.shape} {buffer.dtype} "
            "was configured; the frame was not stored"
        )
