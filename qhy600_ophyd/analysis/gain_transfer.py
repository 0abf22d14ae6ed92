"""Gain transfer: e-/count and read noise at each setting of the gain, from one pair of levels each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from uncertainties.umath import sqrt as usqrt  # pyright: ignore[reportAttributeAccessIssue]

from qhy600_ophyd.analysis.estimate import Estimate
from qhy600_ophyd.analysis.levels import level_table
from qhy600_ophyd.analysis.measured import LOWEST_DARK_VARIANCE, QUANTIZATION, measured, pixel_spread
from qhy600_ophyd.analysis.pairing import pair_levels
from qhy600_ophyd.analysis.pixels import PixelChoice
from qhy600_ophyd.analysis.run_argument import refuse_what_is_no_run
from qhy600_ophyd.contract import AnalysisRefused
from qhy600_ophyd.sensor import NotPublished
from qhy600_ophyd.sensor.readout_modes import readout_mode
from qhy600_ophyd.sensor.response import pixel_well

if TYPE_CHECKING:
    import xarray as xr

SATURATED = 1e-4
"""Part of the counts at saturation that is borne.

A Gaussian clipped where this much of it lies above has lost 1.9e-4 of its variance, as much as the
statistics of a pair of 60 million pixels leave open, √(2/N) = 1.8e-4.
"""

NEAR_WELL = 0.72
"""Part of the pixel well that a light may fill; above, the response bends and the noise shrinks."""


@dataclass(frozen=True, kw_only=True)
class GainPoint:
    """A sensor at one setting of its gain.

    Parameters
    ----------
    gain
        Register value.
    electrons_per_count
        [e-/count].
    read_noise
        Temporal noise in the dark without rounding [e-]; the shot noise of the dark current of this exposure
        is in it. ``None`` where the dark varies by less than 0.24 count² and rounding hides it.
    dark_level, light_level
        Mean counts without and with light [count].
    """

    gain: float
    electrons_per_count: Estimate
    read_noise: Estimate | None
    dark_level: Estimate
    light_level: Estimate


_COLUMNS = ("electrons_per_count", "read_noise", "dark_level", "light_level")
_UNITS = ("e-/count", "e-", "count", "count")


@dataclass(frozen=True, kw_only=True, eq=False)
class GainTransfer:
    """What the gain setting does; results of `gain_transfer`.

    Parameters
    ----------
    points
        One for each setting, by rising gain.
    levels
        One row for each point: those of `analysis.levels` with both forms of the variance, and ``gain``.
    """

    points: tuple[GainPoint, ...]
    levels: xr.Dataset

    @property
    def _rows(self) -> list[list[str]]:
        head = ["gain", *(f"{n.replace('_', ' ')} [{u}]" for n, u in zip(_COLUMNS, _UNITS, strict=True))]
        return [head, *([f"{point.gain:g}", *map(_number, _estimates(point))] for point in self.points)]

    def __repr__(self) -> str:
        rows = self._rows
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(map(str.rjust, row, widths)) for row in rows)
        return "\n".join(["GainTransfer", *(f"  {line}" for line in lines)])

    def _repr_html_(self) -> str:
        head, *rows = self._rows
        top = "".join(f"<th>{escape(name)}</th>" for name in head)
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align:right'>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows
        )
        return f"<div><strong>Gain transfer</strong><table><tr>{top}</tr>{body}</table></div>"


def gain_transfer(run: xr.Dataset, *, region: PixelChoice = None) -> GainTransfer:
    """e-/count and read noise at each gain, from the noise of light and dark frames of equal exposure.

    With µ and σ² the means and temporal variances (EMVA 1288 R4 General, Eq 18) at one setting:

    - e-/count = (µ_light − µ_dark) / (σ²_light − σ²_dark);
    - read noise = √(σ²_dark − 1/12) × e-/count.

    Standard errors are those of the statistics of pairs, √((κ − 1)/N) of each variance, with κ the kurtosis
    of the pairs' difference, and √(σ²/2N) of each mean, for N pixels × pairs, carried through both formulae
    with their covariances; to that of the read noise is added that of having measured just these pixels.
    One level of light at each gain cannot tell whether the response is bent: `photon_transfer` of a series of
    levels can.

    Parameters
    ----------
    run
        Of `plans.gain_sweep` with a light: as `analysis.levels` takes it, with ``gain``, which may vary from
        step to step.
    region
        Pixels to use; the image region unless given.

    Raises
    ------
    AnalysisRefused
        There are no darks; a gain is not known, or varies within a step; the light adds no signal or no
        noise; more than 1 in 10 000 counts are saturated, where ``saturation_code`` is known; a light fills
        more than 72 % of the pixel well, where ``readout_mode`` is one that the sensor tables know.
    """
    refuse_what_is_no_run(run, "gain_transfer")
    kinds = np.asarray(run["frame_kind"]).astype(str) if "frame_kind" in run.variables else np.array([])
    if (kinds == "light").any() and not (kinds == "dark").any():
        raise AnalysisRefused(
            "the run has light frames but no dark frame: e-/count needs both at each gain; take the sweep "
            "with a light, plans.gain_sweep(camera, gains, light=light)"
        )
    paired = pair_levels(run, varying="gain", plan="plans.gain_sweep")
    gains = [_gain(run, [i for pair in level.light + level.dark for i in pair]) for level in paired]
    table = level_table(run, paired, region).assign(gain=("level", gains, {"units": "1"}))
    table = table.isel(level=np.argsort(gains, kind="stable"))
    _refuse_saturated(table)
    found = measured(table.sel(form="R4"))
    columns = (found.light_mean, found.dark_mean, found.light_variance, found.dark_variance)
    spread = [pixel_spread(table.isel(level=[n])) for n in range(table.sizes["level"])]
    points = tuple(
        _point(*at) for at in zip(table["gain"].to_numpy().tolist(), spread, *columns, strict=True)
    )
    _refuse_full_wells(points, _well(run))
    return GainTransfer(points=points, levels=table)


def _point(
    gain: float, spread: float, light: Any, dark: Any, light_variance: Any, dark_variance: Any
) -> GainPoint:
    signal, noise = light - dark, light_variance - dark_variance
    if not (signal.nominal_value > 0 and noise.nominal_value > 0):
        raise AnalysisRefused(
            f"at gain {gain:g} the light adds {signal.nominal_value:.3g} counts and "
            f"{noise.nominal_value:.3g} count² of noise: both must be positive; give more light, "
            f"or {_leave_out(gain)}"
        )
    per_count = signal / noise
    hidden = dark_variance.nominal_value < LOWEST_DARK_VARIANCE
    read_noise = None if hidden else usqrt(dark_variance - QUANTIZATION) * per_count
    return GainPoint(
        gain=gain,
        electrons_per_count=Estimate.of(per_count, "e-/count"),
        read_noise=None if read_noise is None else _of_the_sensor(read_noise, spread),
        dark_level=Estimate.of(dark, "count"),
        light_level=Estimate.of(light, "count"),
    )


def _of_the_sensor(read_noise: Any, spread: float) -> Estimate:
    """Read noise with the error of having drawn just these pixels, relative `spread` in its variance."""
    here = Estimate.of(read_noise, "e-")
    drawn = here.value * spread / 2
    return replace(here, standard_error=float(np.hypot(here.standard_error, drawn)))


def _gain(run: xr.Dataset, frames: list[int]) -> float:
    """The gain of one level, which `pair_levels` has found to be one where it is known."""
    if "gain" not in run.variables:
        raise AnalysisRefused("the dataset has no 'gain'; take the run with plans.gain_sweep")
    values = np.broadcast_to(np.asarray(run["gain"], float), run.sizes["frame"])[frames]
    if not np.isfinite(values).all():
        raise AnalysisRefused(
            f"the gain of {int((~np.isfinite(values)).sum())} frames is not known: a point needs its gain; "
            "choose others with run.isel(frame=run.gain.notnull())"
        )
    return float(values[0])


def _refuse_saturated(table: xr.Dataset) -> None:
    for gain, part in zip(table["gain"].to_numpy(), table["saturated"].to_numpy(), strict=True):
        if part > SATURATED:  # NaN, where saturation is not known, is not
            raise AnalysisRefused(
                f"at gain {gain:g} {100 * part:.2g} % of the counts are saturated, at most "
                f"{100 * SATURATED:g} % are allowed, since clipped noise feigns more e-/count; give less "
                f"light, or {_leave_out(gain)}"
            )


def _refuse_full_wells(points: tuple[GainPoint, ...], well: float | None) -> None:
    for point in points:
        counts = point.light_level.value - point.dark_level.value
        electrons = counts * point.electrons_per_count.value  # too many once the noise shrinks, never too few
        if well is not None and electrons > NEAR_WELL * well:
            raise AnalysisRefused(
                f"at gain {point.gain:g} the light gives {electrons:.4g} e-, at most {NEAR_WELL * well:.4g} "
                f"are allowed, {100 * NEAR_WELL:g} % of the pixel well: above, the response bends and the "
                f"noise shrinks, which feigns more e-/count; give less light, or {_leave_out(point.gain)}"
            )


def _well(run: xr.Dataset) -> float | None:
    """Electrons that a pixel of these frames holds, binned ones together; ``None`` where not published.

    `pair_levels` has found the mode and the binning to be one where they are known.
    """
    if "readout_mode" not in run.variables:
        return None
    known = [mode for mode in np.asarray(run["readout_mode"]).astype(str).ravel().tolist() if mode]
    try:
        published = bool(known) and readout_mode(known[0]).response_source == "published"
        of_pixel = pixel_well(known[0]) if published else None
    except NotPublished:
        return None
    binning = np.asarray(run["binning"], float).ravel() if "binning" in run.variables else np.ones(1)
    binning = binning[np.isfinite(binning)]
    return of_pixel and of_pixel * (float(binning[0]) ** 2 if binning.size else 1.0)


def _leave_out(gain: float) -> str:
    return f"leave it out with run.isel(frame=run.gain != {gain:g})"


def _estimates(point: GainPoint) -> list[Estimate | None]:
    return [getattr(point, name) for name in _COLUMNS]


def _number(estimate: Estimate | None) -> str:
    return "left out" if estimate is None else estimate.number()
