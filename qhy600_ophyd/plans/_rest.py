"""What is left of a plan of which some frames were taken: its frames by their labels, and the rest of it."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any

import bluesky.preprocessors as bpp
from bluesky.utils import Msg

from qhy600_ophyd.plans._protocols import Labels


@dataclass(frozen=True, kw_only=True)
class FrameLabel:
    """What tells one frame of a step plan from all others.

    Parameters
    ----------
    stream
        Name of its bluesky stream.
    kind, step, repeat
        As `take` labels it.
    """

    stream: str = "primary"
    kind: str = ""
    step: int = -1
    repeat: int = -1


def frames_of(plan: Iterable[Msg], camera: Labels) -> list[FrameLabel]:
    """The frames that a step plan takes, in its order. Its messages are looked at and not executed.

    Parameters
    ----------
    plan
        One whose messages do not depend on what comes of them; it is used up.
    camera
        Whose frames are meant.
    """
    labels, found = _Labels(camera), []
    for message in plan:
        labels.follow(message)
        if message.command == "trigger" and message.obj is camera:
            found.append(labels.now)
    return found


def rest_of(
    plan: Iterable[Msg], camera: Labels, *, taken: Collection[FrameLabel] = (), first_repeat: int = 0
) -> Generator[Msg, Any, Any]:
    """A plan without the frames that were taken before.

    Everything else is done as always: settings and lights move even where no frame follows, so that whatever
    comes next finds them where it would.

    Parameters
    ----------
    plan
        Made of `take`, or of anything that labels its frames, triggers, reads and saves.
    camera
        Whose frames are meant.
    taken
        Frames to leave out, with whatever else would have been read in their events.
    first_repeat
        What the first frame is counted as, for plans that count from 0 and are asked for the remaining
        number of frames.
    """
    return bpp.msg_mutator(plan, _Rest(camera, frozenset(taken), first_repeat))


class _Labels:
    """What the next frame is called, from the messages that say it."""

    def __init__(self, camera: Labels):
        self._signals = {"kind": camera.frame_kind, "step": camera.step, "repeat": camera.repeat}
        if (stream := getattr(camera, "stream", None)) is not None:
            self._signals["stream"] = stream
        self.now = FrameLabel()

    def follow(self, message: Msg) -> str:
        """Take in a message; returns which label it sets, if it does."""
        if message.command == "set":
            for name, signal in self._signals.items():
                if message.obj is signal:
                    self.now = replace(self.now, **{name: message.args[0]})
                    return name
        return ""


class _Rest:
    """Decides of each message whether it is sent."""

    def __init__(self, camera: Labels, taken: frozenset[FrameLabel], first_repeat: int):
        self._camera, self._taken, self._first_repeat = camera, taken, first_repeat
        self._labels = _Labels(camera)
        self._skipping, self._group = False, None

    def __call__(self, message: Msg) -> Msg | None:
        label = self._labels.follow(message)
        if self._skipping:
            return self._within_skipped(message)
        if label == "repeat" and self._first_repeat:
            return message._replace(args=(message.args[0] + self._first_repeat,))
        if message.command == "trigger" and message.obj is self._camera:
            self._skipping, self._group = self._labels.now in self._taken, message.kwargs.get("group")
        return None if self._skipping else message

    def _within_skipped(self, message: Msg) -> Msg | None:
        """From the trigger of a frame that was taken to the end of its event."""
        if message.command in ("save", "drop"):
            self._skipping = False
            return None
        if message.command == "wait" and message.kwargs.get("group") != self._group:
            return message
        return None if message.command in ("trigger", "wait", "create", "read") else message
