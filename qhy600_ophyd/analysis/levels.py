"""From frames to one row of numbers for each level of light: the only pass over the pixels."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.analysis.colour import refuse_mixed_colours
from qhy600_ophyd.analysis.pairing import Level, Pair, pair_levels
from qhy600_ophyd.analysis.pixels import PixelChoice, Pixels, choose_pixels
from qhy600_ophyd.analysis.response import light_of
from qhy600_ophyd.analysis.run_argument import refuse_what_is_no_run
from qhy600_ophyd.contract import AnalysisRefused

if TYPE_CHECKING:
    import xarray as xr

VarianceForm = Literal["R4", "R3.1"]
VARIANCE_FORMS: tuple[VarianceForm, ...] = ("R4", "R3.1")

_BLOCK = 1 << 16


@dataclass(frozen=True, kw_only=True)
class PairStatistics:
    """Two frames of equal settings, reduced to means and variances, all exact to rounding.

    Parameters
    ----------
    pixels
        Number of pixels N in each frame.
    mean_a, mean_b
        Means of the two frames [count].
    half_square
        ½⟨(a − b)²⟩ [count²].
    fourth
        ⟨(a − b)⁴⟩ [count⁴].
    covariance
        ⟨ab⟩ − ⟨a⟩⟨b⟩ [count²]: the variance of the fixed pattern (EMVA 1288 R4 General, Eq 27).
    saturated
        Fraction of counts at or above saturation; NaN where that is not known.
    """

    pixels: int
    mean_a: float
    mean_b: float
    half_square: float
    fourth: float
    covariance: float
    saturated: float

    @property
    def mean(self) -> float:
        """Mean of both frames [count]."""
        return (self.mean_a + self.mean_b) / 2

    @property
    def difference(self) -> float:
        """Difference of the frames' means [count]: the light's own noise, beyond that of the pixels."""
        return self.mean_a - self.mean_b

    def variance(self, form: VarianceForm) -> float:
        """Temporal variance [count²].

        R3.1 (Eq 29): ½⟨(a − b)²⟩, which the noise of the light adds to. R4 (General, Eq 18): the same less
        ½(⟨a⟩ − ⟨b⟩)², which takes the noise of the light out.
        """
        return max(self.half_square - (self.difference**2 / 2 if form == "R4" else 0.0), 0.0)


def pair_statistics(a: NDArray[Any], b: NDArray[Any], saturation: float = np.nan) -> PairStatistics:
    """Reduce two frames.

    Parameters
    ----------
    a, b
        Counts, unsigned integers of equal shape, one- or two-dimensional.
    saturation
        Largest count of the conversion; NaN if it is not known.
    """
    # numba takes two thirds of a second to import; reading a result does not need it
    from qhy600_ophyd.analysis.kernels import pair_sums

    known = bool(np.isfinite(saturation))
    code = int(saturation) if known else np.iinfo(np.int64).max
    sums = (pair_sums(p, q, code) for p, q in zip(_rows(a), _rows(b), strict=True))
    sum_a, sum_b, square, product, full, fourth = (sum(s) for s in zip(*sums, strict=True))
    n = a.size
    return PairStatistics(
        pixels=n,
        mean_a=sum_a / n,
        mean_b=sum_b / n,
        half_square=square / n / 2,
        fourth=fourth / n,
        covariance=(n * product - sum_a * sum_b) / n**2,  # integers up to here: nothing cancels
        saturated=full / (2 * n) if known else np.nan,
    )


def _rows(frame: NDArray[Any]) -> list[NDArray[Any]]:
    """As two-dimensional pieces whose rows are short enough to be summed in 64 bits."""
    if frame.ndim == 2:
        return [frame]
    whole = frame.size // _BLOCK * _BLOCK
    return [part for part in (frame[:whole].reshape(-1, _BLOCK), frame[whole:].reshape(1, -1)) if part.size]


def levels(run: xr.Dataset, *, region: PixelChoice = None) -> xr.Dataset:
    """Mean, temporal variance and light of each level of a run.

    Every frame is read once, the next pair while the present one is reduced: four frames at most are in
    memory. `photon_transfer` and `linearity` take the result in place of the run, which saves the second
    reading.

    Parameters
    ----------
    run
        ``counts (frame, y, x)`` with coordinates ``frame_kind``, ``step``, ``repeat`` on ``frame`` and, where
        known, ``photons`` [photon/pixel], ``exposure`` [s], ``saturation_code`` [count]; ``x_region (x)``
        and ``y_region (y)``, unless `region` is a mask or a `Rectangle`.
    region
        Pixels to use; the image region unless given.

    Returns
    -------
    xarray.Dataset
        On ``level``, in order of rising light: ``step``, ``photons``, ``exposure``; ``mean_light``,
        ``mean_dark``, ``signal`` = their difference [count] and ``signal_error``, of pixel noise alone;
        ``variance_light``, ``variance_dark`` ``(form, level)`` [count²] with ``form`` R4 and R3.1, each
        known to √((κ − 1) / ``samples``) with κ of ``kurtosis_light``, ``kurtosis_dark``: ⟨d⁴⟩ / ⟨d²⟩² of the
        frames' difference d, 3 for normal noise; ``light_difference`` [count], root mean square of the
        difference of the two frames' means; ``spatial_variance``, ``spatial_variance_dark`` [count²], of the
        pixels' fixed pattern; ``saturated`` (fraction);
        ``pixels``, ``samples`` = pixels × pairs.

    Raises
    ------
    AnalysisRefused
        A level lacks a light or its dark, counts are not integers, settings are mixed, nothing tells which
        pixels are image, or they are behind filters of several colours (choose by `analysis.colour_mask`).
    """
    refuse_what_is_no_run(run, "levels")
    table = level_table(run, pair_levels(run), region)
    return table.isel(level=_by_rising_light(table))


def level_table(run: xr.Dataset, paired: list[Level], region: PixelChoice = None) -> xr.Dataset:
    """One row for each of `paired`, in their order; for the rest as `levels`."""
    import xarray as xr

    refuse_mixed_colours(run, region)
    pixels = choose_pixels(run, region)
    counts = run["counts"].variable.transpose("frame", "y", "x")  # alone: dask may hold coordinates too
    if counts.dtype.kind != "u" or counts.dtype.itemsize > 4:
        raise AnalysisRefused(
            f"counts of type {counts.dtype} refused: raw unsigned integers are needed, as the camera gave "
            "them; corrected frames have no conversion left to measure"
        )
    known = {name: _per_frame(run, name) for name in ("photons", "exposure", "saturation_code")}
    reduced = _reduced(counts, paired, pixels, known["saturation_code"])
    rows = [_level_row(known, level, statistics) for level, statistics in zip(paired, reduced, strict=True)]
    return xr.Dataset(
        {name: (_dims(name), np.array([row[name] for row in rows]).T, _attrs(name)) for name in rows[0]},
        coords={"form": list(VARIANCE_FORMS)},
        attrs={"source": str(run.attrs.get("uid", ""))},
    ).set_coords(["step", "photons", "exposure"])


def one_form(run: xr.Dataset, variance: VarianceForm, region: PixelChoice, *, asking: str) -> xr.Dataset:
    """The levels of a run in one form of the variance, for the analysis `asking`.

    Raises `AnalysisRefused` for an unknown form, and for what is no run.
    """
    refuse_what_is_no_run(run, asking)
    if variance not in VARIANCE_FORMS:
        raise AnalysisRefused(f"variance {variance!r} refused: it is one of {', '.join(VARIANCE_FORMS)}")
    if "variance_light" not in run.variables:
        run = levels(run, region=region)
    elif region is not None:
        raise AnalysisRefused("region refused: these levels are reduced already; give it to analysis.levels")
    return run.sel(form=variance)


def _reduced(
    counts: xr.Variable, paired: list[Level], pixels: Pixels, saturation: NDArray[np.float64]
) -> Iterator[dict[str, list[PairStatistics]]]:
    def read(pair: Pair) -> tuple[NDArray[Any], NDArray[Any]]:
        # in this thread, since dask would build a pool of its own for each frame
        frames = (counts[i].compute(scheduler="synchronous").to_numpy() for i in pair)
        first, second = (pixels.cut(frame) for frame in frames)
        return first, second

    order = list(chain.from_iterable((*level.light, *level.dark) for level in paired))
    with ThreadPoolExecutor(1, thread_name_prefix="read-frames") as reader:
        ahead = reader.submit(read, order[0])
        upcoming = iter(order[1:])

        def reduce(pair: Pair) -> PairStatistics:
            nonlocal ahead
            a, b = ahead.result()
            if (following := next(upcoming, None)) is not None:
                ahead = reader.submit(read, following)
            return pair_statistics(a, b, saturation[list(pair)].min())

        for level in paired:
            yield {"light": [reduce(p) for p in level.light], "dark": [reduce(p) for p in level.dark]}


def _level_row(
    known: dict[str, NDArray[np.float64]], level: Level, found: dict[str, list[PairStatistics]]
) -> dict[str, Any]:
    light, dark = found["light"], found["dark"]
    lit = [i for pair in level.light for i in pair]
    variance = {
        kind: [float(np.mean([p.variance(form) for p in found[kind]])) for form in VARIANCE_FORMS]
        for kind in found
    }
    samples = {kind: sum(p.pixels for p in pairs) for kind, pairs in found.items()}
    mean_light, mean_dark = (float(np.mean([p.mean for p in pairs])) for pairs in (light, dark))
    noise = sum(variance[kind][0] / (2 * samples[kind]) for kind in found)
    return {
        "step": level.step,
        "photons": known["photons"][lit].mean(),
        "exposure": known["exposure"][lit].mean(),
        "mean_light": mean_light,
        "mean_dark": mean_dark,
        "signal": mean_light - mean_dark,
        "signal_error": np.sqrt(noise),
        "variance_light": variance["light"],
        "variance_dark": variance["dark"],
        "kurtosis_light": _kurtosis(light),
        "kurtosis_dark": _kurtosis(dark),
        "light_difference": np.sqrt(np.mean([p.difference**2 for p in light])),
        "spatial_variance": float(np.mean([p.covariance for p in light])),
        "spatial_variance_dark": float(np.mean([p.covariance for p in dark])),
        "saturated": float(np.mean([p.saturated for p in light])),
        "pixels": light[0].pixels,
        "samples": samples["light"],
        "samples_dark": samples["dark"],
    }


def _kurtosis(pairs: list[PairStatistics]) -> float:
    """⟨d⁴⟩ / ⟨d²⟩² of the differences of pairs of frames; 3 where they are all alike."""
    square = 2 * float(np.mean([p.half_square for p in pairs]))
    return float(np.mean([p.fourth for p in pairs])) / square**2 if square > 0 else 3.0


def _per_frame(run: xr.Dataset, name: str) -> NDArray[np.float64]:
    """A coordinate of the frames, NaN where the run does not have it."""
    if name not in run.variables:
        return np.full(run.sizes["frame"], np.nan)
    return np.broadcast_to(np.asarray(run[name], float), run.sizes["frame"])


def _by_rising_light(table: xr.Dataset) -> NDArray[np.intp]:
    """Order of the levels: by photons, else by exposure, else by signal; equal ones stay in order."""
    found = light_of(table)
    return np.argsort(table["signal"].to_numpy() if found is None else found[1], kind="stable")


_UNITS = {
    "photons": "photon/pixel",
    "exposure": "s",
    "mean_light": "count",
    "mean_dark": "count",
    "signal": "count",
    "signal_error": "count",
    "variance_light": "count2",
    "variance_dark": "count2",
    "light_difference": "count",
    "spatial_variance": "count2",
    "spatial_variance_dark": "count2",
}


def _dims(name: str) -> tuple[str, ...]:
    return ("form", "level") if name in ("variance_light", "variance_dark") else ("level",)


def _attrs(name: str) -> dict[str, str]:
    return {"units": _UNITS.get(name, "1"), "long_name": name.replace("_", " ")}
