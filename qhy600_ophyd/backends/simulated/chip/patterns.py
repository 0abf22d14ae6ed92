"""What the pixels of a row, and of a column, have in common."""

from __future__ import annotations

from math import pi

import numpy as np
from numba import njit
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip.banding import bands
from qhy600_ophyd.backends.simulated.chip.normal_deviates import normal
from qhy600_ophyd.backends.simulated.chip.parameters import ChipParameters
from qhy600_ophyd.backends.simulated.chip.purposes import Fixed, fixed_key
from qhy600_ophyd.backends.simulated.chip.random_bits import pixel_bits
from qhy600_ophyd.sensor import Geometry, Rectangle, Region

IMAGE_ROWS, OVERSCAN_ROWS, DOTTED_ROWS = 0, 1, 2
"""Which pattern of the columns a row shows."""

_DOTTED = 0.005  # of the columns
_DOTTED_HEIGHT = 12  # rows at the bottom; every second one has the dots


def row_electrons(
    parameters: ChipParameters, *, seed: int, key: np.uint64, area: Rectangle, line_time: float
) -> NDArray[np.float64]:
    """What the rows of `area` have beside the bias [e-]: row noise and banding, shape ``(area.height,)``.

    It is the same in the dark columns and in the image.
    """
    rows = np.arange(area.y, area.y + area.height)
    phase = 2 * pi * float(fixed_key(seed, Fixed.BANDING, 1)) / 2.0**64
    noise = parameters.row_noise * deviates(key, rows)
    return noise + parameters.banding * bands(rows, line_time, phase)


def column_electrons(
    parameters: ChipParameters, *, seed: int, geometry: Geometry, binning: int
) -> NDArray[np.float64]:
    """What the chip's columns have beside the bias [e-], for the three kinds of rows, shape ``(3, width)``.

    Of mean 0 over the chip but for the dots.
    """
    columns = np.arange(geometry.total.width)
    pattern = np.empty((3, columns.size))
    for kind, what in ((IMAGE_ROWS, Fixed.IMAGE_COLUMNS), (OVERSCAN_ROWS, Fixed.OVERSCAN_COLUMNS)):
        fixed = deviates(fixed_key(seed, what, binning), columns)
        pattern[kind] = parameters.column_pattern * (fixed - fixed.mean())
    place = np.random.Generator(np.random.Philox(key=int(fixed_key(seed, Fixed.DOTS, binning))))
    dotted = place.random(columns.size) < _DOTTED
    pattern[DOTTED_ROWS] = pattern[OVERSCAN_ROWS] + parameters.overscan_dots * dotted
    return pattern


def row_kinds(geometry: Geometry, area: Rectangle) -> NDArray[np.int64]:
    """Which pattern of the columns each row of `area` shows, shape ``(area.height,)``."""
    from_bottom = geometry.total.height - np.arange(area.y, area.y + area.height)
    overscan = geometry.y_region(area) == Region.OVERSCAN
    dotted = overscan & (from_bottom <= _DOTTED_HEIGHT) & (from_bottom % 2 == 1)
    return np.where(dotted, DOTTED_ROWS, np.where(overscan, OVERSCAN_ROWS, IMAGE_ROWS)).astype(np.int64)


def deviates(key: np.uint64, places: NDArray[np.int64]) -> NDArray[np.float64]:
    """A standard normal number for each place, the same whatever other places are asked for."""
    out = np.empty(places.size)
    _deviates(out, key, places)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _deviates(out, key, places):
    low, high = np.uint32(key), np.uint32(key >> np.uint64(32))
    for i in range(len(places)):
        out[i] = normal(pixel_bits(low, high, places[i]))
