"""Random bits by counter: the same for a pixel whatever area is read, in whatever order.

A row of the chip has a key of 64 bits, made from the key of the frame and the purpose; a pixel has 32 bits,
made from the two halves of its row's key and its column by two multiplications and three shifted
exclusive-ors, the construction of the finalisers of MurmurHash3 (Appleby) with the second half of the key
added between them, so that no two rows run through the same numbers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qhy600_ophyd.backends.simulated.chip.machine_words import folded, product, total

_WEYL = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = (np.uint64(n) for n in (27, 30, 31, 32))
_STEP = np.uint32(0x9E3779B9)
_M1 = np.uint32(0x85EBCA6B)
_M2 = np.uint32(0xC2B2AE35)
_S13, _S15, _S16 = (np.uint32(n) for n in (13, 15, 16))


@njit(cache=True, nogil=True, error_model="numpy")
def mix64(state):
    """Hash of 64 bits: the finaliser of SplitMix64 (Steele, Lea & Flood 2014)."""
    state = (state ^ (state >> _S30)) * _MIX_1
    state = (state ^ (state >> _S27)) * _MIX_2
    return state ^ (state >> _S31)


@njit(cache=True, nogil=True, error_model="numpy")
def row_key(key, row):
    """Key of row `row` of the chip under the 64-bit `key`."""
    return mix64(np.uint64(key) + (np.uint64(row) + np.uint64(1)) * _WEYL)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def pixel_bits(low, high, x):
    """32 random bits of the pixel in column `x`, from the two halves of its row's key."""
    h = product(folded(total(product(np.uint32(x), _STEP), low), _S16), _M1)
    h = product(folded(total(h, high), _S13), _M2)
    return folded(h, _S16)


PIECE = 512
"""Most pixels of a row that are treated together: their scratch stays in the fastest memory."""

STEPS = np.arange(PIECE, dtype=np.uint32) * _STEP
"""What the columns of a piece add to `column_step` of its first."""


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def column_step(key, x):
    """The first half of a row's key, moved to column `x`."""
    return total(product(np.uint32(x), _STEP), np.uint32(key))


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def step_bits(moved, high, step):
    """`pixel_bits` of the pixel `step` further."""
    h = product(folded(total(step, moved), _S16), _M1)
    h = product(folded(total(h, high), _S13), _M2)
    return folded(h, _S16)


@njit(cache=True, nogil=True, error_model="numpy")
def fill_bits(bits, key, first, n):
    """Put the random bits of the pixels in columns `first` to ``first + n`` of a row into `bits`."""
    moved, high = column_step(key, first), np.uint32(key >> _S32)
    for i in range(n):
        bits[i] = step_bits(moved, high, STEPS[i])
