"""A field of stars."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.scene.draws import uniform
from qhy600_ophyd.backends.simulated.scene.scene import Scene, parameter
from qhy600_ophyd.backends.simulated.scene.spots import Points, Spot, painted, scattered, sharing
from qhy600_ophyd.sensor import Geometry

MOFFAT_BETA = 4.765
"""Exponent of the profile that turbulence makes (Trujillo et al. 2001, MNRAS 328, 977)."""

REACH = 6.0
"""Radius of a star's image in widths; less than 1e-5 of the light lies beyond."""


@dataclass(frozen=True, kw_only=True)
class Stars(Scene):
    """Stars on a faint sky.

    Fluxes follow a power law: the number of stars brighter than F goes as 1/F, over four decades.
    Their images are Moffat profiles, (1 + (r/a)^2)^-beta.

    Parameters
    ----------
    density
        Stars per million image pixels; there are at least 4.
    fwhm
        Full width of their images at half height [pixel].
    sky
        Brightness between the stars; the stars bring the rest to the mean of 1.
    """

    density: float = parameter(1000.0, low=0.1, high=2000.0, unit="1/megapixel")
    fwhm: float = parameter(3.0, low=1.0, high=8.0, unit="pixel")
    sky: float = parameter(0.5, low=0.0, high=1.0)

    def points(self, geometry: Geometry, seed: int) -> Points:
        """The catalogue: where each star is, and its flux, as the map has it."""
        x, y = scattered(geometry, seed, what="stars", per_megapixel=self.density)
        brightest = 1e4
        flux = 1 / (1 - uniform(seed, "stars flux", len(x)) * (1 - 1 / brightest))
        return sharing(Points(x=x, y=y, flux=flux), seen_star(self.fwhm), geometry, 1 - self.sky)

    def paint(self, geometry: Geometry, seed: int) -> NDArray[np.float32]:
        """Sky and stars."""
        return painted(self.points(geometry, seed), seen_star(self.fwhm), geometry, self.sky)


@lru_cache(maxsize=1)
def seen_star(fwhm: float) -> Spot:
    """Image of a star, as wide as that at half height [pixel]."""
    scale = fwhm / 2 / sqrt(2 ** (1 / MOFFAT_BETA) - 1)
    return Spot(lambda r: (1 + (r / scale) ** 2) ** -MOFFAT_BETA, REACH * fwhm)
