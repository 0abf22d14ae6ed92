"""Tracks of muons through the silicon."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

import numpy as np

from qhy600_ophyd.backends.simulated.chip.rare_pixels import RarePixels, from_places, no_pixels
from qhy600_ophyd.sensor import Geometry

PITCH = 3.76  # um
_DEPTH = 3.0  # um of silicon that collects charge (assumed)
_ELECTRONS_PER_UM = 80.0  # of a minimum-ionising particle in silicon, most probable
_SPREAD = 0.3  # of its logarithm
_FLATTEST = 0.05  # cosine of the largest angle from the vertical
_STEP = 0.1  # pixels


def tracks(*, rate: float, exposure: float, geometry: Geometry, binning: int, key: np.uint64) -> RarePixels:
    """Charge [e-] that the muons of one exposure leave in the pixels of a chip.

    Their number is Poisson distributed. Through a flat chip they come with the angle's cosine c distributed
    as c³, which is the cos² of the sky times the cosine of the surface; each leaves 80 e- a micrometre of
    its way.

    Parameters
    ----------
    rate
        Muons [1/cm²/min].
    exposure
        [s].
    geometry, binning
        Of the chip, and how many of its sensor's pixels one of them is along each axis.
    key
        Of the random numbers.
    """
    rows, columns = geometry.shape
    if rate == 0:
        return no_pixels(rows)
    random = np.random.Generator(np.random.Philox(key=int(key)))
    pitch = PITCH * binning
    number = random.poisson(rate / 60 * exposure * rows * columns * (pitch * 1e-4) ** 2)
    y, x, charge = [np.empty(0, int)], [np.empty(0, int)], [np.empty(0)]
    for _ in range(number):
        cosine = max(random.random() ** 0.25, _FLATTEST)
        direction = 2 * pi * random.random()
        total = _ELECTRONS_PER_UM * _DEPTH / cosine * float(np.exp(_SPREAD * random.standard_normal()))
        length = _DEPTH * sqrt(1 - cosine**2) / cosine / pitch
        along = np.arange(0, length + _STEP, _STEP)
        row = np.floor(random.random() * rows + along * sin(direction)).astype(int)
        column = np.floor(random.random() * columns + along * cos(direction)).astype(int)
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        y.append(row[inside])
        x.append(column[inside])
        charge.append(np.full(int(inside.sum()), total / along.size))
    return from_places(np.concatenate(y), np.concatenate(x), np.concatenate(charge), rows)
