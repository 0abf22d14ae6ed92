"""Frames at each of several gain settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.utils import MsgGenerator

from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.plans._checks import exposes, increasing, reachable, whole
from qhy600_ophyd.plans._protocols import HasGain, Illuminates
from qhy600_ophyd.plans._purpose import purpose
from qhy600_ophyd.plans._stubs import levels_of, shine, take


def gain_sweep(
    camera: HasGain,
    gains: Sequence[float],
    *,
    exposure: float | None = None,
    repeats: int = 2,
    light: Illuminates | None = None,
    on: Any = None,
    off: Any = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Dark frames, and bright ones where there is a light, at each gain setting, lowest first.

    Parameters
    ----------
    camera
        Anything that exposes and has a gain register.
    gains
        Register values.
    exposure
        Exposure time of all frames [s]; ``None`` leaves the camera's.
    repeats
        Frames of each kind at each gain; two give read noise and e-/count from their difference.
    light, on, off
        A light, left dark at the end, and its levels for bright and dark frames; without a light all frames
        are "light".
    md
        Added to the start document.

    Returns
    -------
    str
        Uid of the run.

    Raises
    ------
    SettingRefused
        A camera that does not expose or has no gain, no gains, one twice or out of limits, fewer than one
        repeat, or a light that does not say which level is off. All of this is seen before the run is opened.
    """
    exposes(camera)
    if not isinstance(camera, HasGain):
        raise SettingRefused("gain_sweep of", getattr(camera, "name", camera), allowed="a camera with a gain")
    settings = increasing("gains", gains)
    repeats = whole("repeats", repeats)
    reachable(camera.gain, settings)
    if exposure is not None:
        reachable(camera.exposure, [exposure])
    if light is None:
        kinds: list[tuple[str, Any]] = [("light", None)]
    else:
        bright, dark = levels_of(light, on=on, off=off)
        reachable(light, [dark, bright])
        kinds = [("dark", dark), ("light", bright)]
    about = purpose(
        "gain_sweep",
        why="e-/count and read noise against the gain setting",
        camera=camera,
        movables=[camera.gain, *([] if light is None else [light])],
        points=len(settings) * len(kinds) * repeats,
        axes=[f"{camera.name}_gain"],
        arguments={
            "camera": camera,
            "gains": settings,
            "exposure": exposure,
            "repeats": repeats,
            "light": light,
            "on": on,
            "off": off,
        },
        md=md,
    )

    @bpp.stage_decorator([camera])
    @bpp.run_decorator(md=about)
    def sweep() -> MsgGenerator[Any]:
        if exposure is not None:
            yield from bps.mv(camera.exposure, exposure)
        for step, gain in enumerate(settings):
            yield from bps.mv(camera.gain, gain)
            for kind, level in kinds:
                if light is not None:
                    yield from shine(light, level)
                yield from take(camera, repeats, kind=kind, step=step, also=[] if light is None else [light])

    def leave_dark() -> MsgGenerator[None]:
        if light is not None:
            yield from shine(light, kinds[0][1])

    return (yield from bpp.finalize_wrapper(sweep(), leave_dark))
