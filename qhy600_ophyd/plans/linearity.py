"""The linearity and photon-transfer experiment: bright and dark pairs at each level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.utils import MsgGenerator

from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.plans._checks import exposes, increasing, reachable, whole
from qhy600_ophyd.plans._protocols import Exposes, Illuminates
from qhy600_ophyd.plans._purpose import purpose
from qhy600_ophyd.plans._stubs import levels_of, shine, take

Order = Literal["dark_first", "light_first", "all_darks_first", "all_lights_first"]


def linearity(
    camera: Exposes,
    light: Illuminates,
    exposures: Sequence[float] | None = None,
    *,
    levels: Sequence[float] | None = None,
    exposure: float | None = None,
    repeats: int = 2,
    order: Order = "dark_first",
    on: Any = None,
    off: Any = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Bright and dark frames at each exposure time, or at each level of the light.

    All frames are events of one stream, told apart by ``frame_kind``, ``step`` (the level) and ``repeat``.
    Every level has its own darks of the same exposure time, so that nothing has to be guessed later.

    Parameters
    ----------
    camera
        Anything that exposes.
    light
        Any movable; uncalibrated ones give no photons, and so no responsivity or quantum efficiency.
    exposures
        Exposure times [s], for steps of exposure at one level of light.
    levels
        Levels of the light, for steps of light at one exposure time.
    exposure
        Exposure time of a series in `levels` [s]; ``None`` leaves the camera's.
    repeats
        Frames of each kind at each level; EMVA 1288 takes two.
    order
        Whether darks come before the lights or after, at each level or for the whole series.
    on, off
        Levels for bright and dark frames; ``None`` takes what the light itself calls so.
    md
        Added to the start document.

    Returns
    -------
    str
        Uid of the run.

    Raises
    ------
    SettingRefused
        A camera that does not expose, both or neither of `exposures` and `levels`, an empty or double one, a
        value out of limits, an unknown order, or a light that does not say which level is on or off. All of
        this is seen before the run is opened.
    """
    exposes(camera)
    if (exposures is None) == (levels is None):
        raise SettingRefused("linearity", "steps", allowed="either exposures= or levels=, one of the two")
    if order not in get_args(Order):
        raise SettingRefused("order", repr(order), allowed="one of " + ", ".join(get_args(Order)))
    if exposures is not None and exposure is not None:
        raise SettingRefused("exposure", exposure, allowed="nothing with exposures=; it belongs to levels=")
    repeats = whole("repeats", repeats)
    if exposures is not None:
        bright, dark = levels_of(light, on=on, off=off)
        exposures = increasing("exposures", exposures)
        steps: list[tuple[float | None, Any]] = [(t, bright) for t in exposures]
        axis = f"{camera.name}_exposure"
    else:
        assert levels is not None
        levels = increasing("levels", levels)
        _, dark = levels_of(light, on=levels[-1], off=off)
        steps = [(exposure, level) for level in levels]
        axis = light.name
    reachable(camera.exposure, [seconds for seconds, _ in steps if seconds is not None])
    reachable(light, [dark, *(level for _, level in steps)])
    about = purpose(
        "linearity",
        why="photon transfer and linearity",
        camera=camera,
        movables=[camera.exposure, light],
        points=2 * len(steps) * repeats,
        axes=[axis],
        arguments={
            "camera": camera,
            "light": light,
            "exposures": exposures,
            "levels": levels,
            "exposure": exposure,
            "repeats": repeats,
            "order": order,
            "on": on,
            "off": off,
        },
        md=md,
    )

    @bpp.stage_decorator([camera])
    @bpp.run_decorator(md=about)
    def experiment() -> MsgGenerator[Any]:
        for kind, step in _sequence(order, len(steps)):
            seconds, level = steps[step]
            yield from shine(light, level if kind == "light" else dark)
            if seconds is not None:
                yield from bps.mv(camera.exposure, seconds)
            yield from take(camera, repeats, kind=kind, step=step, also=[light])

    def leave_dark() -> MsgGenerator[None]:
        yield from shine(light, dark)

    return (yield from bpp.finalize_wrapper(experiment(), leave_dark))


def _sequence(order: Order, steps: int) -> Iterator[tuple[str, int]]:
    kinds = ("dark", "light") if "dark" in order else ("light", "dark")
    if order.startswith("all"):
        yield from ((kind, step) for kind in kinds for step in range(steps))
    else:
        yield from ((kind, step) for step in range(steps) for kind in kinds)
