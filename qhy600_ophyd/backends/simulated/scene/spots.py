"""Images of points: where they lie, how bright they are, and how their light spreads over pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.scene.draws import uniform
from qhy600_ophyd.sensor import Geometry, Rectangle

PLACES = 8
"""Places along each axis of a pixel where a point can lie, so that the image of each is computed once."""

FEWEST = 4
"""Points on the smallest chip."""


@dataclass(frozen=True, kw_only=True)
class Points:
    """Points of light.

    Parameters
    ----------
    x, y
        Column and row of the chip, whole numbers at the pixels' centres, multiples of 1/16, shape ``(n,)``.
    flux
        Sum over pixels of the relative irradiance that each adds, shape ``(n,)``.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    flux: NDArray[np.float64]


def scattered(geometry: Geometry, seed: int, *, what: str, per_megapixel: float) -> tuple[NDArray, NDArray]:
    """Columns and rows of points anywhere on the image, uniformly, at least 4 of them."""
    image = geometry.image
    count = max(FEWEST, round(per_megapixel * image.width * image.height / 1e6))

    def along(axis: str, start: int, size: int) -> NDArray[np.float64]:
        step = np.floor(uniform(seed, f"{what} {axis}", count) * size * PLACES)
        return start + (step - (PLACES - 1) / 2) / PLACES

    return along("x", image.x, image.width), along("y", image.y, image.height)


class Spot:
    """How the light of one point spreads over pixels, for every place of the point within a pixel.

    Each pixel has the mean of the profile at 8 x 8 places within it; the whole of a spot sums to 1 exactly.

    Parameters
    ----------
    profile
        Irradiance against the distance from the centre [pixel], any scale.
    radius
        Where the profile is cut off [pixel].
    """

    def __init__(self, profile: Callable[[NDArray[np.float64]], NDArray[np.float64]], radius: float):
        self._half = ceil(radius) + 1
        self.size = size = 2 * self._half + 1
        along = (np.arange(PLACES * size + PLACES - 1) - (PLACES - 1) - PLACES * self._half) / PLACES
        distance = np.hypot(along[:, np.newaxis], along)
        fine = np.where(distance <= radius, profile(distance), 0.0)
        self.images = np.empty((PLACES, PLACES, size, size), np.float32)
        self._sums = np.zeros((PLACES, PLACES, size + 1, size + 1))
        for down in range(PLACES):
            for right in range(PLACES):
                y, x = PLACES - 1 - down, PLACES - 1 - right
                part = fine[y : y + PLACES * size, x : x + PLACES * size]
                image = part.reshape(size, PLACES, size, PLACES).sum(axis=(1, 3))
                image /= image.sum()
                self.images[down, right] = image
                self._sums[down, right, 1:, 1:] = image.cumsum(axis=0).cumsum(axis=1)

    def part_within(self, points: Points, area: Rectangle) -> NDArray[np.float64]:
        """Part of each point's light that falls on `area`, shape ``(n,)``."""
        (top, down), (left, right) = self._split(points.y), self._split(points.x)
        y0, y1 = (np.clip(edge - top, 0, self.size) for edge in (area.y, area.y + area.height))
        x0, x1 = (np.clip(edge - left, 0, self.size) for edge in (area.x, area.x + area.width))
        return (
            self._sums[down, right, y1, x1]
            - self._sums[down, right, y0, x1]
            - self._sums[down, right, y1, x0]
            + self._sums[down, right, y0, x0]
        )

    def add(self, points: Points, chip: NDArray[np.float32]) -> None:
        """Add the light of all points to a map whose first pixel is the chip's."""
        height, width = chip.shape
        flux = points.flux.astype(np.float32)
        places = (part.tolist() for axis in (points.y, points.x) for part in self._split(axis))
        for top, down, left, right, brightness in zip(*places, flux, strict=True):
            y0, y1 = max(top, 0), min(top + self.size, height)
            x0, x1 = max(left, 0), min(left + self.size, width)
            image = self.images[down, right, y0 - top : y1 - top, x0 - left : x1 - left]
            chip[y0:y1, x0:x1] += brightness * image

    def _split(self, place: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First pixel of each spot, and which of the places within a pixel its centre has."""
        pixel = np.floor(place + 0.5)
        within = np.rint((place - pixel) * PLACES + (PLACES - 1) / 2)
        return pixel.astype(np.int64) - self._half, within.astype(np.int64)


def painted(points: Points, spot: Spot, geometry: Geometry, background: float) -> NDArray[np.float32]:
    """Points on an even background; shape ``geometry.shape``."""
    chip = np.full(geometry.shape, background, np.float32)
    spot.add(points, chip)
    return chip


def sharing(points: Points, spot: Spot, geometry: Geometry, share: float) -> Points:
    """The same points with fluxes such that they bring `share` to the mean over the image."""
    image = geometry.image
    light = float(points.flux @ spot.part_within(points, image))
    return Points(x=points.x, y=points.y, flux=points.flux * (share * image.width * image.height / light))
