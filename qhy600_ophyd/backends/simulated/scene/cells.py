"""Stained cells under a fluorescence microscope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.scene.draws import uniform
from qhy600_ophyd.backends.simulated.scene.scene import Scene, parameter
from qhy600_ophyd.sensor import Geometry

NUCLEUS, NUCLEUS_WIDTH = 0.9, 0.25
"""Brightness of a nucleus relative to its cell, and its Gaussian width relative to the cell's radius."""

TEXTURE, RIPPLES = 0.35, 12.0
"""Relative depth of the structure inside a cell, and its wave number in 1/radius."""


@dataclass(frozen=True, kw_only=True)
class Cells(Scene):
    """Cells, each with a nucleus and a fine structure, on the uneven haze of what is out of focus.

    A cell is an ellipse that fades towards its rim; where cells overlap, their light adds.

    Parameters
    ----------
    diameter
        Of a mean cell [pixel]; at most half the shorter side of the image.
    coverage
        Area of all cells relative to the image; there are at least 2.
    haze
        Mean brightness of the background; the cells bring the rest to the mean of 1.
    """

    diameter: float = parameter(80.0, low=40.0, high=400.0, unit="pixel")
    coverage: float = parameter(0.3, low=0.001, high=0.5)
    haze: float = parameter(0.3, low=0.0, high=1.0)

    def paint(self, geometry: Geometry, seed: int) -> NDArray[np.float32]:
        """Haze and cells."""
        image = geometry.image
        radius = min(self.diameter / 2, min(image.width, image.height) / 4)
        count = max(2, round(self.coverage * image.width * image.height / (np.pi * radius**2)))
        draws = iter(uniform(seed, f"cells {what}", count) for what in range(11))
        x = image.x - 0.5 + next(draws) * image.width
        y = image.y - 0.5 + next(draws) * image.height
        size = radius * (0.75 + 0.5 * next(draws))
        stretch = 1 + 0.3 * next(draws)
        turn, brightness = 2 * np.pi * next(draws), 0.4 + 1.2 * next(draws)
        off_centre, towards = 0.3 * next(draws), 2 * np.pi * next(draws)
        waves = 2 * np.pi * np.array([next(draws) for _ in range(3)])
        chip = np.zeros(geometry.shape, np.float32)
        for n in range(count):
            _add_cell(
                chip,
                centre=(y[n], x[n]),
                axes=(size[n] * stretch[n], size[n] / stretch[n]),
                turn=turn[n],
                brightness=brightness[n],
                nucleus=(off_centre[n] * np.cos(towards[n]), off_centre[n] * np.sin(towards[n])),
                waves=waves[:, n],
            )
        lit = chip[image.y : image.y + image.height, image.x : image.x + image.width]
        chip *= (1 - self.haze) / lit.mean(dtype=np.float64)
        _add_haze(chip, geometry, seed, self.haze)
        return chip


def _add_cell(
    chip: NDArray[np.float32],
    *,
    centre: tuple[float, float],
    axes: tuple[float, float],
    turn: float,
    brightness: float,
    nucleus: tuple[float, float],
    waves: NDArray[np.float64],
) -> None:
    """Add one cell; only the box around it is touched."""
    reach = max(axes)
    y0, y1 = (int(np.clip(np.ceil(centre[0] + s * reach), 0, chip.shape[0])) for s in (-1, 1))
    x0, x1 = (int(np.clip(np.ceil(centre[1] + s * reach), 0, chip.shape[1])) for s in (-1, 1))
    down = (np.arange(y0, y1, dtype=np.float32) - np.float32(centre[0]))[:, np.newaxis]
    right = np.arange(x0, x1, dtype=np.float32) - np.float32(centre[1])
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    along = (right * cos + down * sin) / np.float32(axes[0])
    across = (down * cos - right * sin) / np.float32(axes[1])
    inwards = np.maximum(1 - along**2 - across**2, 0)
    aside = (along - np.float32(nucleus[0])) ** 2 + (across - np.float32(nucleus[1])) ** 2
    middle = np.exp(aside * np.float32(-0.5 / NUCLEUS_WIDTH**2))
    first, second, direction = (np.float32(wave) for wave in waves)
    stripes = np.float32(RIPPLES) * (np.cos(direction) * along + np.sin(direction) * across)
    others = np.float32(RIPPLES) * (np.cos(direction) * across - np.sin(direction) * along)
    # Waves bent by each other look grown; straight ones look woven.
    bent = 2 * np.cos(np.float32(0.45) * others + second)
    texture = np.cos(stripes + bent + first) * np.cos(others + 2 * np.cos(np.float32(0.35) * stripes + first))
    texture = 1 + np.float32(TEXTURE) * texture
    profile = inwards * (texture * (2 - inwards) + np.float32(NUCLEUS) * middle)
    chip[y0:y1, x0:x1] += np.float32(brightness) * profile


def _add_haze(chip: NDArray[np.float32], geometry: Geometry, seed: int, haze: float) -> None:
    """Add a haze of that mean over the image: one wave along each axis, and their product."""
    image = geometry.image
    begin = 2 * np.pi * uniform(seed, "cells haze", 2)
    u = 2 * np.pi * (np.arange(chip.shape[1]) - image.x) / image.width + begin[0]
    v = 2 * np.pi * (np.arange(chip.shape[0]) - image.y) / image.height + begin[1]
    right, down = np.cos(u), np.cos(v)
    # A whole wave has no mean over the image but where that is a single pixel wide.
    right -= right[image.x : image.x + image.width].mean()
    down -= down[image.y : image.y + image.height].mean()
    right, down = right.astype(np.float32), down.astype(np.float32)
    for row, height in zip(chip, down, strict=True):
        row += np.float32(haze) * (1 + np.float32(0.25) * (height + right + height * right))
