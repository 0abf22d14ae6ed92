"""From the mean signal of pixels to the mean counts of a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

CONVERTER_CODE = 65535
"""Largest count of the converter; in 8 and 16 bit a sum of binned pixels is clipped there too."""

_LEAST_NOISE = 1e-6  # count: less than rounding shows, and not 0, which divides nothing


@dataclass(frozen=True, kw_only=True)
class Readout:
    """How a charge becomes a count.

    Parameters
    ----------
    electrons_per_count
        Of the 16-bit converter [e-/count].
    read_noise
        RMS [e-] of a pixel of the chip.
    bias
        Mean of a pixel without charge [count, 16 bit].
    binning
        Pixels summed along each axis after the conversion.
    bit_depth
        16; 32, in which sums are not clipped; or 8, the upper half of the 16.
    """

    electrons_per_count: float
    read_noise: float
    bias: float
    binning: int
    bit_depth: int

    @property
    def pixels(self) -> int:
        """Pixels summed in one count."""
        return self.binning**2

    @property
    def shift(self) -> int:
        """Bits that a count loses at its low end."""
        return 8 if self.bit_depth == 8 else 0

    @property
    def largest_sum(self) -> int:
        """Where a sum of pixels is clipped."""
        return CONVERTER_CODE * (self.pixels if self.bit_depth == 32 else 1)

    @property
    def saturation_code(self) -> int:
        """Largest count of a frame."""
        return self.largest_sum >> self.shift

    @property
    def dtype(self) -> str:
        """Type of the counts of a frame."""
        return f"uint{self.bit_depth}"

    def mean_counts(self, signal: ArrayLike) -> NDArray[np.float64]:
        """Mean count of (binned) pixels, clipped.

        Where bits are dropped it is the expectation of the count without them, rounded down, over the normal
        noise of what is shortened: the read noise around the signal of each of the pixels, or, of a sum of
        pixels, all of its noise.

        Parameters
        ----------
        signal
            Signals [e-] of pixels of the chip, equally likely along the last axis, over which the mean is
            taken after each was converted.
        """
        level = self.bias + np.asarray(signal, float) / self.electrons_per_count
        if not self.shift:
            pixel = np.minimum(level, CONVERTER_CODE).mean(axis=-1)
            return np.clip(self.pixels * pixel, 0, self.largest_sum)
        noise = np.asarray(self.read_noise / self.electrons_per_count)
        if self.pixels == 1:
            return self._shortened(level, noise).mean(axis=-1)
        spread = np.sqrt(self.pixels * (level.var(axis=-1) + noise**2))
        return self._shortened(self.pixels * level.mean(axis=-1), spread)

    def _shortened(self, level: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
        """Means of counts without their lowest bits: the probabilities to reach each step, added up."""
        noise = np.maximum(noise, _LEAST_NOISE)
        step = 2**self.shift
        first = range(step, self.largest_sum + 1, step)
        return np.asarray(sum(ndtr((level - (code - 0.5)) / noise) for code in first))
