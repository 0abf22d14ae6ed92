"""From the mean signal of pixels to the mean counts of a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONVERTER_CODE = 65535
"""Largest count of the converter; in 8 and 16 bit a sum of binned pixels is clipped there too."""


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

        Dropping n bits lowers the mean by (2^n - 1) / 2^(n + 1), as for any count much noisier than 2^n.

        Parameters
        ----------
        signal
            Signals [e-] of pixels of the chip, equally likely along the last axis, over which the mean is
            taken after each was converted.
        """
        counts = np.minimum(self.bias + np.asarray(signal, float) / self.electrons_per_count, CONVERTER_CODE)
        pixel = counts.mean(axis=-1)
        total = np.clip(self.pixels * pixel, 0, self.largest_sum)
        step = 2**self.shift
        return np.clip(total / step - (step - 1) / (2 * step), 0, self.saturation_code)
