"""From light and warmth to the electrons of a mean pixel, and to the signal that is read of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from qhy600_ophyd.backends.simulated.chip.machine_words import bits_of_float, float_of_bits, fused, larger
from qhy600_ophyd.sensor.linearity import linearity

_f = np.float32
_ZERO, _ONE, _NONE = _f(0.0), _f(1.0), np.uint32(0)


class Bend(NamedTuple):
    """The response of a pixel, for compiled loops; all in electrons.

    A charge q reads as s (1 - loss s) with s = min(q (1 + sum of slope (q - knot) beyond each knot), well);
    nothing happens to it below `onset`.
    """

    onset: np.float32
    knot: NDArray[np.float32]
    slope: NDArray[np.float32]
    well: np.float32
    loss: np.float32


@dataclass(frozen=True, kw_only=True)
class Charge:
    """How charge collects in a pixel.

    Parameters
    ----------
    quantum_efficiency
        Electrons per photon.
    dark_current
        Mean over the pixels, warm ones among them [e-/s].
    prnu
        Relative width of the pixels' responses; they are normally distributed.
    pixel_well
        Largest signal of a pixel [e-].
    linearity_curve
        Factor on the published compression of the signal near the pixel well.
    nonlinearity
        Further part of the signal that is missing at the pixel well; it grows with the signal, so that a
        charge Q reads as Q (1 - nonlinearity Q / pixel_well).
    """

    quantum_efficiency: float
    dark_current: float
    prnu: float
    pixel_well: float
    linearity_curve: float = 0.0
    nonlinearity: float = 0.0

    def collected(self, photons: ArrayLike, exposure: ArrayLike) -> NDArray[np.float64]:
        """Mean charge of a mean pixel [e-], for photons per pixel and seconds; any shapes that fit."""
        light = self.quantum_efficiency * np.asarray(photons, float)
        return light + self.dark_current * np.asarray(exposure, float)

    def spread(self, photons: ArrayLike, exposure: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation of the pixels' charges [e-]: shot noise and their different responses."""
        uneven = self.prnu * self.quantum_efficiency * np.asarray(photons, float)
        return np.sqrt(self.collected(photons, exposure) + uneven**2)

    def signal(self, collected: ArrayLike) -> NDArray[np.float64]:
        """What is read of charges [e-]; any shape."""
        collected = np.asarray(collected, float)
        compression = self.linearity_curve * linearity().deviation(collected / self.pixel_well)
        held = np.minimum(collected * (1 + compression), self.pixel_well)
        return held * (1 - self.nonlinearity * held / self.pixel_well)

    @property
    def bend(self) -> Bend:
        """The same response for compiled loops."""
        fraction, deviation = np.array(linearity().rows).T
        slope = np.diff(self.linearity_curve * deviation) / np.diff(fraction) / self.pixel_well
        change = np.diff(slope, prepend=0.0, append=0.0)
        bent = change != 0
        knot = fraction[bent] * self.pixel_well
        onset = 0.0 if self.nonlinearity else min([*knot, self.pixel_well])
        return Bend(
            onset=_f(onset),
            knot=knot.astype(np.float32),
            slope=change[bent].astype(np.float32),
            well=_f(self.pixel_well),
            loss=_f(self.nonlinearity / self.pixel_well),
        )


@njit(cache=True, nogil=True, error_model="numpy")
def read_signal(charge, bend, n):
    """Replace the first `n` charges [e-, not negative] by what is read of them."""
    top = _NONE
    for i in range(n):
        top = larger(top, np.uint32(bits_of_float(charge[i])))
    if float_of_bits(np.int32(top)) < bend.onset:
        return
    bent = np.ones(n, np.float32)
    for k in range(len(bend.knot)):
        knot, slope = bend.knot[k], bend.slope[k]
        for i in range(n):
            bent[i] = fused(slope, max(charge[i] - knot, _ZERO), bent[i])
    for i in range(n):
        held = min(charge[i] * bent[i], bend.well)
        charge[i] = held * (_ONE - bend.loss * held)
