"""Linearity: how far the mean signal departs from a straight line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.analysis.estimate import Estimate, table_html, table_text
from qhy600_ophyd.analysis.levels import VarianceForm, one_form
from qhy600_ophyd.analysis.pixels import PixelChoice
from qhy600_ophyd.analysis.response import light_of, relative_light_noise
from qhy600_ophyd.analysis.saturation import NOT_SATURATED, range_in_words, variance_maximum
from qhy600_ophyd.analysis.straight_line import line
from qhy600_ophyd.contract import AnalysisRefused

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]
Convention = Literal["R3.1", "R4"]

LOWEST, HIGHEST = 0.05, 0.95
"""Part of saturation that the line is fitted and judged over."""

DRAWS = 1000
SEED = 1288
"""Of the bootstrap: the same run gives the same errors."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearityError:
    """The departures of a response from its line.

    Parameters
    ----------
    offset, slope
        Of the line [count], [count per unit of light]; one number, or one for each response given.
    residual
        100 (signal − line) / line [%], for all levels; those outside `used` too.
    minimum, maximum, mean
        Smallest and largest residual (R3.1's LE_min and LE_max) and mean absolute residual (R4's LE) over
        the levels used [%].
    used
        Levels from 5 to 95 % of saturation.
    """

    offset: Floats
    slope: Floats
    residual: Floats
    minimum: Floats
    maximum: Floats
    mean: Floats
    used: NDArray[np.bool_]


