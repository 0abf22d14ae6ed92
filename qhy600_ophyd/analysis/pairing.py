"""Which frames of a run belong together: by frame kind and level, never by comparing times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import AnalysisRefused

if TYPE_CHECKING:
    import xarray as xr

FIXED = ("gain", "offset", "readout_mode", "binning", "bit_depth")
"""Settings that decide what a count means, and so may not vary within one photon-transfer curve."""

Pair = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Level:
    """One level of light: indices of the frames taken at it, two by two.

    Parameters
    ----------
    step
        Number of the level in the run.
    light, dark
        Pairs of frame indices with and without light.
    """

    step: int
    light: tuple[Pair, ...]
    dark: tuple[Pair, ...]


def pair_levels(run: xr.Dataset, *, varying: str | None = None, plan: str = "plans.linearity") -> list[Level]:
    """The levels of `run`, each with its pairs of light frames and of dark frames.

    Frames of one level and kind are ordered by ``repeat`` and taken two by two; where their number is odd
    the last is not used. Frames without a level (``step`` < 0) and of other kinds are not looked at.

    Parameters
    ----------
    run
        As `analysis.levels` takes it.
    varying
        A setting of `FIXED` that may differ from level to level, never within one; none unless given.
    plan
        What takes such runs, for the message.

    Raises
    ------
    AnalysisRefused
        No frame is labelled; a level has fewer than two lights or two darks; a setting varies.
    """
    for name in ("counts", "frame_kind", "step", "repeat"):
        if name not in run.variables:
            raise AnalysisRefused(f"the dataset has no {name!r}; take the run with {plan}")
    kind, step = np.asarray(run["frame_kind"]).astype(str), np.asarray(run["step"]).astype(int)
    used = np.isin(kind, ("light", "dark")) & (step >= 0)
    if not (used & (kind == "light")).any():
        found = ", ".join(sorted({k for k in kind if k})) or "unlabelled"
        raise AnalysisRefused(
            f"no frame is labelled 'light' with its level (found {kind.size} frames: {found}); take the "
            f"run with {plan}"
        )
    _refuse_mixed_settings(run, used, [name for name in FIXED if name != varying], "the run")
    repeat = np.asarray(run["repeat"])
    levels = []
    for number in np.unique(step[used]).tolist():
        here = used & (step == number)
        if varying is not None:
            _refuse_mixed_settings(run, here, [varying], f"level {number}")
        light, dark = (
            _two_by_two(np.flatnonzero(here & (kind == which)), repeat, number, which)
            for which in ("light", "dark")
        )
        levels.append(Level(step=number, light=light, dark=dark))
    _refuse_unequal_exposures(run, levels)
    return levels


def _two_by_two(index: NDArray[np.intp], repeat: NDArray[Any], step: int, kind: str) -> tuple[Pair, ...]:
    ordered = index[np.argsort(repeat[index], kind="stable")].tolist()
    if len(ordered) < 2:
        has = f"only one {kind} frame" if ordered else f"no {kind} frame"
        raise AnalysisRefused(
            f"level {step} has {has}: two are needed for its temporal noise; leave the level out with "
            f"run.isel(frame=run.step != {step}) or take it again"
        )
    return tuple(zip(ordered[::2], ordered[1::2], strict=False))


def _refuse_mixed_settings(
    run: xr.Dataset, used: NDArray[np.bool_], names: Sequence[str], where: str
) -> None:
    for name in names:
        if name not in run.variables or run[name].dims != ("frame",):
            continue
        values = np.unique(np.asarray(run[name])[used])
        values = values[values == values]  # what is not known is not another value
        if values.size > 1:
            shown = ", ".join(map(str, values[:4].tolist()))
            raise AnalysisRefused(
                f"{name} varies within {where} ({shown}): counts of different {name} are not one curve; "
                f"choose one with run.isel(frame=run.{name} == …)"
            )


def _refuse_unequal_exposures(run: xr.Dataset, levels: list[Level]) -> None:
    """A dark is a dark of its level only if it was exposed as long; a camera's rounding is far below 1 %."""
    if "exposure" not in run.variables:
        return
    exposure = np.asarray(run["exposure"], float)
    for level in levels:
        times = exposure[[i for pair in level.light + level.dark for i in pair]]
        if np.ptp(times) > 0.01 * times.max():
            raise AnalysisRefused(
                f"level {level.step} mixes exposures from {times.min():g} s to {times.max():g} s: its darks "
                "must be exposed as long as its lights; take it again"
            )
