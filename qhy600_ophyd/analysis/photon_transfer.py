"""Photon transfer: what a count is worth, from the noise of light itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from uncertainties import unumpy
from uncertainties.umath import sqrt as usqrt  # pyright: ignore[reportAttributeAccessIssue]

from qhy600_ophyd.analysis.estimate import Estimate
from qhy600_ophyd.analysis.levels import VarianceForm, one_form
from qhy600_ophyd.analysis.measured import (
    LOWEST_DARK_VARIANCE,
    QUANTIZATION,
    dark_current_spread,
    measured,
    pixel_spread,
)
from qhy600_ophyd.analysis.pixels import PixelChoice
from qhy600_ophyd.analysis.pulled import Pulled
from qhy600_ophyd.analysis.response import light_of, response_bend
from qhy600_ophyd.analysis.saturation import (
    APPROACH,
    NOT_SATURATED,
    VarianceMaximum,
    at_saturation,
    range_in_words,
    variance_maximum,
)
from qhy600_ophyd.analysis.straight_line import influence, line, slope_through_zero
from qhy600_ophyd.analysis.transfer_result import PhotonTransfer
from qhy600_ophyd.contract import AnalysisRefused

if TYPE_CHECKING:
    import xarray as xr

Floats = NDArray[np.float64]


def photon_transfer(
    run: xr.Dataset, *, variance: VarianceForm = "R4", region: PixelChoice = None
) -> PhotonTransfer:
    """Photon transfer by EMVA 1288.

    With µ, σ² the mean and temporal variance of a level, less those of its dark, and µ_p its photons:

    - K: slope through zero of σ² against µ, from the darkest level to 70 % of saturation, or of the
      brightest level where the variance never falls;
    - R: slope through zero of µ against µ_p over the same levels; QE = R / K;
    - σ_d² = (σ²_dark − 1/12) / K², σ²_dark the intercept of the dark variance against exposure where darks
      have several exposures, else their mean; left out below 0.24 count², where rounding hides it and
      √0.24 / K is what it lies below;
    - full well: QE × µ_p at saturation, or µ × e-/count there where photons are not known. Saturation is
      the level of largest variance: below clipping, by up to one spacing of the levels and about three
      standard deviations of the signal.

    Standard errors. For each linear fit the larger of (a) the statistics of pairs, √((κ − 1)/N) of each
    variance with κ the kurtosis of the pairs' difference (3 for normal noise), carried through all formulae
    with their covariances, and (b) the scatter of the levels about the line (HC3), which holds whatever its
    cause. R and QE are means over pixels that differ: to their errors is added in quadrature the sampling
    error of that mean, s / (µ √pixels) with s² the spatial variance at the brightest level used, so that they
    hold for the type of sensor and not for these pixels alone. It takes pixels to differ independently:
    shading raises s, but what it does to the mean is not in the errors. In the same way the read noise is a
    root mean square over pixels that differ, some of them by random telegraph noise: to its error is added
    that of having drawn just these (`pixel_spread`), and to that of dark current (`dark_current_spread`).

    Systematic, and in no standard error, is a bent response: if it bends by δ
    (`PhotonTransfer.response_bend`, the difference of R from the initial slope of a parabola), K differs
    from its value at low signal by 3 δ, R by δ and QE by −2 δ (from µ = K (e + c e²): σ²/µ = K (1 + 3 c e)).

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
        A level lacks its dark; fewer than two levels lie below 70 % of saturation, or of the brightest
        level where there is none; there is no light; `run` is not a dataset.

    References
    ----------
    EMVA Standard 1288, Release 4.0 General (2021) and Release 3.1 (2016).
    """
    table = one_form(run, variance, region, asking="photon_transfer")
    light = table["variance_light"].to_numpy()
    maximum = variance_maximum(light, light * np.sqrt(2 / table["samples"].to_numpy()))
    signal = table["signal"].to_numpy()
    used = signal <= 0.7 * signal[maximum.index]
    if (enough := int(used.sum())) < 2:
        raise AnalysisRefused(
            f"{enough} of {used.size} levels lie below 70 % of {range_in_words(maximum, signal)}: at least 2 "
            f"are needed; add {2 - enough} or more there"
        )
    if not signal[used].max() > 0:
        raise AnalysisRefused(
            f"the light frames are no brighter than the darks (by {signal[used].max():.3g} counts at most): "
            "switch the light on or expose longer"
        )
    return _Reduction(table, variance, maximum, used).result()


class _Reduction:
    """The formulae of `photon_transfer`, over one table of levels."""

    def __init__(
        self, table: xr.Dataset, form: VarianceForm, maximum: VarianceMaximum, used: NDArray[np.bool_]
    ):
        self.table, self.maximum, self.used = table, maximum, used
        self.form: VarianceForm = form
        self.photons, self.exposure = table["photons"].to_numpy(), table["exposure"].to_numpy()
        self.has_photons = bool(np.isfinite(self.photons).all() and np.ptp(self.photons) > 0)
        found = measured(table)
        self.dark_mean, self.dark_variance = found.dark_mean, found.dark_variance
        self.net_signal = found.light_mean - found.dark_mean
        self.net_variance = found.light_variance - found.dark_variance
        self.signal, self.variance = _nominal(self.net_signal), _nominal(self.net_variance)
        self.variance_error = np.asarray(unumpy.std_devs(self.net_variance), dtype=float)

    def result(self) -> PhotonTransfer:
        gain = self._slope(self.net_signal, self.net_variance)
        if not gain.value > 0:
            raise AnalysisRefused(
                f"the temporal noise does not grow with the light (K = {gain.value:.3g} count/e-): frames of "
                "one level may be copies of each other, or clipped; look at analysis.levels(run)"
            )
        inverse = Pulled(1 / gain.pair, -gain.scatter / gain.value**2)
        read_noise, read_noise_method = self._read_noise(gain)
        numbers = {"electrons_per_count": inverse, "counts_per_electron": gain}
        if read_noise is not None:
            numbers["read_noise"] = read_noise
        if self.has_photons:
            response = self._slope(self.photons, self.net_signal)
            ratio = response.pair / gain.pair
            pull = response.scatter / response.value - gain.scatter / gain.value
            efficiency = Pulled(ratio, ratio.nominal_value * pull)
            numbers |= {"responsivity": response, "quantum_efficiency": efficiency}
        current = None if read_noise is None else self._dark_current(gain)
        if current is not None:
            numbers["dark_current"] = current
        fitted = gain.value * self.signal
        residual = self.variance - fitted
        chi_square = float(((residual / self.variance_error)[self.used] ** 2).sum())
        freedom = int(self.used.sum()) - 1
        maximum = self._maximum(chi_square / freedom)
        full_well, how = self._full_well(numbers, maximum)
        return PhotonTransfer(
            electrons_per_count=inverse.estimate("e-/count"),
            counts_per_electron=gain.estimate("count/e-"),
            read_noise=None
            if read_noise is None
            else read_noise.estimate("e-", pixels=read_noise.value * pixel_spread(self.table) / 2),
            full_well=full_well,
            responsivity=self._of_the_sensor(numbers.get("responsivity"), "count/photon"),
            quantum_efficiency=self._of_the_sensor(numbers.get("quantum_efficiency"), "1"),
            dark_current=None
            if current is None
            else current.estimate("e-/s", pixels=dark_current_spread(self.table) / gain.value),
            response_bend=response_bend(self.table, self.used, self._light()),
            saturation_signal=at_saturation(maximum, self.signal, "count"),
            saturation_photons=at_saturation(maximum, self.photons, "photon/pixel")
            if self.has_photons
            else None,
            variance=self.form,
            full_well_method=how,
            method=f"K from {freedom + 1} levels up to 70 % of {self._range(maximum)}; {read_noise_method}",
            chi_square=chi_square,
            degrees_of_freedom=freedom,
            pair_errors={name: number.pair_error for name, number in numbers.items()},
            levels=self._levels(fitted, residual),
        )

    def _slope(self, x: Any, y: Any) -> Pulled:
        """Slope through zero over the levels used."""
        pair = slope_through_zero(x[self.used], y[self.used])
        known, measured = _nominal(x[self.used]), _nominal(y[self.used])
        pull = np.zeros(self.used.size)
        pull[self.used] = influence(known[:, np.newaxis], measured - pair.nominal_value * known)[0]
        return Pulled(pair, pull)

    def _range(self, by_scatter: VarianceMaximum) -> str:
        """What `used` is relative to, which pair statistics chose."""
        if not self.maximum.reached:
            return f"{range_in_words(self.maximum, self.signal)}; {NOT_SATURATED}"
        if by_scatter.reached:
            return range_in_words(self.maximum, self.signal)
        counts = self.signal[self.maximum.index]
        return f"the largest variance ({counts:.4g} counts), which is saturation unless the levels scatter so"

    def _read_noise(self, gain: Pulled) -> tuple[Pulled | None, str]:
        dark, pull = self._at_zero_exposure(self.dark_variance)
        if dark.nominal_value < LOWEST_DARK_VARIANCE:
            bound = np.sqrt(LOWEST_DARK_VARIANCE) / gain.value
            return None, (
                f"read noise below {bound:.3g} e-: rounding hides it, the dark varies by "
                f"{dark.nominal_value:.3g} count², less than 0.24; K and R then carry errors of rounding "
                "beyond their standard errors"
            )
        sigma = usqrt(dark - QUANTIZATION) / gain.pair
        relative = pull / (2 * (dark.nominal_value - QUANTIZATION)) - gain.scatter / gain.value
        how = (
            "read noise from the dark variance " + "at zero exposure"
            if self._several_exposures()
            else "read noise from the mean dark variance"
        )
        return Pulled(sigma, sigma.nominal_value * relative), how

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

    def _dark_current(self, gain: Pulled) -> Pulled | None:
        if not self._several_exposures():
            return None
        intercept, slope = line(self.exposure, self.dark_mean)
        design = np.stack([np.ones_like(self.exposure), self.exposure], axis=1)
        residual = _nominal(self.dark_mean) - intercept.nominal_value - slope.nominal_value * self.exposure
        pull = influence(design, residual)[1]
        current = slope / gain.pair
        scatter = pull / gain.value - current.nominal_value * gain.scatter / gain.value
        return Pulled(current, scatter)

    def _maximum(self, reduced_chi_square: float) -> VarianceMaximum:
        """The maximum again, its neighbours told apart by the scatter that the levels really have."""
        light = self.table["variance_light"].to_numpy()
        scatter = light * np.sqrt(2 / self.table["samples"].to_numpy() * max(1.0, reduced_chi_square))
        return variance_maximum(light, scatter)

    def _full_well(self, numbers: dict[str, Pulled], maximum: VarianceMaximum) -> tuple[Estimate | None, str]:
        """Electrons at saturation; the error holds the spacing of levels and the approach to saturation."""
        if not maximum.reached:
            return None, "left out: the variance does not fall before the brightest level; add brighter ones"
        at, per_count = maximum.index, numbers["electrons_per_count"]
        spread = np.hypot(np.sqrt(float(self.table["variance_light"][at])), self._pattern() * self.signal[at])
        if self.has_photons:
            factor, x, how = numbers["quantum_efficiency"], self.photons, "QE × photons at saturation"
        else:
            factor, x, how = per_count, self.signal, "counts at saturation × e-/count"
        number = Pulled(factor.pair * x[at], factor.scatter * x[at])
        placement = factor.value * maximum.placement_error(x)
        return (
            number.estimate("e-", level=placement, approach=APPROACH * spread * per_count.value),
            (
                f"{how}; by EMVA's definition, the largest variance, it lies below clipping, by up to one "
                "spacing of the levels and about three standard deviations of the signal; one-sided, and the "
                "standard error covers both"
            ),
        )

    def _pattern(self) -> float:
        """Standard deviation of the pixels about their mean signal, relative to it, without temporal noise.

        At the brightest level used: below, the pattern of the dark shows; above 70 % clipping would hide it.
        """
        top = int(np.flatnonzero(self.used)[-1])
        return max(float(self.table["spatial_variance"][top]), 0.0) ** 0.5 / float(self.signal[top])

    def _of_the_sensor(self, number: Pulled | None, unit: str) -> Estimate | None:
        """A mean over pixels that differ, with the error of having drawn just these."""
        if number is None:
            return None
        pixels = number.value * self._pattern() / float(np.sqrt(self.table["pixels"][0]))
        return number.estimate(unit, pixels=pixels)

    def _levels(self, fitted: Floats, residual: Floats) -> xr.Dataset:
        units = {"units": "count2"}
        return self.table.assign(
            variance=("level", self.variance, units),
            variance_error=("level", self.variance_error, units),
            fit=("level", fitted, units),
            residual=("level", residual, units),
            used=("level", self.used),
        )


def _nominal(values: Any) -> Floats:
    return np.asarray(unumpy.nominal_values(values), dtype=float)
