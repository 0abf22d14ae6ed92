"""What the vendor's library does with settings, asked of the stand-in and of the library itself.

Each row is something that a careful binding has to live with. Seen on libqhyccd 26.6.4 without a camera.
"""

from __future__ import annotations

import pytest
from both_libraries import BOTH, Row, answered, rows, started
from standin_library import ERROR, VENDOR_SAYS_NO

from qhy600_ophyd.backends.sdk.constants import NO_SUCH_MODE, ControlId

WHOLE = [0, 0, 0, 9600, 6422]
NOT_AVAILABLE = {"CHANNELS": 11, "ROWNOISERE": 13, "SPEED": 9, "none": 999}


@pytest.fixture(scope="module", params=BOTH)
def library(request):
    with started(request.param) as face:
        yield face


def taken(control: ControlId, value: float) -> Row:
    """A number far from what is allowed that is taken and reads back."""
    return Row(
        f"{control.name.lower()}-{value:g}",
        [("SetQHYCCDParam", control, value), ("GetQHYCCDParam", control)],
        [0, value],
    )


@rows(
    *(taken(ControlId.GAIN, value) for value in (-1.0, 201.0, 500.0)),
    taken(ControlId.OFFSET, 300.0),
    *(taken(ControlId.EXPOSURE, value) for value in (0.0, 0.5, 4e9)),
    taken(ControlId.USBTRAFFIC, 100.0),
)
def test_a_number_beyond_its_limits_is_a_success_and_reads_back(library, row):
    assert answered(library, row) == row.answers


@rows(
    *(Row(name, [("SetQHYCCDParam", number, 1.0)], [ERROR]) for name, number in NOT_AVAILABLE.items()),
    Row("transferbit-12", [("SetQHYCCDParam", ControlId.TRANSFERBIT, 12.0)], [ERROR]),
    Row("bits-12", [("SetQHYCCDBitsMode", 12)], [ERROR]),
    Row("bits-24", [("SetQHYCCDBitsMode", 24)], [ERROR]),
    Row("stream-2", [("SetQHYCCDStreamMode", 2)], [ERROR]),
    Row("counter", [("ResetQHYCCDFrameCounter",)], [ERROR]),
    Row("sensor-name", [("GetQHYCCDSensorName",)], [[ERROR, "untouched"]]),
)
def test_what_a_qhy600_does_not_have_is_an_error(library, row):
    assert answered(library, row) == row.answers


def test_there_is_no_gain_before_the_control_is_written_by_the_right_type(library):
    assert library("SetQHYCCDParam", ControlId.GAIN, 30) == 0
    assert library("GetQHYCCDParam", ControlId.GAIN) == 30.0


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_both_ways_of_setting_the_bits_agree(library, bits):
    assert library("SetQHYCCDBitsMode", bits) == 0
    assert library("GetQHYCCDParam", ControlId.TRANSFERBIT) == bits
    assert library("GetQHYCCDChipInfo")[-1] == bits


@rows(
    Row("manual", [("SetQHYCCDParam", ControlId.MANULPWM, 300.0), ("GetQHYCCDParam", ControlId.MANULPWM)],
        [0, VENDOR_SAYS_NO]),
    Row("target", [("ControlQHYCCDTemp", -10.0), ("GetQHYCCDParam", ControlId.COOLER)], [0, -10.0]),
)  # fmt: skip
def test_the_power_of_the_cooler_is_write_only_and_its_target_is_not(library, row):
    assert answered(library, row) == row.answers


def test_the_header_of_the_gps_box_can_be_switched_on_without_one(library):
    assert library("IsQHYCCDControlAvailable", ControlId.GPS) == 0
    calls = [("SetQHYCCDParam", ControlId.GPS, 1.0), ("GetQHYCCDParam", ControlId.GPS)]
    assert library.do(calls) == [0, 1.0]
    assert library("SetQHYCCDParam", ControlId.GPS, 0.0) == 0


def test_emptying_the_memory_is_not_available_and_a_success(library):
    assert library("IsQHYCCDControlAvailable", ControlId.DDR) == ERROR
    assert library("SetQHYCCDParam", ControlId.DDR, 1.0) == 0


@pytest.mark.parametrize("switch", [0.0, 1.0])
def test_ignoring_the_overscan_is_a_success_and_changes_nothing(library, switch):
    library.prepare()
    before = library.do([("GetQHYCCDEffectiveArea",), ("GetQHYCCDCurrentROI",)])
    assert library("SetQHYCCDParam", ControlId.IGNORE_OVERSCAN, switch) == 0
    assert library.do([("GetQHYCCDEffectiveArea",), ("GetQHYCCDCurrentROI",)]) == before


def test_debayering_of_a_monochrome_camera_is_answered_as_a_readout_mode_that_is_not_there(library):
    assert library("SetQHYCCDDebayerOnOff", False) == NO_SUCH_MODE


def test_a_readout_mode_that_is_not_there_has_a_name_and_is_not_selected(library):
    library("SetQHYCCDReadMode", 1)
    assert library("GetQHYCCDReadModeName", 11) == [NO_SUCH_MODE, "NON-EXIST"]
    assert library("SetQHYCCDReadMode", 11) == NO_SUCH_MODE
    assert library("GetQHYCCDReadMode") == [0, 1]


def test_a_readout_mode_is_reported_before_the_initialisation_that_brings_it(library):
    library.prepare()
    library("SetQHYCCDReadMode", 5)
    assert library("GetQHYCCDReadMode") == [0, 5]
    assert library("GetQHYCCDChipInfo")[3:5] == [9600, 6422]
    library("InitQHYCCD")
    assert library("GetQHYCCDChipInfo")[3:5] == [3200, 2144]


