"""`Continuity`: frames in their order, each with what is missing before it, and what is done about that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from qhy600_ophyd.contract import FrameLost, FrameTimeout
from qhy600_ophyd.device.fly_request import Order
from qhy600_ophyd.device.gap_watch import GapWatch
from qhy600_ophyd.device.receiving import Taken

_RESTARTS = 3
"""How often in a row a stream is started again that gives no frame at all."""


class Continuity:
    """Passes the frames of an order on, and handles gaps as its request says.

    Parameters
    ----------
    order
        Counted up here.
    period
        Seconds from one frame of the stream to the next.
    hand_over
        Takes a frame that is wanted; its row has ``lost_before``.
    give_back
        Takes the memory of one that is not.
    """

    def __init__(
        self,
        order: Order,
        period: float,
        *,
        hand_over: Callable[[Taken], None],
        give_back: Callable[[NDArray[Any]], None],
    ):
        self._order = order
        self._watch = GapWatch(period)
        self._pass_on, self._give_back = hand_over, give_back
        self._late: Taken | None = None
        self._ended_in_a_row = 0

    @property
    def clear(self) -> bool:
        """Whether no frame waits for the next one to show whether something is missing before it."""
        return self._late is None

    def stream_begins(self) -> None:
        """What comes now does not follow what came before."""
        self._watch.start_again()

    def came(self, taken: Taken) -> None:
        """Take a frame. Raises `FrameLost` if one is missing before it, or the one before, and must not."""
        self._ended_in_a_row = 0
        late, self._late = self._late, None
        if late is not None:
            self._judged(late, self._watch.settle(late.info, taken.info), following=taken)
        missing = self._watch.look(taken.info)
        if missing is None:
            self._late = taken
        else:
            self._judged(taken, missing)

    def stream_ended(self, error: FrameLost | FrameTimeout) -> None:
        """A frame came damaged or not at all, and the stream is over.

        Raises
        ------
        FrameLost
            The request does not allow it, or it was so too often in a row.
        """
        self.flush()
        which = self._order.number
        self._lose(1, f"{which} is lost: {error}", error)
        self._ended_in_a_row += 1
        if self._ended_in_a_row > _RESTARTS:
            raise FrameLost(
                f"{which} is lost: the stream was started again {_RESTARTS} times and gave no frame "
                f"({error}); check the camera's cables and its supply"
            ) from error
        self._order.restarts += 1

    def flush(self) -> None:
        """Pass on a frame that waits for the next one; none will come."""
        late, self._late = self._late, None
        if late is not None:
            self._hand_over(late)

    def _judged(self, taken: Taken, missing: int, *, following: Taken | None = None) -> None:
        try:
            if missing:
                gap = f"{missing} {'frame is' if missing == 1 else 'frames are'} missing"
                self._lose(missing, f"{gap} before {self._order.number}: the stream has a gap there")
        except FrameLost:
            self._give_back(taken.counts)
            if following is not None:
                self._give_back(following.counts)
            raise
        self._hand_over(taken)

    def _lose(self, frames: int, why: str, error: Exception | None = None) -> None:
        if self._order.request.on_loss == "fail":
            raise FrameLost(
                f"{why}; on_loss='record' goes on without what is lost, 'retry' makes up for it"
            ) from error
        self._order.lose(frames)

    def _hand_over(self, taken: Taken) -> None:
        order = self._order
        if order.missing == 0:
            # It was fetched to judge the one before, or lost frames have used up its place.
            self._give_back(taken.counts)
            return
        taken.row["lost_before"], order.unannounced = order.unannounced, 0
        order.frames += 1
        self._pass_on(taken)
