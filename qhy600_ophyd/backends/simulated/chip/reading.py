"""From the electrons of a row to its counts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip.charge import Bend, read_signal
from qhy600_ophyd.backends.simulated.chip.collecting import collect
from qhy600_ophyd.backends.simulated.chip.deviate_pairs import cosine, fill_polar
from qhy600_ophyd.backends.simulated.chip.machine_words import as_float, fused, whole
from qhy600_ophyd.backends.simulated.chip.random_bits import PIECE, row_key
from qhy600_ophyd.backends.simulated.chip.rare_pixels import add_deviates, add_poisson, add_values
from qhy600_ophyd.backends.simulated.chip.telegraph import add_fast, add_slow

_f = np.float32
_ZERO, _HALF = _f(0.0), _f(0.5)
_TOP = _f(65536 - 2**-7)
_FIRST, _SECOND = np.int32(1), np.int32(2)


class Reading(NamedTuple):
    """How the area is read, for compiled loops.

    Parameters
    ----------
    bend
        Of the response.
    counts_per_electron
        Conversion.
    offset
        Counts of each row of the area without charge, float32, shape ``(area.height,)``.
    columns
        Counts that the chip's columns have besides, float32, shape ``(rows' kinds, chip's width)``.
    kinds
        Which of them belongs to each row of the area.
    noise
        RMS of the normal noise of a pixel of noise code 1 [count].
    jump_scale, thermal
        Factor on the jumps; RMS of the random-change thermal noise of its pixels [e-].
    shift
        Of the converter's thresholds by the lowest two bits of the code [count], float32, shape ``(2,)``.
    radius_key, turn_key, thermal_key, trap_key
        Of the random numbers.
    time, line
        When row 0 of the area is read, and from one row to the next [ns].
    """

    bend: Bend
    counts_per_electron: np.float32
    offset: NDArray[np.float32]
    columns: NDArray[np.float32]
    kinds: NDArray[np.int64]
    noise: np.float32
    jump_scale: np.float32
    thermal: np.float32
    shift: NDArray[np.float32]
    radius_key: np.uint64
    turn_key: np.uint64
    thermal_key: np.uint64
    trap_key: np.uint64
    time: np.int64
    line: np.int64


@njit(cache=True, nogil=True, error_model="numpy")
def _convert(counts, charge, radius, turn, column, noise_codes, offset, gain, noise, shift, n):
    """Counts of `n` pixels, of what is read of them [e-]."""
    s1, s2 = shift[0], shift[1]
    offset += _HALF + (s1 + s2) * _HALF
    for i in range(n):
        level = fused(gain, charge[i], offset + column[i])
        level = fused(noise * _f(noise_codes[i]), cosine(radius[i], turn[i]), level)
        level = min(max(level, _ZERO), _TOP)
        code = whole(level)
        early = s1 if code & _FIRST else _ZERO
        early += s2 if code & _SECOND else _ZERO
        short = np.int32(1) if level - as_float(code) < early else np.int32(0)
        counts[i] = np.uint16(np.int32(code - short))


@njit(cache=True, nogil=True, error_model="numpy")
def expose_rows(
    counts, first, last, area_x, area_y, pieces, rows_with_charge, codes, rare, exposed, reading, plane
):
    """Fill `counts` [uint16] with rows `first` to `last` of the area; row `first` is its row 0.

    `pieces` are ``(column of the chip, pixels, 1 where light falls)``; columns in none of them read 0.
    `rare` holds the fast and slow telegraph pixels, the warm ones and those with thermal noise. The
    electrons are those of `plane`, or, where it has no size, are collected here.
    """
    fast, slow, warm, thermal = rare
    charge, bits = np.empty(PIECE, np.float32), np.empty(PIECE, np.uint32)
    radius, turn = np.empty(PIECE, np.float32), np.empty(PIECE, np.float32)
    scratch = np.empty((4, PIECE), np.float32)
    for row in range(first, last):
        y = area_y + row
        out = counts[row - first]
        time = reading.time + row * reading.line
        radius_key, turn_key = row_key(reading.radius_key, y), row_key(reading.turn_key, y)
        next_fast, next_slow = fast.first[y], slow.first[y]
        next_warm, next_ray, next_thermal = warm.first[y], exposed.cosmic.first[y], thermal.first[y]
        column = 0
        for k in range(len(pieces)):
            x, n, lit = pieces[k]
            out[column : x - area_x] = 0
            column = x - area_x
            fill_polar(radius, turn, radius_key, turn_key, x, n)
            if not rows_with_charge[y]:
                charge[:n] = _ZERO
            elif plane.shape[0]:
                charge[:n] = plane[row, column : column + n]
            else:
                collect(charge, radius, turn, scratch, bits, codes, exposed, lit, y, row, x, column, n)
                next_warm = add_poisson(charge, warm, exposed.dark, exposed.warm_key, y, x, n, next_warm)
                next_ray = add_values(charge, exposed.cosmic, y, x, n, next_ray)
            read_signal(charge, reading.bend, n)
            scale, trap_key = reading.jump_scale, reading.trap_key
            next_fast = add_fast(charge, fast, scale, trap_key, time, y, x, n, next_fast)
            next_slow = add_slow(charge, slow, scale, trap_key, time, y, x, n, next_slow)
            next_thermal = add_deviates(
                charge, thermal, reading.thermal, reading.thermal_key, y, x, n, next_thermal
            )
            _convert(
                out[column : column + n],
                charge,
                radius,
                turn,
                reading.columns[reading.kinds[row], x : x + n],
                codes.noise[y, x : x + n],
                reading.offset[row],
                reading.counts_per_electron,
                reading.noise,
                reading.shift,
                n,
            )
            column += n
        out[column:] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def add_up(out, counts, binning, most, shift):
    """Sums of ``binning`` × ``binning`` counts, none above `most`, without their lowest `shift` bits."""
    if binning == 1:
        low = np.uint16(shift)
        for row in range(out.shape[0]):
            single, into = counts[row], out[row]
            for column in range(into.shape[0]):
                into[column] = single[column] >> low
        return
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            total = np.int64(0)
            for y in range(row * binning, (row + 1) * binning):
                for x in range(column * binning, (column + 1) * binning):
                    total += counts[y, x]
            out[row, column] = min(total, most) >> shift
