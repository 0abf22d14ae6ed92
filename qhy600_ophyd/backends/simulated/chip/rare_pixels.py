"""Pixels that are unlike the others: lists of their places, row by row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip.normal_deviates import normal
from qhy600_ophyd.backends.simulated.chip.poisson_numbers import one
from qhy600_ophyd.backends.simulated.chip.random_bits import pixel_bits, row_key

_S32 = np.uint64(32)


class RarePixels(NamedTuple):
    """Some pixels of a chip. Those of row y are entries ``first[y]`` to ``first[y + 1]``, columns rising.

    `x` is int32, `value` float32, one each for every pixel.
    """

    first: NDArray[np.int64]
    x: NDArray[np.int32]
    value: NDArray[np.float32]

    def on(self, shape: tuple[int, int]) -> NDArray[np.float32]:
        """The values in their places on the whole chip, zero elsewhere."""
        chip = np.zeros(shape, np.float32)
        chip[np.repeat(np.arange(shape[0]), np.diff(self.first)), self.x] = self.value
        return chip


def summed_fraction(fraction: float, binning: int) -> float:
    """Part of the sums of ``binning`` × ``binning`` pixels that have one of so rare a kind among them."""
    return 1 - (1 - fraction) ** binning**2


def chosen_pixels(
    key: np.uint64, fraction: float, rows: NDArray[np.bool_], columns: NDArray[np.bool_]
) -> RarePixels:
    """A random part of the pixels in the given rows and columns, each with value 1."""
    limit = np.uint32(min(fraction * 2.0**32, 2.0**32 - 1))
    first = np.zeros(len(rows) + 1, np.int64)
    _count(first, key, limit, rows, columns)
    np.cumsum(first, out=first)
    x = np.empty(first[-1], np.int32)
    _choose(x, first, key, limit, rows, columns)
    return RarePixels(first, x, np.ones(x.size, np.float32))


def from_places(
    y: NDArray[np.int64], x: NDArray[np.int64], value: NDArray[np.float64], rows: int
) -> RarePixels:
    """These pixels of a chip of so many rows, in any order."""
    order = np.lexsort((x, y))
    first = np.zeros(rows + 1, np.int64)
    first[1:] = np.cumsum(np.bincount(y, minlength=rows))
    return RarePixels(first, x[order].astype(np.int32), value[order].astype(np.float32))


def no_pixels(rows: int) -> RarePixels:
    """None of a chip of so many rows."""
    return RarePixels(np.zeros(rows + 1, np.int64), np.empty(0, np.int32), np.empty(0, np.float32))


@njit(cache=True, nogil=True, error_model="numpy")
def add_poisson(charge, pixels, mean, key, y, x, n, j):
    """Add Poisson numbers of ``mean * value`` to the listed pixels among ``x`` to ``x + n`` of row `y`.

    `j` is an entry of the row at or before the first of these; returns the one after the last. So do the
    others.
    """
    end = pixels.first[y + 1]
    while j < end and pixels.x[j] < x + n:
        if pixels.x[j] >= x:
            charge[pixels.x[j] - x] += one(mean * pixels.value[j], _bits(key, y, pixels.x[j]))
        j += 1
    return j


@njit(cache=True, nogil=True, error_model="numpy")
def add_values(charge, pixels, y, x, n, j):
    """Add the values of the listed pixels among ``x`` to ``x + n`` of row `y`."""
    end = pixels.first[y + 1]
    while j < end and pixels.x[j] < x + n:
        if pixels.x[j] >= x:
            charge[pixels.x[j] - x] += pixels.value[j]
        j += 1
    return j


@njit(cache=True, nogil=True, error_model="numpy")
def add_deviates(charge, pixels, sigma, key, y, x, n, j):
    """Add sizes of normal numbers of RMS `sigma` to the listed pixels among ``x`` to ``x + n`` of row `y`."""
    end = pixels.first[y + 1]
    while j < end and pixels.x[j] < x + n:
        if pixels.x[j] >= x:
            charge[pixels.x[j] - x] += sigma * abs(normal(_bits(key, y, pixels.x[j])))
        j += 1
    return j


@njit(cache=True, nogil=True, error_model="numpy")
def _bits(key, y, x):
    bounds = row_key(key, y)
    return pixel_bits(np.uint32(bounds), np.uint32(bounds >> _S32), x)


@njit(cache=True, nogil=True, error_model="numpy")
def _count(first, key, limit, rows, columns):
    for y in range(len(rows)):
        if rows[y]:
            bounds = row_key(key, y)
            low, high = np.uint32(bounds), np.uint32(bounds >> _S32)
            for x in range(len(columns)):
                if pixel_bits(low, high, x) < limit and columns[x]:
                    first[y + 1] += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _choose(chosen, first, key, limit, rows, columns):
    for y in range(len(rows)):
        if rows[y]:
            bounds = row_key(key, y)
            low, high = np.uint32(bounds), np.uint32(bounds >> _S32)
            j = first[y]
            for x in range(len(columns)):
                if pixel_bits(low, high, x) < limit and columns[x]:
                    chosen[j] = x
                    j += 1
