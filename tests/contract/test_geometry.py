"""Areas and regions of a chip."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhy600_ophyd.sensor import QHY600_GEOMETRY, Geometry, Rectangle, Region
from qhy600_ophyd.testing import rectangles_within

SMALL = Geometry.imx455(10, 6)
SMALL_FLAGS_X = [Region.DARK] * 22 + [Region.TRANSITION] * 2 + [Region.IMAGE] * 10
SMALL_FLAGS_Y = [Region.IMAGE] * 6 + [Region.TRANSITION] * 2 + [Region.OVERSCAN] * 32


def test_the_qhy600_reads_9600_by_6422_and_exposes_9576_by_6388() -> None:
    assert QHY600_GEOMETRY.shape == (6422, 9600)
    assert QHY600_GEOMETRY.image == Rectangle(24, 0, 9576, 6388)


def test_a_plain_chip_is_image_throughout() -> None:
    plain = Geometry.plain(5, 3)
    assert plain.total == plain.image == Rectangle(0, 0, 5, 3)
    assert set(plain.x_region(plain.total)) == set(plain.y_region(plain.total)) == {Region.IMAGE}


def test_unbinned_regions_are_the_strips() -> None:
    np.testing.assert_array_equal(SMALL.x_region(SMALL.total), SMALL_FLAGS_X)
    np.testing.assert_array_equal(SMALL.y_region(SMALL.total), SMALL_FLAGS_Y)


def test_a_chip_without_image_pixels_says_so() -> None:
    blind = Geometry(columns=((Region.DARK, 3),), rows=((Region.IMAGE, 3),))
    with pytest.raises(ValueError, match="no image pixels"):
        _ = blind.image


@given(st.data(), st.integers(1, 7))
def test_a_binned_pixel_has_a_region_only_if_all_its_pixels_have(data: st.DataObject, binning: int) -> None:
    area = data.draw(rectangles_within(SMALL.total)).inwards(binning)
    for flags, start, size, binned in (
        (SMALL_FLAGS_X, area.x, area.width, SMALL.x_region(area, binning)),
        (SMALL_FLAGS_Y, area.y, area.height, SMALL.y_region(area, binning)),
    ):
        assert binned.dtype == np.int8
        assert len(binned) == size // binning
        for n, flag in enumerate(binned):
            members = set(flags[start + n * binning : start + (n + 1) * binning])
            assert flag == (members.pop() if len(members) == 1 else Region.MIXED)


@given(rectangles_within(Rectangle(3, 5, 40, 30)), st.integers(1, 7))
def test_inwards_is_the_largest_area_of_whole_binned_pixels(area: Rectangle, binning: int) -> None:
    inner = area.inwards(binning)
    assert all(v % binning == 0 for v in inner)
    for start, size, inner_start, inner_size in (
        (area.x, area.width, inner.x, inner.width),
        (area.y, area.height, inner.y, inner.height),
    ):
        whole = [k for k in range(start, start + size) if k % binning == 0 and k + binning <= start + size]
        assert inner_size == len(whole) * binning
        if whole:
            assert inner_start == whole[0]
    if inner.width and inner.height:
        assert area.contains(inner)
        assert inner.inwards(binning) == inner


@given(rectangles_within(Rectangle(3, 5, 40, 30)))
def test_an_area_contains_itself_and_nothing_larger(area: Rectangle) -> None:
    assert area.contains(area)
    assert not area.contains(Rectangle(area.x, area.y, area.width + 1, area.height))
    assert not area.contains(Rectangle(area.x - 1, area.y, area.width, area.height))
    assert not area.contains(Rectangle(area.x, area.y - 1, area.width, area.height))
    assert not area.contains(Rectangle(area.x, area.y, area.width, area.height + 1))


def test_an_area_reads_as_four_numbers() -> None:
    assert tuple(Rectangle(1, 2, 3, 4)) == (1, 2, 3, 4)
    assert str(Rectangle(1, 2, 3, 4)) == "(1, 2, 3, 4)"
