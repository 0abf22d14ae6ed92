"""Many frames as fast as the camera gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.utils import Msg, MsgGenerator

from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.plans._checks import exposes, frame_kind, reachable, whole
from qhy600_ophyd.plans._protocols import Flies
from qhy600_ophyd.plans._purpose import purpose
from qhy600_ophyd.plans._stubs import fly


def burst(
    camera: Flies,
    frames: int,
    *,
    exposure: float | None = None,
    kind: str = "light",
    on_loss: Literal["fail", "record", "retry"] = "fail",
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Frames of a live stream, one after the other without a pause between them.

    They are stored while they come, and announced in batches. What of them is missing, how often the stream
    was started again, and whether the store was too slow stands in the stop document as its reason.

    Parameters
    ----------
    camera
        Anything that exposes and flies.
    frames
        How many.
    exposure
        Exposure time [s]; ``None`` leaves the camera's.
    kind
        What they are: bias, dark, light or flat.
    on_loss
        What a lost frame does: ``"fail"`` ends the run; ``"record"`` goes on, with fewer frames; ``"retry"``
        goes on until all `frames` are there. The rows say in ``lost_before`` how many are missing before
        each.
    md
        Added to the start document.

    Returns
    -------
    str
        Uid of the run.

    Raises
    ------
    SettingRefused
        A camera that does not expose or fly, fewer than one frame, an unknown kind or way to handle a loss,
        or an exposure out of limits. All of this is seen before the run is opened.
    """
    exposes(camera)
    if not isinstance(camera, Flies):
        raise SettingRefused("burst of", getattr(camera, "name", camera), allowed="a camera that flies")
    frames = whole("frames", frames)
    kind = frame_kind(kind)
    if exposure is not None:
        reachable(camera.exposure, [exposure])
    request = camera.fly_request(frames=frames, on_loss=on_loss, stream="primary", rewinds=False)
    about = purpose(
        "burst",
        why="frames in quick succession",
        camera=camera,
        points=frames,
        arguments={
            "camera": camera,
            "frames": frames,
            "exposure": exposure,
            "kind": kind,
            "on_loss": on_loss,
        },
        md=md,
    )

    @bpp.run_decorator(md=about)
    def frames_of_a_stream() -> MsgGenerator[Any]:
        if exposure is not None:
            yield from bps.mv(camera.exposure, exposure)
        yield from fly(camera, request, kind=kind, step=0)

    def with_reason(message: Msg) -> Msg:
        """The end of the run, with what was not as it was asked for."""
        if message.command != "close_run" or message.kwargs.get("reason"):
            return message
        return message._replace(kwargs={**message.kwargs, "reason": camera.flight_report or None})

    return (yield from bpp.stage_wrapper(bpp.msg_mutator(frames_of_a_stream(), with_reason), [camera]))
