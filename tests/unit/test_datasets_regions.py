"""Regions of a dataset are chosen by what the pixels are for, and nothing is read for it."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from qhy600_ophyd.contract import AnalysisRefused
from qhy600_ophyd.datasets import dark_region, image_region, overscan_region
from qhy600_ophyd.sensor import Geometry, Rectangle

GEOMETRY = Geometry.imx455(8, 6)


def never(block):
    raise AssertionError("a frame was read")


def dataset(area=GEOMETRY.total, *, readable=True):
    rows, columns = np.mgrid[area.y : area.y + area.height, area.x : area.x + area.width]
    frames = da.from_array((1000 * rows + columns)[None], chunks=(1, -1, -1))
    counts = frames if readable else frames.map_blocks(never, dtype=frames.dtype, meta=np.empty((0, 0, 0)))
    return xr.Dataset(
        {"counts": (("frame", "y", "x"), counts)},
        coords={
            "x": np.arange(area.x, area.x + area.width) + 0.5,
            "y": np.arange(area.y, area.y + area.height) + 0.5,
            "x_region": ("x", GEOMETRY.x_region(area)),
            "y_region": ("y", GEOMETRY.y_region(area)),
        },
    )


@pytest.mark.parametrize(
    ("choose", "x", "y"),
    [
        (image_region, slice(24, 32), slice(0, 6)),
        (dark_region, slice(0, 22), slice(0, 6)),
        (overscan_region, slice(24, 32), slice(8, 40)),
    ],
    ids=["image", "dark", "overscan"],
)
def test_a_region_is_exactly_its_pixels(choose, x, y):
    whole = dataset()
    np.testing.assert_array_equal(choose(whole).counts, whole.counts[:, y, x])
    np.testing.assert_array_equal(choose(whole.counts), whole.counts[:, y, x])


def test_choosing_a_region_reads_no_frame():
    chosen = image_region(dataset(readable=False))
    assert chosen.sizes == {"frame": 1, "y": 6, "x": 8}
    with pytest.raises(AssertionError, match="a frame was read"):
        chosen.counts.compute()


def test_a_region_that_was_not_recorded_is_refused_with_the_remedy():
    with pytest.raises(AnalysisRefused, match="overscan=True"):
        dark_region(dataset(Rectangle(24, 0, 8, 6)))


def test_pixels_without_regions_are_refused():
    with pytest.raises(AnalysisRefused, match="open_run"):
        image_region(dataset().drop_vars("x_region"))
