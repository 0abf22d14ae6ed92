"""Live frames for eyes; nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.utils import MsgGenerator, short_uid

from qhy600_ophyd.contract import Frame, SettingRefused
from qhy600_ophyd.plans._checks import whole
from qhy600_ophyd.plans._protocols import Shows

_LOOK = 0.5
"""Seconds from one place to the next at which Ctrl-C pauses the plan."""


def live(
    camera: Shows, on_frame: Callable[[Frame], object] | None = None, *, frames: int | None = None
) -> MsgGenerator[None]:
    """Show a live stream until somebody ends it: with Ctrl-C, or with ``camera.stop()`` from elsewhere.

    There is no run, no document and no file. Signals such as ``camera.mean`` tell those who subscribed of
    each frame that is shown.

    Parameters
    ----------
    camera
        Anything that shows frames.
    on_frame
        Called with each frame, in a thread of its own. Its counts are overwritten when it returns. Frames
        that come while it works are left out, but for the newest.
    frames
        After how many it ends by itself.

    Raises
    ------
    SettingRefused
        A camera that shows nothing, or fewer than one frame.
    """
    if not isinstance(camera, Shows):
        raise SettingRefused("live of", getattr(camera, "name", camera), allowed="a camera that shows frames")
    view = camera.viewer(on_frame, frames=None if frames is None else whole("frames", frames))

    def shown() -> MsgGenerator[Any]:
        while True:
            group = short_uid("view")
            yield from bps.trigger(view, group=group)
            # Here, so that a plan that is rewound does not start the view twice.
            yield from bps.checkpoint()
            done: bool | None = False
            # No answer, rather than a no, is that of a pause, or of somebody who only looks at the messages.
            while done is False:
                done = yield from bps.wait(group, timeout=_LOOK, error_on_timeout=False)
                yield from bps.checkpoint()
            if not view.unfinished:
                return

    yield from bpp.stage_wrapper(shown(), [view])
