"""A lamp that flickers over rows that do not start together."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


def lit_seconds(
    *, frequency: float, depth: float, start_ns: int, exposure: float, line_time: float, rows: int
) -> NDArray[np.float64]:
    """How long a steady lamp of the same mean would have to shine on each row, shape ``(rows,)`` [s].

    Row r is exposed from start + r line_time for T = exposure, and the lamp is 1 + depth cos(2 pi f t):

    integral = T (1 + depth sin(pi f T) / (pi f T) cos(2 pi f t_r)), t_r in the middle of the row's exposure.

    Parameters
    ----------
    frequency, depth
        Of the flicker [Hz], and its amplitude relative to the mean.
    start_ns
        Start of the first row's exposure, since the camera was made [ns].
    exposure
        Of each row [s].
    line_time
        From one row's start to the next [s].
    rows
        How many.
    """
    # A double knows a long time to 0.2 us only, and a phase of 1e11 turns no better: whole turns go in
    # exact numbers.
    turns_at_start = float(Fraction(frequency) * int(start_ns) / 10**9 % 1)
    turns = turns_at_start + frequency * (line_time * np.arange(rows) + exposure / 2)
    return exposure * (1 + depth * np.sinc(frequency * exposure) * np.cos(2 * np.pi * turns))
