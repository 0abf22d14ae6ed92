"""`Crossing`: how a frame gets from the camera's process into the caller's memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.isolated.link import Link
from qhy600_ophyd.backends.isolated.messages import Memory
from qhy600_ophyd.backends.isolated.ring import Ring
from qhy600_ophyd.contract import FrameInfo, Settings

_LARGEST_COUNT = 4
"""Bytes."""


class Crossing:
    """Has frames put where the caller wants them: without a copy into what the ring has lent, else with one.

    Parameters
    ----------
    link
        To the camera's process.
    ring
        The memory that both processes see.
    """

    def __init__(self, link: Link, ring: Ring):
        self.ring = ring
        self._link = link

    def grab(self, out: NDArray[Any], timeout: float, *, bound: float) -> FrameInfo:
        """Have the next frame put at the start of `out`; raises as `Camera.grab`.

        Parameters
        ----------
        out, timeout
            As there.
        bound
            Seconds after which the camera counts as hung.
        """
        # The other process is told with each frame which slots exist, so no other frame may come between.
        with self._link.turn:
            if not (out.flags.c_contiguous and out.flags.writeable):
                refused = Memory(slot=None, nbytes=out.nbytes)
                return self._link.in_turn("grab", refused, timeout, bound=bound)
            place = self._place(out)
            if place is not None:
                return self._link.in_turn("grab", place, timeout, bound=bound, keep=out)
            return self._copied(out, timeout, bound)

    def _copied(self, out: NDArray[Any], timeout: float, bound: float) -> FrameInfo:
        settings: Settings = self._link.value("settings")
        most = settings.roi.width * settings.roi.height * _LARGEST_COUNT if settings.roi else out.nbytes
        lent = self.ring.lend(min(out.nbytes, most))
        info: FrameInfo = self._link.in_turn("grab", self._place(lent), timeout, bound=bound, keep=lent)
        size = info.shape[0] * info.shape[1] * np.dtype(info.dtype).itemsize
        out.reshape(-1).view(np.uint8)[:size] = lent[:size]
        return info

    def _place(self, out: NDArray[Any]) -> Memory | None:
        """Where `out` is for the other process, if it was lent."""
        found = self.ring.find(out)
        if found is None:
            return None
        slot, start = found
        self._link.there().hand_over(slot)
        return Memory(
            slot=slot.number,
            nbytes=out.nbytes,
            start=start,
            size=slot.nbytes,
            tag=slot.tag,
            live=self.ring.numbers(),
        )
