"""`GapWatch`: how many frames are missing between those of a stream that have come."""

from __future__ import annotations

from qhy600_ophyd.contract import FrameInfo
from qhy600_ophyd.contract.frame_numbers import COUNTERS, frames_between

_SHORTEST = 0.16
"""Period [s] from which on the time tells of a gap. Asking the vendor's library in vain costs 40 ms (measured
on it), by which a frame of a stream can seem late: a quarter of this."""

_TOLERANCE = 0.25
"""Part of a period by which a frame that is in step may come early or late."""


class GapWatch:
    """Looks at each frame of a stream for frames that are missing before it.

    A counter in the camera tells at once. Without one, the time does, if frames come slowly enough: a stream
    that keeps its pace before and after a gap has lost what the gap is long. A frame that is merely late is
    followed by the next one early, so that a late frame can be judged only by the one after it. What is lost
    while the host is late itself shows when it has caught up.

    Parameters
    ----------
    period
        Seconds from one frame to the next.
    """

    def __init__(self, period: float):
        self._period = period
        self.start_again()

    def start_again(self) -> None:
        """A new stream begins."""
        self._index = 0
        self._numbered: tuple[int, int, str] | None = None
        self._in_step: tuple[int, int] | None = None
        self._last_arrival = 0

    def look(self, info: FrameInfo) -> int | None:
        """Frames missing before this one; ``None`` if only the next frame can show it."""
        self._index += 1
        if info.sequence_source in COUNTERS:
            return self._counted(info.sequence, info.sequence_source)
        if self._period < _SHORTEST:
            return 0
        interval = (info.arrival_monotonic - self._last_arrival) * 1e-9
        self._last_arrival = info.arrival_monotonic
        if self._in_step is None:
            self._in_step = (info.arrival_monotonic, self._index)
            return 0
        behind = self._behind(info.arrival_monotonic)
        if behind > _TOLERANCE:
            return 0 if behind < 1 - _TOLERANCE else None
        if behind < 0 or self._keeps_pace(interval):
            self._in_step = (info.arrival_monotonic, self._index)
        return 0

    def settle(self, late: FrameInfo, following: FrameInfo) -> int:
        """Frames missing before `late`, of which `look` could not tell, now that the next one has come."""
        if not self._keeps_pace((following.arrival_monotonic - late.arrival_monotonic) * 1e-9):
            return 0
        missing = round(self._behind(late.arrival_monotonic))
        self._in_step = (late.arrival_monotonic, self._index)
        return missing

    def _counted(self, sequence: int, source: str) -> int:
        before, self._numbered = self._numbered, (sequence, self._index, source)
        if before is None or before[2] != source:
            return 0
        # A frame whose header is not there has a number of the host, and has come all the same.
        come = self._index - before[1]
        return max(frames_between(before[0], sequence, source=source) - come, 0)

    def _behind(self, arrival: int) -> float:
        """Periods by which the frame looked at last came later than in step with the last one that was."""
        assert self._in_step is not None
        then, index = self._in_step
        return (arrival - then) * 1e-9 / self._period - (self._index - index)

    def _keeps_pace(self, interval: float) -> bool:
        return abs(interval - self._period) <= _TOLERANCE * self._period
