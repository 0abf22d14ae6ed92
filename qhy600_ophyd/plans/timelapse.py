"""One frame at each of many times, evenly spaced."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, get_args

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.utils import MsgGenerator

from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.plans._checks import exposes, frame_kind, reachable, whole
from qhy600_ophyd.plans._protocols import Schedules
from qhy600_ophyd.plans._purpose import purpose
from qhy600_ophyd.plans._stubs import label

Late = Literal["refuse", "record"]


def timelapse(
    camera: Schedules,
    interval: float,
    frames: int,
    *,
    exposure: float | None = None,
    kind: str = "light",
    late: Late = "refuse",
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Single frames, frame n beginning n intervals after the first one.

    All times are on the camera's own clock. A frame that could not begin in time begins at once, its
    ``lateness`` says by how much it was late, and those after it are due when they would have been: there is
    no drift. So it is after a pause too, when frames follow one another until the plan has caught up.

    Parameters
    ----------
    camera
        Anything that exposes at a given time.
    interval
        From the start of one exposure to that of the next [s].
    frames
        How many.
    exposure
        Exposure time [s]; ``None`` leaves the camera's.
    kind
        What they are: bias, dark, light or flat.
    late
        What is done with an interval that the camera cannot keep: ``"refuse"`` it before the run, or
        ``"record"`` by how much each frame is late.
    md
        Added to the start document.

    Returns
    -------
    str
        Uid of the run.

    Raises
    ------
    SettingRefused
        A camera that does not expose or has no schedule, an interval that is too short or no time, fewer
        than one frame, an unknown kind, or an exposure out of limits. All of this is seen before the run is
        opened.
    """
    exposes(camera)
    if not isinstance(camera, Schedules):
        raise SettingRefused(
            "timelapse of", getattr(camera, "name", camera), allowed="a camera with a schedule"
        )
    frames = whole("frames", frames)
    kind = frame_kind(kind)
    if exposure is not None:
        reachable(camera.exposure, [exposure])
    interval = _possible(camera, interval, exposure, late)
    about = purpose(
        "timelapse",
        why="change over time",
        camera=camera,
        points=frames,
        arguments={
            "camera": camera,
            "interval": interval,
            "frames": frames,
            "exposure": exposure,
            "kind": kind,
            "late": late,
        },
        md=md,
    )

    @bpp.stage_decorator([camera])
    @bpp.run_decorator(md=about)
    def series() -> MsgGenerator[Any]:
        if exposure is not None:
            yield from bps.mv(camera.exposure, exposure)
        yield from label(camera, kind=kind, step=0)
        begin = math.nan
        for n in range(frames):
            yield from bps.checkpoint()
            yield from label(camera, repeat=n)
            # It holds for one trigger: a plan that is rewound has to say it again.
            yield from bps.abs_set(camera.due, begin + n * interval, wait=True)
            yield from bps.trigger_and_read([camera])
            yield from bps.checkpoint()
            if n == 0:
                begin = camera.trigger_monotonic.get() * 1e-9

    return (yield from series())


def _possible(camera: Schedules, interval: Any, exposure: float | None, late: Any) -> float:
    """The interval, if the camera can keep it or need not."""
    if late not in get_args(Late):
        raise SettingRefused("late", repr(late), allowed="one of " + ", ".join(get_args(Late)))
    try:
        seconds = float(interval)
    except (TypeError, ValueError):
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise SettingRefused("interval", repr(interval), allowed="a number of seconds above 0")
    shortest = camera.shortest_interval(exposure)
    if late == "refuse" and seconds < shortest:
        raise SettingRefused(
            "interval",
            f"{seconds:g} s",
            allowed=f"{math.ceil(shortest * 1e3) / 1e3:g} s or more, for delay, exposure and readout",
            advice="A shorter exposure or a smaller area helps; late='record' takes frames as they come",
        )
    return seconds
