"""What was put into the simulated frames, for whoever checks what came out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qhy600_ophyd.backends.simulated.chip.charge import Charge
from qhy600_ophyd.backends.simulated.chip.maps import WARMTH
from qhy600_ophyd.backends.simulated.chip.noise_budget import NoiseBudget, noise_budget
from qhy600_ophyd.backends.simulated.chip.parameters import ChipParameters
from qhy600_ophyd.backends.simulated.chip.readout import Readout
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs
from qhy600_ophyd.contract import CameraError, Settings
from qhy600_ophyd.sensor.dark_current import dark_current
from qhy600_ophyd.sensor.quantum_efficiency import quantum_efficiency
from qhy600_ophyd.sensor.readout_modes import readout_mode
from qhy600_ophyd.sensor.response import electrons_per_count, pixel_well, read_noise

_QUANTILES = 255
"""Pixels that stand for all."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The sensor as it was simulated, for one set of settings and one temperature.

    All of it, photons too, holds for a pixel of the frame, that is, for a binned one.

    Parameters
    ----------
    electrons_per_count
        [e-/count].
    read_noise
        RMS over pixels of the temporal noise in the image without charge [e-], that is, what pairs of frames
        taken one after the other give: with jumps of fast traps, row noise and random-change thermal noise,
        without the slow traps' (which differ over minutes) and without the rounding of the conversion. In the
        overscan rows there are no jumps.
    read_noise_kurtosis
        Fourth moment of that noise over its squared variance; a variance of n pixels has the relative
        standard error sqrt((kurtosis - 1) / n).
    pixel_well, full_well
        [e-]: what the pixel holds, and what of it can be counted:
        min(pixel_well, (saturation_code - bias_level) electrons_per_count), or the vertex of the compression
        where that is less (it is not by default).
    bias_level
        Mean without charge [count].
    quantum_efficiency
        Electrons per photon.
    responsivity
        [count/photon].
    dark_current
        Mean over the pixels, warm ones among them [e-/s].
    prnu
        Relative width of the pixels' responses.
    nonlinearity
        Part of the signal that is missing at the pixel well, beside the compression.
    saturation_code
        Largest count.
    charge, readout
        The numbers per pixel of the chip, with which the frames were computed.
    noise
        The parts of the read noise of a pixel of the chip.
    """

    electrons_per_count: float
    read_noise: float
    read_noise_kurtosis: float
    pixel_well: float
    full_well: float
    bias_level: float
    quantum_efficiency: float
    responsivity: float
    dark_current: float
    prnu: float
    nonlinearity: float
    saturation_code: float
    charge: Charge
    readout: Readout
    noise: NoiseBudget

    @classmethod
    def from_steps(cls, charge: Charge, readout: Readout, noise: NoiseBudget) -> Truth:
        """The truth of frames computed with these.

        The noise of a sum of b × b pixels is b times that of one, but for the row noise, which its pixels
        have in common along one axis: variance b² (R² - r²) + b³ r². Sums are more normal than what is
        summed: the excess of the kurtosis falls with their number.
        """
        pixels, per_count = readout.pixels, readout.electrons_per_count * 2**readout.shift
        bias_level = float(readout.mean_counts([0.0]))
        alone = noise.total**2 - noise.row**2
        return cls(
            electrons_per_count=per_count,
            read_noise=float(np.sqrt(pixels * alone + pixels * readout.binning * noise.row**2)),
            read_noise_kurtosis=3 + (noise.kurtosis - 3) / pixels,
            pixel_well=charge.pixel_well * pixels,
            full_well=min(charge.largest_signal * pixels, (readout.saturation_code - bias_level) * per_count),
            bias_level=bias_level,
            quantum_efficiency=charge.quantum_efficiency,
            responsivity=charge.quantum_efficiency / per_count,
            dark_current=charge.dark_current * pixels,
            prnu=charge.prnu / readout.binning,
            nonlinearity=charge.nonlinearity,
            saturation_code=float(readout.saturation_code),
            charge=charge,
            readout=readout,
            noise=noise,
        )

    def mean_counts(self, photons: ArrayLike, exposure: ArrayLike) -> NDArray[np.float64]:
        """Mean response [count], with bias, dark charge, compression, non-linearity and clipping.

        It is the mean over pixels that differ, and over their shot noise: where the response bends, that is
        not the response of the mean.

        Parameters
        ----------
        photons
            Photons on one pixel of the frame, any shape.
        exposure
            Seconds, a shape that fits.
        """
        of_one = np.asarray(photons, dtype=float) / self.readout.pixels
        mean, spread = self.charge.collected(of_one, exposure), self.charge.spread(of_one, exposure)
        charges = mean[..., np.newaxis] + spread[..., np.newaxis] * _normal_quantiles()
        return self.readout.mean_counts(self.charge.signal(charges))


@cache
def _normal_quantiles() -> NDArray[np.float64]:
    """Equally likely normal deviates of variance 1, shape ``(_QUANTILES,)``."""
    normal = NormalDist()
    deviates = np.array([normal.inv_cdf((n + 0.5) / _QUANTILES) for n in range(_QUANTILES)])
    return deviates / deviates.std()


@dataclass(frozen=True, kw_only=True)
class Injected:
    """The sensor that is simulated, under a light.

    Parameters
    ----------
    parameters
        Of the sensor.
    wavelength
        Of the light [nm].
    """

    parameters: ChipParameters
    wavelength: float

    def of(self, settings: Settings | ExposureInputs, temperature: float) -> Truth:
        """The truth for `settings` [complete, as a camera reports them] at a sensor temperature [°C].

        Raises
        ------
        CameraError
            A setting is missing.
        NotPublished
            Nothing is known of the readout mode, or of that gain.
        """
        mode = settings.mode if isinstance(settings, ExposureInputs) else settings.readout_mode
        gain, offset = settings.gain, settings.offset
        if mode is None or gain is None or offset is None:
            raise CameraError(
                "truth refused: readout_mode, gain and offset are needed; "
                "use the settings that a camera reports"
            )
        parameters, on_chip = self.parameters, readout_mode(mode).binning
        charge = Charge(
            quantum_efficiency=parameters.quantum_efficiency_scale * quantum_efficiency(self.wavelength),
            dark_current=ordinary_dark_current(parameters, temperature, on_chip)
            * (1 + parameters.warm_fraction * mean_warmth()),
            prnu=parameters.prnu / on_chip,
            pixel_well=parameters.pixel_well_scale * pixel_well(mode),
            photodiodes=on_chip**2,
            scale=parameters.pixel_well_scale,
            linearity_curve=parameters.linearity_curve,
            nonlinearity=parameters.nonlinearity,
        )
        noise = noise_budget(parameters, parameters.read_noise_scale * read_noise(mode, gain), on_chip)
        readout = Readout(
            electrons_per_count=parameters.electrons_per_count_scale * electrons_per_count(mode, gain),
            read_noise=noise.total,
            bias=parameters.base_offset + parameters.counts_per_offset * offset,
            binning=settings.binning or 1,
            bit_depth=settings.bit_depth or 16,
        )
        return Truth.from_steps(charge, readout, noise)


def ordinary_dark_current(parameters: ChipParameters, temperature: float, on_chip: int) -> float:
    """Mean dark current of the pixels that are not warm [e-/s], of `on_chip` × `on_chip` summed ones."""
    return parameters.dark_scale * dark_current(temperature) * on_chip**2


def mean_warmth() -> float:
    """Additional dark current of a mean warm pixel, in means of the others: (b - a) / ln(b / a)."""
    low, high = WARMTH
    return (high - low) / float(np.log(high / low))
