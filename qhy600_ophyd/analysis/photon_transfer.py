"""Photon transfer: what a count is worth, from the noise of light itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from uncertainties import unumpy
from uncertainties.umath import sqrt as usqrt  # pyright: ignore[reportAttributeAccessIssue]

from qhy600_ophyd.analysis.estimate import Estimate
from qhy600_ophyd.analysis.levels import VarianceForm, one_form
from qhy600_ophyd.analysis.pixels import PixelChoice
from qhy600_ophyd.analysis.response import light_of, response_bend
from qhy600_ophyd.analysis.saturation import APPROACH, VarianceMaximum, variance_maximum
from qhy600_ophyd.analysis.straight_line import influence, line, slope_through_zero
from qhy600_ophyd.analysis.transfer_result import PhotonTransfer
from qhy600_ophyd.contract import AnalysisRefused

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]

QUANTIZATION = 1 / 12
"""Variance [count²] of rounding to whole counts."""

LOWEST_DARK_VARIANCE = 0.24
"""Dark variance [count²] below which rounding hides the noise (EMVA 1288 R4 General, 6.6)."""


def photon_transfer(
    run: xr.Dataset, *, variance: VarianceForm = "R4", region: PixelChoice = None
) -> PhotonTransfer:
    """Photon transfer by EMVA 1288.

    With µ, σ² the mean and temporal variance of a level, less those of its dark, and µ_p its photons:

    - K: slope through zero of σ² against µ, from the darkest level to 70 % of saturation;
    - R: slope through zero of µ against µ_p over the same levels; QE = R / K;
    - σ_d² = (σ²_dark − 1/12) / K², σ²_dark the intercept of the dark variance against exposure where darks
      have several exposures, else their mean; below 0.24 count² it is the bound √0.24 / K;
    - full well: QE × µ_p at saturation, or µ × e-/count there where photons are not known.

    Standard errors. For each linear fit the larger of (a) the statistics of pairs, √(2/N) of each variance,
    carried through all formulae with their covariances, and (b) the scatter of the levels about the line
    (HC3), which holds whatever its cause. To these is added in quadrature what a bent response does to a
    straight fit: if µ/µ_p changes by δ over the levels used, K is wrong by 3 δ and R by δ (from
    µ = K (e + c e²): σ²/µ = K (1 + 3 c e)); δ is the difference of R from the initial slope of a parabola,
    counted where it is twice its own error.

    Parameters
    ----------
    run
        As `analysis.levels` takes it, or its result.
    variance
        ``"R4"``: two-frame variance without the noise of the light; ``"R3.1"``: with it.
    region
        Pixels to use; the image region unless given.

    Raises
    ------
    AnalysisRefused
        A level lacks its dark; fewer than two levels lie below 70 % of saturation; there is no light.

    References
    ----------
    EMVA Standard 1288, Release 4.0 General (2021) and Release 3.1 (2016).
    """
    table = one_form(run, variance, region)
    light = table["variance_light"].to_numpy()
    maximum = variance_maximum(light, light * np.sqrt(2 / table["samples"].to_numpy()))
    signal = table["signal"].to_numpy()
    used = signal <= 0.7 * signal[maximum.index]
    if used.sum() < 2:
        raise AnalysisRefused(
            f"{int(used.sum())} of {used.size} levels lie below 70 % of saturation "
            f"({0.7 * signal[maximum.index]:.4g} counts): at least 2 are needed; add shorter exposures"
        )
    if not signal[used].max() > 0:
        raise AnalysisRefused(
            f"the light frames are no brighter than the darks (by {signal[used].max():.3g} counts at most): "
            "switch the light on or expose longer"
        )
    return _Reduction(table, variance, maximum, used).result()


class _Number:
    """A result on its way: its value with pair statistics, and the pull of each level on it."""

    def __init__(self, pair: Any, scatter: Floats, bend: float = 0.0):
        self.pair, self.scatter, self.bend = pair, scatter, bend

    @property
    def value(self) -> float:
        return self.pair.nominal_value

    @property
    def pair_error(self) -> float:
        return self.pair.std_dev

    @property
    def standard_error(self) -> float:
        return float(np.hypot(max(self.pair_error, np.sqrt((self.scatter**2).sum())), self.bend))

    def estimate(self, unit: str, **others: float) -> Estimate:
        error = np.sqrt(self.standard_error**2 + sum(e**2 for e in others.values()))
        return Estimate(value=self.value, standard_error=float(error), unit=unit)


class _Reduction:
    """The formulae of `photon_transfer`, over one table of levels."""

    def __init__(
        self, table: xr.Dataset, form: VarianceForm, maximum: VarianceMaximum, used: NDArray[np.bool_]
    ):
        self.table, self.maximum, self.used = table, maximum, used
        self.form: VarianceForm = form
        column = {name: table[name].to_numpy() for name in table.variables if name != "form"}
        self.photons, self.exposure = column["photons"], column["exposure"]
        self.has_photons = bool(np.isfinite(self.photons).all() and np.ptp(self.photons) > 0)
        self.signal = column["signal"]
        self.variance = column["variance_light"] - column["variance_dark"]
        # no variance of whole counts is known better than that of rounding
        light_error = np.maximum(column["variance_light"], QUANTIZATION) * np.sqrt(2 / column["samples"])
        dark_error = np.maximum(column["variance_dark"], QUANTIZATION) * np.sqrt(2 / column["samples_dark"])
        self.variance_error = np.hypot(light_error, dark_error)
        self.dark_variance = unumpy.uarray(column["variance_dark"], dark_error)
        self.net_variance = unumpy.uarray(column["variance_light"], light_error) - self.dark_variance
        dark_mean_error = np.sqrt(column["variance_dark"] / (2 * column["samples_dark"]))
        self.dark_mean = unumpy.uarray(column["mean_dark"], dark_mean_error)
        light_mean_error = np.sqrt(column["variance_light"] / (2 * column["samples"]))
        self.net_signal = unumpy.uarray(column["mean_light"], light_mean_error) - self.dark_mean

    def result(self) -> PhotonTransfer:
        light = self._light()
        bend = response_bend(self.table, self.used, light)
        gain = self._slope(self.net_signal, self.net_variance, 3 * bend)
        if not gain.value > 0:
            raise AnalysisRefused(
                f"the temporal noise does not grow with the light (K = {gain.value:.3g} count/e-): frames of "
                "one level may be copies of each other, or clipped; look at analysis.levels(run)"
            )
        inverse = _Number(1 / gain.pair, -gain.scatter / gain.value**2, gain.bend / gain.value**2)
        read_noise, read_noise_method = self._read_noise(gain)
        numbers = {"electrons_per_count": inverse, "counts_per_electron": gain, "read_noise": read_noise}
        if self.has_photons:
            response = self._slope(self.photons, self.net_signal, bend)
            ratio = response.pair / gain.pair
            pull = response.scatter / response.value - gain.scatter / gain.value
            efficiency = _Number(ratio, ratio.nominal_value * pull, ratio.nominal_value * 2 * abs(bend))
            numbers |= {"responsivity": response, "quantum_efficiency": efficiency}
        current = self._dark_current(gain)
        if current is not None:
            numbers["dark_current"] = current
        fitted = gain.value * self.signal
        residual = self.variance - fitted
        chi_square = float(((residual / self.variance_error)[self.used] ** 2).sum())
        freedom = int(self.used.sum()) - 1
        maximum = self._maximum(chi_square / freedom)
        at, level_error = maximum.index, maximum.placement_error
        full_well, how = self._full_well(numbers, maximum)
        return PhotonTransfer(
            electrons_per_count=inverse.estimate("e-/count"),
            counts_per_electron=gain.estimate("count/e-"),
            read_noise=read_noise.estimate("e-"),
            full_well=full_well,
            responsivity=_given(numbers.get("responsivity"), "count/photon"),
            quantum_efficiency=_given(numbers.get("quantum_efficiency"), "1"),
            dark_current=_given(current, "e-/s"),
            saturation_signal=Estimate(
                value=float(self.signal[at]), standard_error=level_error(self.signal), unit="count"
            ),
            saturation_photons=Estimate(
                value=float(self.photons[at]), standard_error=level_error(self.photons), unit="photon/pixel"
            )
            if self.has_photons
            else None,
            variance=self.form,
            full_well_method=how,
            method=f"K from {freedom + 1} levels up to 70 % of saturation; {read_noise_method}; "
            + _bend_in_words(bend, known=light is not None),
            chi_square=chi_square,
            degrees_of_freedom=freedom,
            pair_errors={name: number.pair_error for name, number in numbers.items()},
            levels=self._levels(fitted, residual),
        )

    def _slope(self, x: Any, y: Any, bend: float) -> _Number:
        """Slope through zero over the levels used, `bend` its relative error by curvature."""
        pair = slope_through_zero(x[self.used], y[self.used])
        known, measured = _nominal(x[self.used]), _nominal(y[self.used])
        pull = np.zeros(self.used.size)
        pull[self.used] = influence(known[:, np.newaxis], measured - pair.nominal_value * known)[0]
        return _Number(pair, pull, abs(pair.nominal_value * bend))

    def _read_noise(self, gain: _Number) -> tuple[_Number, str]:
        dark, pull = self._at_zero_exposure(self.dark_variance)
        if dark.nominal_value < LOWEST_DARK_VARIANCE:
            bound = np.sqrt(LOWEST_DARK_VARIANCE) / gain.pair
            how = f"dark variance {dark.nominal_value:.3g} count² below 0.24: read noise is an upper bound"
            relative = gain.scatter / gain.value
            return _Number(bound, -bound.nominal_value * relative, bound.nominal_value * _rel(gain)), how
        sigma = usqrt(dark - QUANTIZATION) / gain.pair
        relative = pull / (2 * (dark.nominal_value - QUANTIZATION)) - gain.scatter / gain.value
        how = (
            "read noise from the dark variance " + "at zero exposure"
            if self._several_exposures()
            else "read noise from the mean dark variance"
        )
        return _Number(sigma, sigma.nominal_value * relative, sigma.nominal_value * _rel(gain)), how

    def _light(self) -> Floats | None:
        """What the light was, but for a factor: photons, or exposure; ``None`` if neither tells."""
        found = light_of(self.table)
        return None if found is None else found[1]

    def _several_exposures(self) -> bool:
        """Whether darks span enough of a range to be extrapolated to zero exposure."""
        known = np.isfinite(self.exposure).all()
        return bool(known and self.exposure.size > 2 and np.ptp(self.exposure) > 1e-3 * self.exposure.max())

    def _at_zero_exposure(self, dark: Any) -> tuple[Any, Floats]:
        values = _nominal(dark)
        if not self._several_exposures():
            mean = dark.mean()
            return mean, influence(np.ones((dark.size, 1)), values - mean.nominal_value)[0]
        intercept, slope = line(self.exposure, dark)
        design = np.stack([np.ones_like(self.exposure), self.exposure], axis=1)
        residual = values - intercept.nominal_value - slope.nominal_value * self.exposure
        return intercept, influence(design, residual)[0]

    def _dark_current(self, gain: _Number) -> _Number | None:
        if not self._several_exposures():
            return None
        intercept, slope = line(self.exposure, self.dark_mean)
        design = np.stack([np.ones_like(self.exposure), self.exposure], axis=1)
        residual = _nominal(self.dark_mean) - intercept.nominal_value - slope.nominal_value * self.exposure
        pull = influence(design, residual)[1]
        current = slope / gain.pair
        scatter = pull / gain.value - current.nominal_value * gain.scatter / gain.value
        return _Number(current, scatter, abs(current.nominal_value) * _rel(gain))

    def _maximum(self, reduced_chi_square: float) -> VarianceMaximum:
        """The maximum again, its neighbours told apart by the scatter that the levels really have."""
        light = self.table["variance_light"].to_numpy()
        scatter = light * np.sqrt(2 / self.table["samples"].to_numpy() * max(1.0, reduced_chi_square))
        return variance_maximum(light, scatter)

    def _full_well(
        self, numbers: dict[str, _Number], maximum: VarianceMaximum
    ) -> tuple[Estimate | None, str]:
        """Electrons at saturation; the error holds the spacing of levels and the approach to saturation."""
        if not maximum.reached:
            return None, "left out: the variance still rises at the brightest level; add longer exposures"
        at, per_count = maximum.index, numbers["electrons_per_count"]
        top = int(np.flatnonzero(self.used)[-1])
        # fixed pattern grows with the signal; above 70 % clipping would hide it
        pattern = max(float(self.table["spatial_variance"][top]), 0.0) ** 0.5
        pattern *= self.signal[at] / self.signal[top]
        spread = np.hypot(np.sqrt(float(self.table["variance_light"][at])), pattern)
        if self.has_photons:
            factor, x, how = numbers["quantum_efficiency"], self.photons, "QE × photons at saturation (EMVA)"
        else:
            factor, x, how = per_count, self.signal, "counts at saturation × e-/count"
        number = _Number(factor.pair * x[at], factor.scatter * x[at], factor.bend * x[at])
        placement = factor.value * maximum.placement_error(x)
        return (
            number.estimate("e-", level=placement, approach=APPROACH * spread * per_count.value),
            f"{how}; the error holds the spacing of the levels",
        )

    def _levels(self, fitted: Floats, residual: Floats) -> xr.Dataset:
        units = {"units": "count2"}
        return self.table.assign(
            variance=("level", self.variance, units),
            variance_error=("level", self.variance_error, units),
            fit=("level", fitted, units),
            residual=("level", residual, units),
            used=("level", self.used),
        )


def _bend_in_words(bend: float, *, known: bool) -> str:
    if not known:
        return "a bent response is not in the errors: neither photons nor exposure tell it"
    return f"bend of the response over these levels {100 * bend:.2g} %, counted three times in K"


def _nominal(values: Any) -> Floats:
    return np.asarray(unumpy.nominal_values(values), dtype=float)


def _rel(number: _Number) -> float:
    return number.bend / abs(number.value)


def _given(number: _Number | None, unit: str) -> Estimate | None:
    return None if number is None else number.estimate(unit)
