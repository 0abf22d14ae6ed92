"""Pixels that jump between levels: traps with two states, sampled twice in every readout.

The charge of a pixel is the difference of two samples, so that a trap that changed its state in between
adds or subtracts a jump d: the frame's contribution is d (s2 - s1). The states are a function of the pixel
and of the time at which its row is read. Those of fast traps are drawn anew every microsecond; those of
slow ones stay, for 30 s to 16 min as the pixel has it, which is how a series of frames shows levels
(assumed: no time constants are published). d and the probability of either change have the measured
distributions; d is a mixture of the published jumps and of smaller ones, fitted to the distribution of
all pixels (`sensor.noise`), since the published ones alone, of pixels sought for large jumps, would give
more noise than the same source's RMS allows. A pixel that sums several of the chip has one trap where any
of them has, with a jump as large as keeps the variance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip.parameters import ChipParameters
from qhy600_ophyd.backends.simulated.chip.purposes import Fixed, fixed_key
from qhy600_ophyd.backends.simulated.chip.random_bits import mix64, pixel_bits, row_key
from qhy600_ophyd.backends.simulated.chip.rare_pixels import RarePixels, chosen_pixels, summed_fraction
from qhy600_ophyd.sensor.noise import read_noise_distribution

_COLUMN_BITS, _JUMP_BITS, _CHANCE_BITS = 14, 8, 7
_COLUMN_MASK, _JUMP_MASK, _CHANCE_MASK = (
    np.uint32(2**bits - 1) for bits in (_COLUMN_BITS, _JUMP_BITS, _CHANCE_BITS)
)
_TO_JUMP, _TO_CHANCE = np.uint32(_COLUMN_BITS), np.uint32(_COLUMN_BITS + _JUMP_BITS)
_S32 = np.uint64(32)
_MOST_WEIGHT = 0.5  # of both changes together: 2 p (1 - p)
_CELL = 1000  # ns
_DWELL = 30_000_000_000  # ns, the shortest of slow traps; the others are 2, 4, ... 32 times as long
_THREE, _SIX = np.uint64(3), np.uint64(6)


class Traps(NamedTuple):
    """Telegraph pixels. Those of row y are entries ``first[y]`` to ``first[y + 1]``, columns rising.

    `packed` [uint32] holds the column, which of the jumps [e-, shape (256,)] and which of the chances [of
    going up, and of going down, in 2^-32, shape (128,)] a pixel has.
    """

    first: NDArray[np.int64]
    packed: NDArray[np.uint32]
    jump: NDArray[np.float32]
    chance: NDArray[np.uint32]

    @property
    def jumps(self) -> RarePixels:
        """Height of each pixel's jump [e-]."""
        return self._as_pixels(self.jump[(self.packed >> _TO_JUMP) & _JUMP_MASK])

    @property
    def probabilities(self) -> RarePixels:
        """Each pixel's probability of going up in a frame; that of going down is the same."""
        return self._as_pixels(self.chance[(self.packed >> _TO_CHANCE) & _CHANCE_MASK] / np.float32(2.0**32))

    def _as_pixels(self, value: NDArray[np.floating]) -> RarePixels:
        return RarePixels(self.first, (self.packed & _COLUMN_MASK).astype(np.int32), value.astype(np.float32))


def traps(
    parameters: ChipParameters,
    *,
    seed: int,
    binning: int,
    slow: bool,
    rows: NDArray[np.bool_],
    columns: NDArray[np.bool_],
) -> Traps:
    """The fast, or the slow, telegraph pixels among these rows and columns of a chip."""
    share = parameters.slow_traps if slow else 1 - parameters.slow_traps
    where = chosen_pixels(
        fixed_key(seed, Fixed.SLOW_TRAPS if slow else Fixed.FAST_TRAPS, binning),
        jumping_fraction(parameters, binning) * share,
        rows,
        columns,
    )
    packed = where.x.astype(np.uint32)
    _add_kinds(packed, where.first, fixed_key(seed, Fixed.TRAP_KINDS, binning))
    jump, weight = jump_heights(parameters, binning), side_weights()
    return Traps(
        where.first, packed, jump.astype(np.float32), np.round(weight / 2 * 2.0**32).astype(np.uint32)
    )


