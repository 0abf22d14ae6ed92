"""Frames at each of several exposure times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.utils import MsgGenerator

from qhy600_ophyd.plans._checks import exposes, frame_kind, increasing, reachable, whole
from qhy600_ophyd.plans._protocols import Exposes, Illuminates
from qhy600_ophyd.plans._purpose import purpose
from qhy600_ophyd.plans._stubs import take


def exposure_series(
    camera: Exposes,
    exposures: Sequence[float],
    *,
    repeats: int = 1,
    kind: str = "light",
    light: Illuminates | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Frames at each exposure time, shortest first.

    Parameters
    ----------
    camera
        Anything that exposes.
    exposures
        Exposure times [s].
    repeats
        Frames at each.
    kind
        What they are: bias, dark, light or flat.
    light
        Read with each frame, and left as it is.
    md
        Added to the start document.

    Returns
    -------
    str
        Uid of the run.

    Raises
    ------
    SettingRefused
        A camera that does not expose, no exposures, one twice or out of limits, fewer than one repeat, or an
        unknown kind. All of this is seen before the run is opened.
    """
    exposes(camera)
    times = increasing("exposures", exposures)
    repeats = whole("repeats", repeats)
    kind = frame_kind(kind)
    reachable(camera.exposure, times)
    also = [] if light is None else [light]
    about = purpose(
        "exposure_series",
        why="signal against exposure time",
        camera=camera,
        movables=[camera.exposure],
        points=len(times) * repeats,
        axes=[f"{camera.name}_exposure"],
        arguments={
            "camera": camera,
            "exposures": times,
            "repeats": repeats,
            "kind": kind,
            "light": light,
        },
        md=md,
    )

    @bpp.stage_decorator([camera])
    @bpp.run_decorator(md=about)
    def series() -> MsgGenerator[Any]:
        for step, seconds in enumerate(times):
            yield from bps.mv(camera.exposure, seconds)
            yield from take(camera, repeats, kind=kind, step=step, also=also)

    return (yield from series())
