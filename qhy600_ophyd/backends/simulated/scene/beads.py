"""Fluorescent beads under a microscope."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.scene.scene import Scene, parameter
from qhy600_ophyd.backends.simulated.scene.spots import Points, Spot, painted, scattered, sharing
from qhy600_ophyd.sensor import Geometry

HALF_HEIGHT = 1.616339948310703
"""Where (2 J1(v) / v)^2 is 1/2."""

THIRD_DARK_RING = 10.173468135062722
"""Third positive zero of J1; 93.8 % of the light of an Airy pattern falls within it."""


@dataclass(frozen=True, kw_only=True)
class Beads(Scene):
    """Beads smaller than the resolution, all equally bright, scattered on a dim background.

    Their images are Airy patterns, (2 J1(v) / v)^2, out to the third dark ring, where they are zero.

    Parameters
    ----------
    density
        Beads per million image pixels; there are at least 4.
    fwhm
        Full width of their images at half height [pixel].
    background
        Brightness between the beads; the beads bring the rest to the mean of 1.
    """

    density: float = parameter(500.0, low=0.1, high=2000.0, unit="1/megapixel")
    fwhm: float = parameter(4.0, low=1.0, high=8.0, unit="pixel")
    background: float = parameter(0.2, low=0.0, high=1.0)

    def points(self, geometry: Geometry, seed: int) -> Points:
        """Where each bead is, and its flux, as the map has it."""
        x, y = scattered(geometry, seed, what="beads", per_megapixel=self.density)
        return sharing(
            Points(x=x, y=y, flux=np.ones(len(x))), seen_bead(self.fwhm), geometry, 1 - self.background
        )

    def paint(self, geometry: Geometry, seed: int) -> NDArray[np.float32]:
        """Background and beads."""
        return painted(self.points(geometry, seed), seen_bead(self.fwhm), geometry, self.background)


@lru_cache(maxsize=1)
def seen_bead(fwhm: float) -> Spot:
    """Image of a bead, as wide as that at half height [pixel]."""
    scale = fwhm / 2 / HALF_HEIGHT
    return Spot(lambda r: airy(r / scale), THIRD_DARK_RING * scale)


def airy(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Irradiance of an Airy pattern relative to its centre, (2 J1(v) / v)^2, for v up to 20; any shape.

    J1 is the mean of cos(a - v sin(a)) over a from 0 to pi (Bessel's integral), to rounding with 32 angles.
    """
    v = np.maximum(v, 1e-6)
    bessel = np.zeros_like(v)
    for angle in (np.arange(32) + 0.5) * np.pi / 32:
        bessel += np.cos(angle - v * np.sin(angle)) / 32
    return (2 * bessel / v) ** 2
