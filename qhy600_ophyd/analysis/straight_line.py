"""Straight lines through levels, and errors that hold when the levels do not lie on one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def slope_through_zero(x: Any, y: Any) -> Any:
    """Least-squares slope of y = b x: Σxy / Σx². Takes floats or uncertain numbers."""
    return (x * y).sum() / (x * x).sum()


def line(x: Floats, y: Any, weights: Floats | None = None) -> tuple[Any, Any]:
    """Least-squares intercept and slope of y = a + b x.

    Parameters
    ----------
    x
        Known exactly.
    y
        Floats or uncertain numbers; the last axis runs over the levels.
    weights
        Of the squared residuals; equal unless given.
    """
    w = np.ones_like(x) if weights is None else weights
    total = w.sum(axis=-1)
    centre, height = (w * x).sum(axis=-1) / total, (w * y).sum(axis=-1) / total
    from_centre = x - (centre[..., np.newaxis] if np.ndim(centre) else centre)
    slope = (w * from_centre * y).sum(axis=-1) / (w * from_centre**2).sum(axis=-1)
    return height - slope * centre, slope


def influence(design: Floats, residual: Floats) -> Floats:
    """How far each level pulls each parameter of an unweighted least-squares fit.

    The sum of squares over levels is the HC3 estimate of a parameter's variance, and the sum of products
    of two is their covariance: a jackknife in closed form, which asks neither for equal errors nor for a
    model that fits (MacKinnon and White 1985).

    Parameters
    ----------
    design
        Derivative of the model by its parameters, shape ``(levels, parameters)``.
    residual
        Measured less fitted, shape ``(levels,)``.

    Returns
    -------
    numpy.ndarray
        Shape ``(parameters, levels)``; zeros where there are no more levels than parameters.
    """
    levels, parameters = design.shape
    if levels <= parameters:
        return np.zeros((parameters, levels))
    projection = np.linalg.pinv(design)
    leverage = np.einsum("ij,ji->i", design, projection)
    return projection * (residual / np.maximum(1 - leverage, 1e-6))
