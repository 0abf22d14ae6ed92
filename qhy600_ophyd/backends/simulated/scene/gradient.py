"""A light that is brighter on one side."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.scene.scene import Scene, parameter
from qhy600_ophyd.sensor import Geometry


@dataclass(frozen=True, kw_only=True)
class Gradient(Scene):
    """A plane, 1 + slope (u cos(angle) + v sin(angle)).

    u and v are the places of column and row between the edges of the image, from -1/2 to 1/2.

    Parameters
    ----------
    slope
        Change over the whole image along the angle, relative to the mean.
    angle
        Where it grows: 0 along the columns' numbers, 90 along the rows' [deg].
    """

    # At 45 degrees the plane changes by sqrt(2) slope between corners; beyond 1.4 it would be negative there.
    slope: float = parameter(0.5, low=-1.4, high=1.4)
    angle: float = parameter(0.0, low=-360.0, high=360.0, unit="degree")

    def paint(self, geometry: Geometry, seed: int) -> NDArray[np.float32]:  # noqa: ARG002  (not random)
        """The plane; dark columns and overscan rows have its continuation, or 0 where that is negative."""
        image, total = geometry.image, geometry.total
        u = (np.arange(total.width) - image.x - (image.width - 1) / 2) / image.width
        v = (np.arange(total.height) - image.y - (image.height - 1) / 2) / image.height
        along_columns = (1 + self.slope * cos(radians(self.angle)) * u).astype(np.float32)
        along_rows = (self.slope * sin(radians(self.angle)) * v).astype(np.float32)
        plane = np.add(along_rows[:, np.newaxis], along_columns)
        return np.maximum(plane, 0, out=plane)