@pytest.mark.parametrize("mode", range(11))
def test_every_readout_mode_has_its_name_and_its_size(library, mode):
    names = [
        *("PhotoGraphic DSO 16BIT", "High Gain Mode 16BIT", "Extend Fullwell Mode", "Extend Fullwell 2CMS"),
        *("14bit mode (Fiber Only)", "Bin3*3Mode (hardware)", "12bit mode (Fiber Only)"),
        *("12bit raw mode (Fiber Only)", "2CMS-0", "2CMS-1", "14bit mode high gain(Fiber Only)"),
    ]
    assert library("GetQHYCCDNumberOfReadModes") == [0, len(names)]
    assert library("GetQHYCCDReadModeName", mode) == [0, names[mode]]
    size = [3200, 2144] if mode == 5 else [9600, 6422]
    assert library("GetQHYCCDReadModeResolution", mode) == [0, *size]


def test_the_pixel_of_the_mode_that_sums_on_the_chip_is_told_as_that_of_the_others(library):
    library.prepare(mode=5)
    assert library("GetQHYCCDChipInfo") == [
        0, pytest.approx(12.032), pytest.approx(8.06144), 3200, 2144, 3.76, 3.76, 16,
    ]  # fmt: skip
    assert library("GetQHYCCDEffectiveArea") == [0, 8, 0, 3192, 2124]
    assert library("GetQHYCCDOverScanArea") == [0, 0, 0, 6, 2124]


INITIALISED = [
    ("GetQHYCCDParam", ControlId.EXPOSURE),
    ("GetQHYCCDParam", ControlId.TRANSFERBIT),
    ("GetQHYCCDEffectiveArea",),
    ("GetQHYCCDOverScanArea",),
]


@pytest.mark.parametrize(
    ("live", "exposure", "bits"), [(False, 5e6, 16.0), (True, 1000.0, 8.0)], ids=["single", "live"]
)
def test_an_initialisation_resets_bits_and_areas_and_for_single_frames_the_exposure(
    library, live, exposure, bits
):
    library.prepare(live=live)
    library("SetQHYCCDParam", ControlId.EXPOSURE, 1000.0)
    library("InitQHYCCD")
    areas = [[0, 24, 34, 9576, 6388], [0, 0, 0, 0, 0]]
    assert library.do(INITIALISED) == [exposure, bits, *areas]


def test_gain_offset_traffic_and_area_are_reported_through_an_initialisation(library):
    library.prepare()
    written = {ControlId.GAIN: 56.0, ControlId.OFFSET: 40.0, ControlId.USBTRAFFIC: 10.0, ControlId.GPS: 1.0}
    for control, value in written.items():
        library("SetQHYCCDParam", control, value)
    library("SetQHYCCDResolution", 8, 4, 32, 16)
    library("InitQHYCCD")
    assert {control: library("GetQHYCCDParam", control) for control in written} == written
    assert library("GetQHYCCDCurrentROI") == [0, 8, 4, 32, 16]
    library("SetQHYCCDParam", ControlId.GPS, 0.0)


def test_times_are_not_asked_of_the_camera_while_it_exposes(library):
    library.prepare()
    assert library("GetQHYCCDExposureRemaining") == 0
    assert library("GetQHYCCDReadingProgress") == 100.0
    assert library("GetQHYCCDRollingShutterEndOffset", 0) == [0, 73.75]


DECIBELS = {
    (0, 5.0): 1.091, (0, 26.0): 7.951, (0, 56.0): 19.167, (0, 200.0): 34.025,
    (1, 5.0): 0.435, (1, 56.0): 6.884, (1, 100.0): 39.383, (2, 60.0): 7.258,
}  # fmt: skip


@pytest.mark.parametrize(("mode", "gain"), DECIBELS)
def test_the_library_has_a_curve_of_decibels_for_each_mode(library, mode, gain):
    library.prepare(mode=mode)
    assert library("QHYCCD_GainValueToDbGain", gain)[1] == pytest.approx(DECIBELS[mode, gain], abs=5e-4)


@rows(
    Row("interfaces", [("GetQHYCCDTrigerInterfaceNumber",)], [[0, 2]]),
    Row("gpio", [("GetQHYCCDTrigerInterfaceName", 0)], [[0, "GPIO Mode"]]),
    Row("sma", [("GetQHYCCDTrigerInterfaceName", 1)], [[0, "SMA Mode"]]),
    Row("no-interface", [("GetQHYCCDTrigerInterfaceName", 2)], [[ERROR, "NON-EXIST"]]),
    Row("modes", [("GetQHYCCDTrigerModeNumber",)], [[0, 1]]),
    Row("std", [("GetQHYCCDTrigerModeName", 0)], [[0, "STD Mode"]]),
    Row("no-mode", [("GetQHYCCDTrigerModeName", 1)], [[ERROR, "NON-EXIST"]]),
    Row("no-wheel", [("IsQHYCCDCFWPlugged",), ("GetQHYCCDParam", ControlId.CFWSLOTSNUM)],
        [ERROR, VENDOR_SAYS_NO]),
    Row("order-to-no-wheel", [("SendOrder2QHYCCDCFW", "3", 1)], [0]),
)  # fmt: skip
def test_triggers_are_listed_and_a_filter_wheel_is_not_there(library, row):
    assert answered(library, row) == row.answers
