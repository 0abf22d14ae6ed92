"""Pixels that hold much charge push some of it to their neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.sensor import Rectangle


def pushed(charge: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """`charge` [e-] after neighbours side by side have exchanged some, which conserves the sum.

    From p to q flows (a / 4) (Q_p² - Q_q²). Of Poisson charges of mean mu, neighbours side by side then
    have, to first order, the covariance a mu², and the variance is mu - 4 a mu², as in the first terms of
    Astier et al. 2019 (A&A 629, A36).

    Parameters
    ----------
    charge
        Electrons collected, shape ``(rows, columns)``.
    strength
        a, in 1/e-.
    """
    square = np.float32(strength / 4) * charge**2
    out = charge.copy()
    for axis in (0, 1):
        flow = np.diff(square, axis=axis)
        lower = [slice(None), slice(None)]
        upper = [slice(None), slice(None)]
        lower[axis], upper[axis] = slice(None, -1), slice(1, None)
        out[tuple(lower)] += flow
        out[tuple(upper)] -= flow
    return np.maximum(out, 0)


def grown(area: Rectangle, within: Rectangle) -> tuple[Rectangle, tuple[tuple[int, int], tuple[int, int]]]:
    """The area with one more pixel on each side that has one, and how many those are: rows, columns."""
    left, top = int(area.x > within.x), int(area.y > within.y)
    right = int(area.x + area.width < within.width)
    bottom = int(area.y + area.height < within.height)
    grown = Rectangle(area.x - left, area.y - top, area.width + left + right, area.height + top + bottom)
    return grown, ((top, bottom), (left, right))
