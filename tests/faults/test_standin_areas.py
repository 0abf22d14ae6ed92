"""Binnings and areas: what is accepted, what becomes of it, and what is told. Asked of both libraries."""

from __future__ import annotations

import pytest
from both_libraries import BOTH, Row, answered, rows, started
from standin_library import ERROR

WHOLE = (0, 0, 9600, 6422)


@pytest.fixture(scope="module", params=BOTH)
def library(request):
    with started(request.param) as face:
        yield face


@pytest.fixture(autouse=True)
def whole_chip(library):
    library("SetQHYCCDBinMode", 1, 1)
    library("SetQHYCCDResolution", *WHOLE)


EFFECTIVE = {1: (24, 0, 9576, 6388), 2: (12, 0, 4788, 3194), 3: (8, 0, 3192, 2129), 4: (6, 0, 2394, 1597)}
OVERSCAN = {1: (0, 0, 10, 6388), 2: (0, 0, 5, 1597), 3: (0, 0, 3, 709), 4: (0, 0, 2, 399)}


@pytest.mark.parametrize("binning", EFFECTIVE)
def test_a_binning_changes_the_areas_that_are_told_and_neither_chip_nor_area(library, binning):
    assert library("SetQHYCCDBinMode", binning, binning) == 0
    assert library("GetQHYCCDEffectiveArea") == [0, *EFFECTIVE[binning]]
    assert library("GetQHYCCDOverScanArea") == [0, *OVERSCAN[binning]]
    assert library("GetQHYCCDChipInfo")[3:] == [9600, 6422, 3.76, 3.76, 16]
    assert library("GetQHYCCDCurrentROI") == [0, *WHOLE]


@pytest.mark.parametrize(("across", "down"), [(5, 5), (6, 6), (8, 8), (2, 1), (0, 0)])
def test_a_binning_that_is_not_there_is_a_success_and_becomes_1(library, across, down):
    library("SetQHYCCDBinMode", 2, 2)
    assert library("SetQHYCCDBinMode", across, down) == 0
    assert library("GetQHYCCDEffectiveArea") == [0, *EFFECTIVE[1]]


@rows(
    *(Row(f"beyond-{area}", [("SetQHYCCDResolution", *area), ("GetQHYCCDCurrentROI",)], [ERROR, [0, *WHOLE]])
      for area in [(0, 0, 9601, 6422), (100, 100, 9600, 6422), (0, 1, 9600, 6422)]),
    *(Row(f"odd-{area}", [("SetQHYCCDResolution", *area), ("GetQHYCCDCurrentROI",)], [0, [0, *area]])
      for area in [(0, 0, 0, 0), (0, 0, 1, 1), (9599, 6421, 1, 1), (1, 1, 101, 51)]),
)  # fmt: skip
def test_only_areas_beyond_the_chip_are_refused_and_empty_ones_are_not(library, row):
    assert answered(library, row) == row.answers


def test_an_area_is_held_against_the_chip_without_binning(library):
    library("SetQHYCCDBinMode", 2, 2)
    assert library("SetQHYCCDResolution", *WHOLE) == 0


@pytest.mark.parametrize("area", [WHOLE, (0, 0, 64, 64)], ids=["whole", "part"])
@pytest.mark.parametrize("bits", [8, 16, 32])
def test_the_length_of_the_memory_is_the_same_whatever_is_set(library, area, bits):
    library("SetQHYCCDBitsMode", bits)
    library("SetQHYCCDResolution", *area)
    assert library("GetQHYCCDMemLength") == (9600 + 100) * (6422 + 100) * 4
    library("SetQHYCCDBitsMode", 16)


def test_an_area_stays_when_a_mode_is_selected_and_may_be_none_in_it(library):
    library("SetQHYCCDReadMode", 5)
    library("InitQHYCCD")
    assert library("GetQHYCCDCurrentROI") == [0, *WHOLE]
    assert library("SetQHYCCDResolution", 0, 0, 3201, 2144) == ERROR
    assert library("SetQHYCCDResolution", 0, 0, 3200, 2144) == 0
    library("SetQHYCCDReadMode", 0)
    library("InitQHYCCD")
    assert library("GetQHYCCDCurrentROI") == [0, 0, 0, 3200, 2144]


def test_the_millimetres_stay_those_of_the_small_chip_when_the_mode_is_left(library):
    library.prepare(mode=5)
    library.prepare(mode=0)
    small = [pytest.approx(12.032), pytest.approx(8.06144)]
    assert library("GetQHYCCDChipInfo")[1:5] == [*small, 9600, 6422]
