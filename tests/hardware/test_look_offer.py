"""What the camera offers, held against what is known of other QHY600. Disturbs nothing beyond opening it."""

from __future__ import annotations

import pytest

from qhy600_ophyd.sensor import NotPublished
from qhy600_ophyd.sensor.readout_modes import readout_mode, readout_modes

NAMES = [mode.name for mode in readout_modes()]


def test_each_mode_that_it_lists_is_known(camera, measured):
    """Disturbs: nothing."""
    unknown = []
    for mode in camera.capabilities.modes:
        try:
            place = NAMES.index(readout_mode(mode.name).name)
        except NotPublished:
            unknown.append(mode.name)
            continue
        measured("readout mode", mode.name, index=mode.index, index_in_table=place)
    assert unknown == [], f"known are {NAMES}"


def test_it_has_the_four_modes_that_every_library_lists(camera):
    """Disturbs: nothing."""
    listed = [mode.name for mode in camera.capabilities.modes if not mode.refused]
    assert [name for name in NAMES[:4] if name not in listed] == []


@pytest.mark.parametrize("name", [mode.name for mode in readout_modes() if not mode.fibre])
def test_a_mode_has_the_size_of_the_table(camera, chosen, name):
    """Disturbs: nothing."""
    if name not in [mode.name for mode in camera.capabilities.modes]:
        pytest.skip(f"this camera lists no {name!r}")
    total, known = camera.capabilities.geometry_in(name).total, readout_mode(name)
    whole = chosen.geometry.total
    if (whole.width, whole.height) == (9600, 6422):
        assert (total.width, total.height) == (known.width, known.height)
    elif known.binning == 1:
        assert total == whole


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        pytest.param("gain", 0, 200, id="gain"),
        pytest.param("offset", 0, 255, id="offset"),
        pytest.param("usb_traffic", 0, 60, id="usb-traffic"),
        pytest.param("temperature", -50, 50, id="temperature"),
    ],
)
def test_a_control_has_the_range_that_the_library_states_without_a_camera(camera, measured, name, low, high):
    """Disturbs: nothing."""
    limits = getattr(camera.capabilities, name)
    assert limits is not None, f"this camera has no {name}"
    measured(f"range of {name}", f"{limits.low:g} to {limits.high:g}", step=limits.step)
    assert (limits.low, limits.high) == (low, high)


def test_the_whole_chip_is_read_dark_columns_and_overscan_included(camera, chosen):
    """Disturbs: nothing."""
    offered = camera.capabilities
    assert offered.geometry == chosen.geometry
    assert offered.overscan == (True, False), "this library reads the image alone: no level of black"


def test_its_colour_filters_are_none_or_known(camera, measured):
    """Disturbs: nothing."""
    filters = camera.capabilities.colour_filters
    measured("colour filters", filters or "none")
    assert filters in ("", "RGGB", "GRBG", "GBRG", "BGGR")
