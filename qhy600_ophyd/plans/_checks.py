"""Arguments of plans, looked at before a run is opened."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from qhy600_ophyd.contract import SettingRefused


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
    """A whole number from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SettingRefused(name, value, allowed="a whole number from 1")
    return value
