"""`FlyRequest`: so many frames of a live stream are asked for; `Order`: how far that has come."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Literal, get_args

from qhy600_ophyd.contract import SettingRefused

OnLoss = Literal["fail", "record", "retry"]


@dataclass(frozen=True, kw_only=True)
class FlyRequest:
    """What ``prepare`` takes before ``kickoff``.

    Parameters
    ----------
    frames
        How many; ``None``: until ``complete()`` or ``stop()`` is called.
    on_loss
        What happens when a frame is missing, because it came damaged, not at all, or left a gap.
        ``"fail"``: the stream ends with `FrameLost`. ``"record"``: it goes on, and the missing frame counts
        as one of `frames`. ``"retry"``: it goes on until `frames` have come. Where it goes on, the next row
        says in ``lost_before`` how many are missing, and a stream that has ended is started again.
    stream
        Name of the bluesky stream that the frames belong to.
    rewinds
        Whether a pause lets a RunEngine send again what it has sent since its last checkpoint, as it does by
        itself. No: the plan kicks off again while the camera is ``unfinished``, as `plans.fly` does.

    Raises
    ------
    SettingRefused
        Fewer than one frame, or no such way to handle a loss.
    """

    frames: int | None = None
    on_loss: OnLoss = "fail"
    stream: str = "primary"
    rewinds: bool = True

    def __post_init__(self) -> None:
        whole = isinstance(self.frames, Integral) and not isinstance(self.frames, bool)
        if self.frames is not None and (not whole or self.frames < 1):
            raise SettingRefused("frames", self.frames, allowed="a whole number from 1, or None for no end")
        if self.on_loss not in get_args(OnLoss):
            raise SettingRefused(
                "on_loss", repr(self.on_loss), allowed="one of " + ", ".join(get_args(OnLoss))
            )


class Order:
    """How far a request has come, over all the streams that it takes.

    A pause ends a stream; the next ``kickoff`` goes on with the same order.

    Attributes
    ----------
    frames : int
        Handed over to be stored or shown.
    lost : int
        Known to be missing.
    restarts : int
        How often the stream was started again because of a loss.
    held_up : float
        Host seconds in which the camera was not asked for frames, because all memory waited for the store.
    """

    def __init__(self, request: FlyRequest):
        self.request = request
        self.frames = self.lost = self.restarts = 0
        self.held_up = 0.0
        self.stopped = False
        """Whether somebody has said that it is enough."""
        self.interrupted = False
        """Whether a pause came since it was prepared: a rewound plan prepares and kicks off again."""
        self.took_off = False
        """Whether a stream was started for it: before, a rewound plan does no harm, and may be needed."""
        self.unannounced = 0
        """Lost frames that the next row has to tell of."""

    @property
    def missing(self) -> int | None:
        """Frames that are still to be taken; ``None`` where there is no end."""
        if self.request.frames is None:
            return None
        given_up = self.lost if self.request.on_loss == "record" else 0
        return max(self.request.frames - self.frames - given_up, 0)

    @property
    def unfinished(self) -> bool:
        """Whether more frames are wanted."""
        return not self.stopped and self.missing != 0

    @property
    def number(self) -> str:
        """Which frame comes next, for messages."""
        of = "" if self.request.frames is None else f" of {self.request.frames}"
        return f"frame {self.frames + (self.lost if self.request.on_loss == 'record' else 0) + 1}{of}"

    def lose(self, frames: int) -> None:
        """Note so many missing frames, for the next row to tell of."""
        self.lost += frames
        self.unannounced += frames

    def report(self) -> str:
        """What was not as it was asked for, in one line; empty if nothing."""
        wanted, told = self.request.frames, list[str]()
        if self.lost:
            told.append(f"{_counted(self.lost, 'frame')} lost, as lost_before says in the rows")
        if self.restarts:
            told.append(f"stream started again {_counted(self.restarts, 'time')}")
        if self.held_up >= 1.0:
            told.append(f"the store held the camera up for {self.held_up:.1f} s")
        if self.stopped and self.missing:
            told.append(f"stopped after {self.frames} of {_counted(wanted or 0, 'frame')}")
        return "; ".join(told)


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
