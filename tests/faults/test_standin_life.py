"""From opening to closing, and to the ends that no return code tells of. Asked of both libraries."""

from __future__ import annotations

import pytest
from both_libraries import BOTH, started, started_closed
from library_face import Died
from standin_library import ERROR, VENDOR_SAYS_NO

from qhy600_ophyd.backends.sdk.constants import ControlId

BOTH_OF_THEM = pytest.mark.parametrize("which", BOTH)


@BOTH_OF_THEM
def test_the_area_of_the_whole_chip_in_a_binning_kills_the_process_in_the_readout(which):
    with started(which) as library:
        library("SetQHYCCDBinMode", 2, 2)
        assert library("SetQHYCCDResolution", 0, 0, 9600, 6422) == 0
        assert library("ExpQHYCCDSingleFrame") == 0
        with pytest.raises(Died) as death:
            library("GetQHYCCDSingleFrame", 9600 * 6422 * 2)
        assert death.value.code == -11


@BOTH_OF_THEM
def test_a_camera_keeps_its_handle_and_its_numbers_when_it_is_closed(which):
    with started_closed(which) as library:
        handle = library.open()
        assert library.open() == handle
        library("SetQHYCCDReadMode", 2)
        for control, value in ((ControlId.GAIN, 56.0), (ControlId.EXPOSURE, 1e3)):
            library("SetQHYCCDParam", control, value)
        assert library("CloseQHYCCD") == 0
        assert library("GetQHYCCDParam", ControlId.GAIN) == VENDOR_SAYS_NO
        assert library("GetQHYCCDMemLength") == ERROR
        assert library("CloseQHYCCD") == 0
        assert library.open() == handle
        assert library("GetQHYCCDReadMode") == [0, 2]
        assert library.do([("GetQHYCCDParam", 6), ("GetQHYCCDParam", 8)]) == [56.0, 1e3]


@BOTH_OF_THEM
def test_before_any_initialisation_the_areas_are_right_and_the_exposure_is_20_ms(which):
    with started_closed(which) as library:
        library.open()
        assert library("GetQHYCCDEffectiveArea") == [0, 24, 0, 9576, 6388]
        assert library("GetQHYCCDOverScanArea") == [0, 0, 0, 10, 6388]
        assert library("GetQHYCCDParam", ControlId.EXPOSURE) == 20e3
