"""Pixels behind colour filters: never averaged, chosen by colour."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from qhy600_ophyd.analysis import colour_mask
from qhy600_ophyd.analysis.colour import refuse_mixed_colours
from qhy600_ophyd.contract import AnalysisRefused
from qhy600_ophyd.sensor import Rectangle, Region
from qhy600_ophyd.sensor.colour import phase


def frames(x0=24, y0=0, *, step=1, filters="RGGB"):
    x, y = x0 + step * np.arange(8.0), y0 + step * np.arange(6.0)
    return xr.Dataset(
        {"counts": (("frame", "y", "x"), np.zeros((1, 6, 8), np.uint16))},
        coords={
            "x": x,
            "y": y,
            "x_region": ("x", np.where(x < 24, Region.DARK, Region.IMAGE).astype(np.int8)),
            "y_region": ("y", np.zeros(6, np.int8)),
        },
        attrs={"colour_filters": filters} if filters else {},
    )


@pytest.mark.parametrize("x0", [24, 25, 21])
@pytest.mark.parametrize("y0", [0, 1])
def test_a_mask_follows_the_filters_wherever_the_area_begins(x0, y0):
    run = frames(x0, y0)
    wanted = np.array(list(phase(x0 - 24, y0))).reshape(2, 2)
    seen = np.zeros((6, 8), int)
    for colour in "RGB":
        mask = colour_mask(run, colour)
        assert mask.dims == ("y", "x")
        expected = np.tile(wanted == colour, (3, 4)) & (run["x"].values >= 24)
        assert (mask.values == expected).all()
        seen += mask.values
    assert (seen == np.broadcast_to(run["x"].values >= 24, seen.shape)).all()


def test_the_expression_in_its_description_chooses_red():
    run = frames()
    assert (colour_mask(run, "R") == ((run.y % 2 == 0) & (run.x % 2 == 0))).all()


@pytest.mark.parametrize(
    ("run", "colour", "complaint"),
    [
        pytest.param(frames(), "X", "allowed is B, G, R", id="no such colour"),
        pytest.param(frames(), "RG", "allowed is B, G, R", id="two colours"),
        pytest.param(frames(filters=""), "R", "no colour filters", id="monochrome"),
        pytest.param(frames(step=2), "R", "binned", id="binned"),
    ],
)
def test_a_mask_that_cannot_be_is_refused(run, colour, complaint):
    with pytest.raises(AnalysisRefused, match=complaint):
        colour_mask(run, colour)


@pytest.mark.parametrize("region", [None, "image", Region.IMAGE, Rectangle(24, 0, 4, 4)], ids=str)
def test_a_region_that_mixes_colours_is_refused_and_the_way_out_is_named(region):
    with pytest.raises(AnalysisRefused, match=r"region=analysis\.colour_mask\(run, 'R'\)"):
        refuse_mixed_colours(frames(), region)
    refuse_mixed_colours(frames(filters=""), region)


@pytest.mark.parametrize(
    "region", ["dark", Region.OVERSCAN, np.ones((6, 8), bool)], ids=["name", "flag", "mask"]
)
def test_a_region_that_sees_no_light_and_a_mask_are_taken(region):
    refuse_mixed_colours(frames(), region)