def jumping_fraction(parameters: ChipParameters, binning: int) -> float:
    """Part of the pixels that jump, where each sums ``binning`` × ``binning``: 1 - (1 - f)^(binning²)."""
    return summed_fraction(parameters.telegraph_fraction, binning)


def jump_heights(parameters: ChipParameters, binning: int = 1) -> NDArray[np.float64]:
    """Equally likely heights of jumps [e-], shape ``(256,)``, that give the noise that is wished for.

    By default they are those of the fit; another `telegraph_noise` or `telegraph_fraction` scales them, and
    so does the sum of ``binning`` × ``binning`` pixels, whose noise is `binning` times that of one.
    """
    known = read_noise_distribution()
    large = round(known.large_share * 2**_JUMP_BITS)
    least, largest = np.log(known.small_jump)
    small = np.exp(
        least + (largest - least) * (np.arange(2**_JUMP_BITS - large) + 0.5) / (2**_JUMP_BITS - large)
    )
    heights = np.concatenate([small, _quantiles(known.jump, large)])
    noise = np.sqrt(jumping_fraction(parameters, binning) * (heights**2).mean() * side_weights().mean())
    return heights * (binning * parameters.telegraph_noise / noise if noise > 0 else 0.0)


def side_weights() -> NDArray[np.float64]:
    """Equally likely parts of the frames in which a pixel is off its middle level, shape ``(128,)``."""
    return np.minimum(_quantiles(read_noise_distribution().side_weight, 2**_CHANCE_BITS), _MOST_WEIGHT)


def _quantiles(pairs: tuple[tuple[float, float], ...], n: int) -> NDArray[np.float64]:
    percent, value = np.array(pairs).T
    return np.exp(np.interp((np.arange(n) + 0.5) / n * 100, percent, np.log(value)))


@njit(cache=True, nogil=True, error_model="numpy")
def add_fast(charge, traps, scale, key, time, y, x, n, j):
    """Add the jumps of one row, read at `time` [ns], to the electrons of columns ``x`` to ``x + n``.

    `j` is an entry of the row at or before the first of these columns; returns the one after the last.
    """
    bounds = row_key(row_key(key, y), time // _CELL)
    low, high = np.uint32(bounds), np.uint32(bounds >> _S32)
    end = traps.first[y + 1]
    while j < end:
        packed = traps.packed[j]
        column = np.int64(packed & _COLUMN_MASK)
        if column >= x + n:
            break
        if column >= x:
            bits = pixel_bits(low, high, column)
            chance = traps.chance[(packed >> _TO_CHANCE) & _CHANCE_MASK]
            height = scale * traps.jump[(packed >> _TO_JUMP) & _JUMP_MASK]
            up = np.float32(bits < chance)
            down = np.float32(np.uint32(~bits) < chance)
            charge[column - x] += height * (up - down)
        j += 1
    return j


@njit(cache=True, nogil=True, error_model="numpy")
def add_slow(charge, traps, scale, key, time, y, x, n, j):
    """The same for slow traps, whose states hold for a time of their own."""
    end = traps.first[y + 1]
    while j < end:
        packed = traps.packed[j]
        column = np.int64(packed & _COLUMN_MASK)
        if column >= x + n:
            break
        if column >= x:
            pixel = row_key(row_key(key, y), column)
            dwell = np.int64(_DWELL) << np.int64(pixel % _SIX)
            phase = np.int64(pixel >> _THREE) % dwell
            bits = np.uint32(mix64(row_key(pixel, (time + phase) // dwell)))
            chance = traps.chance[(packed >> _TO_CHANCE) & _CHANCE_MASK]
            height = scale * traps.jump[(packed >> _TO_JUMP) & _JUMP_MASK]
            charge[column - x] += height * (np.float32(bits < chance) - np.float32(np.uint32(~bits) < chance))
        j += 1
    return j


@njit(cache=True, nogil=True, error_model="numpy")
def _add_kinds(packed, first, key):
    kinds = np.uint32(2 ** (_JUMP_BITS + _CHANCE_BITS) - 1)
    for y in range(len(first) - 1):
        bounds = row_key(key, y)
        low, high = np.uint32(bounds), np.uint32(bounds >> _S32)
        for j in range(first[y], first[y + 1]):
            packed[j] |= (pixel_bits(low, high, packed[j]) & kinds) << _TO_JUMP
