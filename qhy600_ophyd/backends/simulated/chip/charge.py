"""From light and warmth to the electrons of a mean pixel, and to the signal that is read of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from qhy600_ophyd.backends.simulated.chip.machine_words import bits_of_float, float_of_bits, fused, larger
from qhy600_ophyd.sensor.linearity import Linearity, linearity

_f = np.float32
_ZERO, _ONE, _NONE = _f(0.0), _f(1.0), np.uint32(0)


class Bend(NamedTuple):
    """The response of a pixel, for compiled loops; all in electrons.

    A charge q, at most `vertex`, reads as s (1 - loss s) with s = min(q - curvature (q - knot)², well), the
    square only beyond `knot`; nothing happens to it below `onset`.
    """

    onset: np.float32
    knot: np.float32
    vertex: np.float32
    curvature: np.float32
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
    photodiodes
        How many hold that charge together.
    scale
        Factor on the charge at which one of them bends.
    linearity_curve
        Factor on the published compression of a photodiode's signal.
    nonlinearity
        Further part of the signal that is missing at the pixel well; it grows with the signal, so that a
        charge Q reads as Q (1 - nonlinearity Q / pixel_well).
    """

    quantum_efficiency: float
    dark_current: float
    prnu: float
    pixel_well: float
    photodiodes: int = 1
    scale: float = 1.0
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
        held = np.minimum(self.curve.signal(collected), self.pixel_well)
        return held * (1 - self.nonlinearity * held / self.pixel_well)

    @property
    def curve(self) -> Linearity:
        """The compression of the signal, beside the clipping at the pixel well."""
        published = linearity()
        return replace(
            published,
            saturation=published.saturation * self.scale * self.photodiodes,
            compression=published.compression * self.linearity_curve,
        )

    @property
    def largest_signal(self) -> float:
        """What is read of any charge at most, `nonlinearity` left out [e-]."""
        return min(self.pixel_well, self.curve.largest_signal)

    @property
    def bend(self) -> Bend:
        """The same response for compiled loops."""
        curve = self.curve
        straight = min(curve.knot, self.pixel_well) if curve.compression else self.pixel_well
        return Bend(
            onset=_f(0.0 if self.nonlinearity else straight),
            knot=_f(curve.knot),
            vertex=_f(curve.vertex),
            curvature=_f(curve.compression / curve.saturation),
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
    knot, vertex, curvature, well, loss = bend.knot, bend.vertex, bend.curvature, bend.well, bend.loss
    for i in range(n):
        collected = min(charge[i], vertex)
        beyond = max(collected - knot, _ZERO)
        held = min(fused(-curvature * beyond, beyond, collected), well)
        charge[i] = held * (_ONE - loss * held)
