"""The electrons of a piece of a row at the end of an exposure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip.deviate_pairs import fill_polar
from qhy600_ophyd.backends.simulated.chip.machine_words import fused
from qhy600_ophyd.backends.simulated.chip.poisson_numbers import fill_poisson
from qhy600_ophyd.backends.simulated.chip.random_bits import PIECE, row_key
from qhy600_ophyd.backends.simulated.chip.rare_pixels import RarePixels, add_poisson, add_values

_f = np.float32
_ZERO, _ONE = _f(0.0), _f(1.0)


class Exposed(NamedTuple):
    """What falls on the area that is read, and is left in it; arrays of no size where there is none.

    Parameters
    ----------
    light
        Electrons of a mean pixel where the scene is 1, float32, shape ``(area.height,)``.
    scene, previous
        What the light is multiplied by; electrons left from before; float32, shape of the area.
    colour
        What the light is multiplied by, by parity of the chip's row and column, float32, shape ``(2, 2)``.
    dark
        Mean dark charge of an ordinary pixel [e-].
    cosmic
        Charge of the muons' tracks.
    electron_key, radius_key, turn_key, warm_key
        Of the random numbers.
    """

    light: NDArray[np.float32]
    scene: NDArray[np.float32]
    previous: NDArray[np.float32]
    colour: NDArray[np.float32]
    dark: np.float32
    cosmic: RarePixels
    electron_key: np.uint64
    radius_key: np.uint64
    turn_key: np.uint64
    warm_key: np.uint64


@njit(cache=True, nogil=True, error_model="numpy")
def collect(charge, radius, turn, scratch, bits, codes, exposed, lit, y, row, x, column, n):
    """Put the electrons of `n` ordinary pixels from column `x` of row `y` of the chip into `charge`.

    `row` and `column` are the same place in the area that is read; `lit` is 0 for dark columns. `radius`
    and `turn` are the pixels' polar random numbers. `scratch` is float32 of shape ``(4, PIECE)``, `bits`
    uint32.
    """
    mean = scratch[0]
    if lit:
        _fill_light(mean, codes.response[y, x : x + n], exposed.light[row], codes.response_step, n)
        _fill_pattern(mean, exposed, y, row, x, column, n)
    else:
        mean[:n] = _ZERO
    _add_dark(mean, codes.dark[y, x : x + n], exposed.dark * codes.dark_step, n)
    if exposed.previous.shape[0]:
        left = exposed.previous[row, column : column + n]
        for i in range(n):
            mean[i] += left[i]
    fill_poisson(charge, mean, row_key(exposed.electron_key, y), x, radius, turn, bits, scratch[1:], n)


@njit(cache=True, nogil=True, error_model="numpy")
def _add_dark(mean, codes, step, n):
    for i in range(n):
        mean[i] = fused(step, _f(codes[i]), mean[i])


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_light(mean, codes, light, step, n):
    for i in range(n):
        mean[i] = light * fused(step, _f(codes[i]), _ONE)


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_pattern(mean, exposed, y, row, x, column, n):
    if exposed.scene.shape[0]:
        scene = exposed.scene[row, column : column + n]
        for i in range(n):
            mean[i] *= scene[i]
    if exposed.colour.shape[0]:
        even, odd = exposed.colour[y & 1, x & 1], exposed.colour[y & 1, 1 - (x & 1)]
        for i in range(n):
            mean[i] *= odd if i & 1 else even


@njit(cache=True, nogil=True, error_model="numpy")
def collect_rows(plane, first, last, area_x, area_y, pieces, rows_with_charge, codes, warm, exposed):
    """Put the electrons of rows `first` to `last` of an area into `plane`, of the area's shape."""
    bits, scratch = np.empty(PIECE, np.uint32), np.empty((4, PIECE), np.float32)
    radius, turn = np.empty(PIECE, np.float32), np.empty(PIECE, np.float32)
    for row in range(first, last):
        plane[row] = 0
        y = area_y + row
        if rows_with_charge[y]:
            radius_key, turn_key = row_key(exposed.radius_key, y), row_key(exposed.turn_key, y)
            next_warm, next_ray = warm.first[y], exposed.cosmic.first[y]
            for k in range(len(pieces)):
                x, n, lit = pieces[k]
                column = x - area_x
                charge = plane[row, column : column + n]
                fill_polar(radius, turn, radius_key, turn_key, x, n)
                collect(charge, radius, turn, scratch, bits, codes, exposed, lit, y, row, x, column, n)
                next_warm = add_poisson(charge, warm, exposed.dark, exposed.warm_key, y, x, n, next_warm)
                next_ray = add_values(charge, exposed.cosmic, y, x, n, next_ray)
