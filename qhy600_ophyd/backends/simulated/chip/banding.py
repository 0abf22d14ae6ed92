"""The periodic horizontal banding: a disturbance of fixed frequency, sampled once a line.

A disturbance of frequency f appears, at one sample a line, with nu = |f t_line - nearest whole number|
periods a row. What changes quickly from row to row is suppressed by the black-level clamp, which follows a
few rows, so that the amplitude is A / (1 + (nu / 0.05)²). The line time follows the USB traffic, so period
and strength do too. The disturbance is locked to the sensor's clock: at given settings the bands stay where
they are, and stacking does not remove them. All of it is assumed; published is only that there are such
bands, that they stay and that USB traffic changes them. Horizontal noise that differs from frame to frame
is the row noise.
"""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

DISTURBANCE = 26_700.0
"""Frequency of the disturbance [Hz]: at traffic 0 the bands have 12 rows."""

_CLAMPED = 0.05  # periods a row at which half the amplitude is left


def periods_per_row(line_time: float) -> float:
    """How many bands there are in a row, 0 to 1/2, at a line time [s]."""
    turns = DISTURBANCE * line_time
    return abs(turns - round(turns))


def strength(line_time: float) -> float:
    """Amplitude of the banding, relative to that where it is strongest."""
    return 1 / (1 + (periods_per_row(line_time) / _CLAMPED) ** 2)


def bands(rows: NDArray[np.int64], line_time: float, phase: float) -> NDArray[np.float64]:
    """The banding of these rows of the chip, for an amplitude of 1 where it is strongest; same shape."""
    return strength(line_time) * np.sin(2 * pi * periods_per_row(line_time) * rows + phase)
