"""Two runs held against each other: frame by frame, label by label, and by what they say of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from qhy600_ophyd.contract.vocabulary import LABEL_FIELDS, SETTING_FIELDS

LABELS = (
    *(field.name for field in (*LABEL_FIELDS, *SETTING_FIELDS)),
    *("saturation_code", "irradiance", "wavelength"),
)
"""Columns that the frames of two runs of the same plan have alike, on any camera."""

COSTS = ("lost_before", "retries", "discarded", "unverified")
"""Columns that tell what went wrong on the way to a frame."""

_SHOWN = 5
"""Frames that are named one by one."""


def differing_frames(before: xr.Dataset, after: xr.Dataset) -> Iterator[str]:
    """What is not alike in the counts of two runs, a line each; every frame is read once."""
    shapes = list(differing_shapes(before, after))
    yield from shapes
    if shapes:
        return
    unlike: list[str] = []
    for n in range(min(before.sizes["frame"], after.sizes["frame"])):
        pixels = int(np.count_nonzero(before.counts[n].values != after.counts[n].values))
        if pixels:
            unlike.append(f"frame {n}: the counts of {pixels} pixels differ")
    yield from unlike[:_SHOWN]
    if len(unlike) > _SHOWN:
        yield f"and of {len(unlike) - _SHOWN} more frames"


def differing_shapes(before: xr.Dataset, after: xr.Dataset) -> Iterator[str]:
    """A line where frames of two runs have another shape or type."""
    then, now = ((run.counts.shape[1:], run.counts.dtype) for run in (before, after))
    if then != now:
        yield f"frames of {then[0]} {then[1]} then, of {now[0]} {now[1]} now"


def differing_columns(before: xr.Dataset, after: xr.Dataset, names: tuple[str, ...]) -> Iterator[str]:
    """Columns of two runs that are not alike, a line each, with the first frame where they are not."""
    frames = min(before.sizes["frame"], after.sizes["frame"])
    for name in names:
        if name not in before.coords or name not in after.coords:
            if name in before.coords or name in after.coords:
                yield f"column {name} is in one of the runs only"
            continue
        then, now = before[name].values[:frames], after[name].values[:frames]
        unlike = np.flatnonzero([not _alike(a, b) for a, b in zip(then, now, strict=True)])
        if unlike.size:
            n = int(unlike[0])
            more = f", and of {unlike.size - 1} more" if unlike.size > 1 else ""
            yield f"{name} of frame {n}{more}: {_text(then[n])} then, {_text(now[n])} now"


def differing_numbers(before: xr.Dataset, after: xr.Dataset) -> Iterator[str]:
    """A line where two runs do not have as many frames."""
    then, now = before.sizes["frame"], after.sizes["frame"]
    if then != now:
        yield f"{then} frames then, {now} now"


def differing_entries(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Entries of two tables that are not alike, a line each."""
    for key in sorted({*before, *after}):
        then, now = before.get(key), after.get(key)
        if then != now:
            yield f"{name}: {key} {_text(then)} then, {_text(now)} now"


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return bool(np.array_equal(a, b))
    return bool(a == b) or (a != a and b != b)


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, np.ndarray):
        return str(value.tolist())
    return f"{value:.9g}" if isinstance(value, float) else str(value) or "empty"
