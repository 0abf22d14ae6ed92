"""The levels that are recorded with each frame."""

from __future__ import annotations

import numpy as np
import pytest

from qhy600_ophyd.contract import Layout
from qhy600_ophyd.device.levels import Areas
from qhy600_ophyd.sensor import Geometry


def areas_of(geometry: Geometry) -> Areas:
    rows, columns = geometry.shape
    total = geometry.total
    layout = Layout(
        shape=(rows, columns),
        dtype="uint16",
        x=np.arange(columns, dtype=float),
        y=np.arange(rows, dtype=float),
        x_region=geometry.x_region(total),
        y_region=geometry.y_region(total),
    )
    return Areas.of(layout)


@pytest.mark.parametrize("level", [500.0, 500.37, 499.81])
def test_a_level_resolves_a_fraction_of_a_count_in_spite_of_warm_pixels(level):
    geometry = Geometry.imx455(200, 4000)
    rng = np.random.default_rng(4)
    counts = np.round(rng.normal(level, 4.0, geometry.shape)).astype(np.uint16)
    warm = rng.random(geometry.shape) < 2e-3
    counts[warm] += 3000
    read = areas_of(geometry).read(counts)
    for name, pixels in (("black_level", 22 * 4000), ("overscan_level", 32 * 224)):
        assert abs(read[name] - level) < 4 * 4.0 / np.sqrt(pixels), name


def test_levels_of_a_chip_without_such_pixels_are_not_known():
    read = areas_of(Geometry.plain(8, 6)).read(np.full((6, 8), 7, np.uint16))
    assert read == {"mean": 7.0, "black_level": None, "overscan_level": None}


def test_the_mean_of_a_large_image_is_that_of_rows_of_every_colour():
    geometry = Geometry.plain(4200, 4100)
    counts = np.full((4100, 4200), 1000, np.uint16)
    counts[1::2] = 3000  # rows of another colour
    read = areas_of(geometry).read(counts)
    taken = -(-4100 // 3)  # every third row
    # One row more of one colour than of the other.
    assert read["mean"] == pytest.approx(2000.0 - 1000.0 / taken)