def linearity_error(
    light: Floats,
    signal: Floats,
    *,
    saturation: float | None = None,
    used: NDArray[np.bool_] | None = None,
) -> LinearityError:
    """EMVA 1288's linearity error of plain numbers: of a measurement, or of a noise-free response.

    A straight line with offset is fitted to the levels between 5 and 95 % of saturation with weights
    1 / signal², so that relative departures count alike.

    Parameters
    ----------
    light
        Photons or exposure of each level, shape ``(levels,)``.
    signal
        Mean less dark [count], shape ``(..., levels)``: several responses at once are fitted each by itself.
    saturation
        Signal at saturation [count]. Either this or `used` is given.
    used
        The levels to fit. The truth of a measurement is this function on the noise-free response with the
        levels that the measurement used.

    Raises
    ------
    AnalysisRefused
        Fewer than three levels are used; two always lie on a line.
    """
    light, signal = np.asarray(light, float), np.asarray(signal, float)
    if used is None:
        if saturation is None:
            raise AnalysisRefused("linearity_error needs saturation [count], or the levels used")
        used = (signal >= LOWEST * saturation) & (signal <= HIGHEST * saturation)
    _refuse_few(used, "saturation" if saturation is None else f"saturation ({saturation:.4g} counts)")
    fitted = signal[..., used]
    offset, slope = line(np.broadcast_to(light[used], fitted.shape), fitted, 1 / fitted**2)
    model = np.expand_dims(offset, -1) + np.expand_dims(slope, -1) * light
    with np.errstate(divide="ignore", invalid="ignore"):  # far outside the range the line may cross zero
        residual = 100 * (signal - model) / model
    inside = residual[..., used]
    return LinearityError(
        offset=offset,
        slope=slope,
        residual=residual,
        minimum=inside.min(axis=-1),
        maximum=inside.max(axis=-1),
        mean=np.abs(inside).mean(axis=-1),
        used=used,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Linearity:
    """How straight a response is; results of `linearity`.

    Parameters
    ----------
    linearity_error_min, linearity_error_max
        R3.1: smallest and largest residual [%].
    linearity_error_mean
        R4: mean absolute residual [%].
    slope, offset
        Of the fitted line [count/photon or count/s], [count].
    convention
        The release whose number `linearity_error` gives.
    against
        ``"photons"`` or ``"exposure"``.
    method
        What was decided, in words.
    levels
        One row for each level: those of `analysis.levels` with ``light``, ``fit`` [count], ``residual`` and
        ``residual_error`` [%] and ``used``.
    """

    linearity_error_min: Estimate
    linearity_error_max: Estimate
    linearity_error_mean: Estimate
    slope: Estimate
    offset: Estimate
    convention: Convention
    against: Literal["photons", "exposure"]
    method: str
    levels: xr.Dataset

    @property
    def linearity_error(self) -> Estimate:
        """The one number of the convention: the mean (R4), or the extreme of larger size (R3.1)."""
        if self.convention == "R4":
            return self.linearity_error_mean
        return max(self.linearity_error_min, self.linearity_error_max, key=lambda e: abs(e.value))

    @property
    def estimates(self) -> dict[str, Estimate | None]:
        """Every number by name."""
        names = ("linearity_error_min", "linearity_error_max", "linearity_error_mean", "slope", "offset")
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return table_text(f"Linearity ({self.convention})", self.estimates, (self.method,))

    def _repr_html_(self) -> str:
        return table_html(f"Linearity ({self.convention})", self.estimates, (self.method,))


def linearity(
    run: xr.Dataset,
    *,
    variance: VarianceForm = "R4",
    convention: Convention = "R4",
    region: PixelChoice = None,
) -> Linearity:
    """Linearity error by EMVA 1288, against photons, or against exposure where photons are not known.

    Values are the standard's formulae (`linearity_error`). All frames see the same pixels, so that the
    non-uniformity of their response only scales the mean: it is no error here. The error of a level is the
    noise of its pixels and that of the light between its two frames. Extremes of a noisy curve lie too far
    out and a mean of absolute values too high: a likely true curve, the measured one drawn towards its line
    until what noise would add to its χ² is gone, is given noise again and again (parametric bootstrap). The
    standard error of each number holds the spread of these draws and, in quadrature, their bias.

    Parameters
    ----------
    run
        As `analysis.levels` takes it, or its result.
    variance
        Form of the variance whose maximum is saturation.
    convention
        The release whose single number `Linearity.linearity_error` gives; both are always computed.
    region
        Pixels to use; the image region unless given.

    Raises
    ------
    AnalysisRefused
        A level lacks its dark; fewer than three levels lie in the range; neither photons are known nor was
        exposure varied.
    """
    if convention not in ("R3.1", "R4"):
        raise AnalysisRefused(f"convention {convention!r} refused: it is one of R4, R3.1")
    table = one_form(run, variance, region, asking="linearity")
    if (known := light_of(table)) is None:
        raise AnalysisRefused(
            "linearity needs the light of each level: photons are not known, and all exposures are alike; "
            "calibrate the light, or step the exposure"
        )
    against, light = known
    signal = table["signal"].to_numpy()
    variances = table["variance_light"].to_numpy()
    maximum = variance_maximum(variances, variances * np.sqrt(2 / table["samples"].to_numpy()))
    top = float(signal[maximum.index])
    used = (signal >= LOWEST * top) & (signal <= HIGHEST * top)
    relative_to = range_in_words(maximum, signal)
    _refuse_few(used, relative_to)
    found = linearity_error(light, signal, used=used)
    lamp = relative_light_noise(table, found.used)
    error = np.hypot(table["signal_error"].to_numpy(), lamp * signal)
    model = found.offset + found.slope * light
    likely = _likely(signal, model, error, found.used)
    truth = linearity_error(light, likely, used=found.used)
    noise = np.random.default_rng(SEED).normal(size=(DRAWS, signal.size))
    drawn = linearity_error(light, likely + error * noise, used=found.used)

    def estimate(name: str, unit: str) -> Estimate:
        draws = getattr(drawn, name)
        bias = draws.mean() - getattr(truth, name)
        standard_error = float(np.hypot(draws.std(ddof=1), bias))
        return Estimate(value=float(getattr(found, name)), standard_error=standard_error, unit=unit)

    return Linearity(
        linearity_error_min=estimate("minimum", "%"),
        linearity_error_max=estimate("maximum", "%"),
        linearity_error_mean=estimate("mean", "%"),
        slope=estimate("slope", "count/photon" if against == "photons" else "count/s"),
        offset=estimate("offset", "count"),
        convention=convention,
        against=against,
        method=f"{int(found.used.sum())} levels from 5 to 95 % of {relative_to}, against {against}; "
        f"{'' if maximum.reached else f'{NOT_SATURATED}; '}"
        f"light steady to {100 * lamp:.2g} % within a level; minimum and maximum of noisy "
        "residuals are biased outwards, and their standard errors contain that bias",
        levels=table.assign(
            light=("level", light, {"units": "photon/pixel" if against == "photons" else "s"}),
            fit=("level", model, {"units": "count"}),
            residual=("level", found.residual, {"units": "%"}),
            residual_error=("level", 100 * error / np.abs(model), {"units": "%"}),
            used=("level", found.used),
        ),
    )


def _refuse_few(used: NDArray[np.bool_], relative_to: str) -> None:
    if (enough := int(used.sum())) < 3:
        raise AnalysisRefused(
            f"{enough} of {used.size} levels lie between 5 and 95 % of {relative_to}: at least 3 are needed; "
            f"add {3 - enough} or more there"
        )


def _likely(signal: Floats, model: Floats, error: Floats, used: NDArray[np.bool_]) -> Floats:
    """The measured response with its residuals scaled by √(1 − ν/χ²): to their size without noise."""
    noise = np.maximum(error[used], 1e-9)  # counts; a noise-free response is its own truth
    chi_square = (((signal - model)[used] / noise) ** 2).sum()
    freedom = int(used.sum()) - 2
    kept = 1 - freedom / chi_square if chi_square > freedom else 0.0
    return model + (signal - model) * np.sqrt(kept)
