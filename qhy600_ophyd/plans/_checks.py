"""Arguments of plans, looked at before a run is opened."""

from __future__ import annotations

import itertools
import math
import reprlib
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

from bluesky.protocols import Checkable

from qhy600_ophyd.contract import FRAME_KINDS, SettingRefused
from qhy600_ophyd.plans._protocols import Exposes


def increasing(name: str, values: Sequence[float]) -> list[float]:
    """The values as floats, smallest first.

    Raises
    ------
    SettingRefused
        There are none, one is not a finite number, or one stands there twice (which would make one level
        of two).
    """
    try:
        numbers = sorted(float(v) for v in values)
    except (TypeError, ValueError):
        raise SettingRefused(name, repr(values), allowed="a list of numbers") from None
    if not numbers or not all(math.isfinite(v) for v in numbers):
        raise SettingRefused(name, numbers, allowed="at least one number, all finite")
    for one, other in itertools.pairwise(numbers):
        if one == other:
            raise SettingRefused(
                name,
                f"{one:g} twice",
                allowed="each value once",
                advice="Use repeats= for more frames at a level",
            )
    return numbers


def whole(name: str, value: Any) -> int:
    """The value as a whole number from 1.

    Raises
    ------
    SettingRefused
        It is something else.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise SettingRefused(name, value, allowed="a whole number from 1")
    return int(value)


def exposes(camera: Any) -> None:
    """Ask of the argument ``camera`` that it is one, before anything else is asked of it.

    Raises
    ------
    SettingRefused
        It cannot be triggered and read, or has no exposure time, as a light or a list cannot.
    """
    if not isinstance(camera, Exposes):
        given = getattr(camera, "name", None) or reprlib.repr(camera)
        raise SettingRefused(
            "camera",
            given,
            allowed="a camera, the first argument of the plan",
            advice=f"{given} is not something that exposes",
        )


def reachable(movable: Any, values: Iterable[Any]) -> None:
    """Ask a movable that can say so whether it accepts all of `values`, before anything is taken.

    Raises
    ------
    Exception
        What its ``check_value`` raises, such as `SettingRefused`.
    """
    if isinstance(movable, Checkable):
        for value in values:
            movable.check_value(value)


def frame_kind(kind: str) -> str:
    """The kind of frames, if it is one.

    Raises
    ------
    SettingRefused
        It is none.
    """
    if kind not in FRAME_KINDS:
        raise SettingRefused("kind", repr(kind), allowed="one of " + ", ".join(FRAME_KINDS))
    return kind
