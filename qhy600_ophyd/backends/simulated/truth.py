"""What was put into the simulated frames, for whoever checks what came out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qhy600_ophyd.backends.simulated.charge import Charge
from qhy600_ophyd.backends.simulated.readout import Readout
from qhy600_ophyd.contract import CameraError, SettingRefused, Settings
from qhy600_ophyd.sensor.dark_current import dark_current
from qhy600_ophyd.sensor.quantum_efficiency import quantum_efficiency
from qhy600_ophyd.sensor.response import electrons_per_count, pixel_well, read_noise


@dataclass(frozen=True, kw_only=True)
class Truth:
    """The sensor as it was simulated, for one set of settings and one temperature.

    All of it, photons too, holds for a pixel of the frame, that is, for a binned one.

    Parameters
    ----------
    electrons_per_count
        [e-/count].
    read_noise
        RMS [e-], without the rounding of the conversion.
    pixel_well, full_well
        [e-]: what the pixel holds, and what of it can be counted:
        min(pixel_well, (saturation_code - bias_level) electrons_per_count).
    bias_level
        Mean without charge [count].
    quantum_efficiency
        Electrons per photon.
    responsivity
        [count/photon].
    dark_current
        Mean over the pixels [e-/s].
    prnu
        Relative width of the pixels' responses.
    nonlinearity
        Part of the signal that is missing at the pixel well.
    saturation_code
        Largest count.
    charge, readout
        The numbers per pixel of the chip, with which the frames were computed.
    """

    electrons_per_count: float
    read_noise: float
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

    @classmethod
    def from_steps(cls, charge: Charge, readout: Readout) -> Truth:
        """The truth of frames computed with these."""
        pixels, per_count = readout.pixels, readout.electrons_per_count * 2**readout.shift
        bias_level = float(readout.mean_counts(0.0))
        return cls(
            electrons_per_count=per_count,
            read_noise=readout.read_noise * readout.binning,
            pixel_well=charge.pixel_well * pixels,
            full_well=min(charge.pixel_well * pixels, (readout.saturation_code - bias_level) * per_count),
            bias_level=bias_level,
            quantum_efficiency=charge.quantum_efficiency,
            responsivity=charge.quantum_efficiency / per_count,
            dark_current=charge.dark_current * pixels,
            prnu=charge.prnu / readout.binning,
            nonlinearity=charge.nonlinearity,
            saturation_code=float(readout.saturation_code),
            charge=charge,
            readout=readout,
        )

    def mean_counts(self, photons: ArrayLike, exposure: ArrayLike) -> NDArray[np.float64]:
        """Noise-free mean response [count], with bias, dark charge, non-linearity and clipping.

        Parameters
        ----------
        photons
            Photons on one pixel of the frame, any shape.
        exposure
            Seconds, a shape that fits.
        """
        of_one = np.asarray(photons, dtype=float) / self.readout.pixels
        return self.readout.mean_counts(self.charge.mean_signal(of_one, exposure))


_MOST = {
    "prnu": 0.2,
    "dark_spread": 2.0,
    "nonlinearity": 0.49,
    "base_offset": 60_000.0,
    "counts_per_offset": 200.0,
}


@dataclass(frozen=True, kw_only=True)
class Injected:
    """The sensor that is simulated.

    Parameters
    ----------
    wavelength
        Of the light [nm].
    prnu
        Relative width of the pixels' responses.
    dark_spread
        Standard deviation of the logarithm of the pixels' dark currents.
    nonlinearity
        Part of the signal that is missing at the pixel well.
    base_offset, counts_per_offset
        Bias level at offset 0 [count] and its slope with the offset register.

    Raises
    ------
    SettingRefused
        One of them is impossible.
    """

    wavelength: float
    prnu: float
    dark_spread: float
    nonlinearity: float
    base_offset: float
    counts_per_offset: float

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise SettingRefused(name, f"{value:g}", allowed=f"0–{most:g}")

    def of(self, settings: Settings, temperature: float) -> Truth:
        """The truth for `settings` [complete, as a camera reports them] at a sensor temperature [°C].

        Raises
        ------
        CameraError
            A setting is missing.
        """
        mode, gain, offset = settings.readout_mode, settings.gain, settings.offset
        if mode is None or gain is None or offset is None:
            raise CameraError(
                "truth refused: readout_mode, gain and offset are needed; "
                "use the settings that a camera reports"
            )
        charge = Charge(
            quantum_efficiency=quantum_efficiency(self.wavelength),
            dark_current=dark_current(temperature),
            prnu=self.prnu,
            pixel_well=pixel_well(mode),
            nonlinearity=self.nonlinearity,
        )
        readout = Readout(
            electrons_per_count=electrons_per_count(mode, gain),
            read_noise=read_noise(mode, gain),
            bias=self.base_offset + self.counts_per_offset * offset,
            binning=settings.binning or 1,
            bit_depth=settings.bit_depth or 16,
        )
        return Truth.from_steps(charge, readout)
