"""Frames have the regions, sizes and sums that they should. Disturbs: exposures, changes of mode."""

from __future__ import annotations

import numpy as np
import pytest
from hardware_frames import Areas, black, level, read_noise, shortest, strip, taken

from qhy600_ophyd.contract import Settings
from qhy600_ophyd.sensor import Rectangle
from qhy600_ophyd.sensor.readout_modes import readout_modes
from qhy600_ophyd.sensor.response import electrons_per_count, source
from qhy600_ophyd.sensor.response import read_noise as published_noise

MODES = [mode for mode in readout_modes() if not mode.fibre]
FEW = 5.0
"""Counts by which dark columns and overscan may differ beyond their errors: nobody has published how many."""


def choose_mode(camera, name, **settings):
    """Whole frames in that mode, or skip."""
    if name not in [mode.name for mode in camera.capabilities.modes if not mode.refused]:
        pytest.skip(f"this camera has no {name!r} that it can use")
    return camera.configure(Settings(readout_mode=name, exposure=shortest(camera), **settings))


@pytest.mark.parametrize("name", [mode.name for mode in MODES])
def test_in_every_mode_dark_columns_and_overscan_rows_are_where_they_should_be(camera, measured, name):
    """Disturbs: changes the readout mode, takes one frame."""
    choose_mode(camera, name)
    info, counts = taken(camera)
    areas = Areas.of(camera, info, counts)
    dark, overscan, image = level(areas.dark), level(areas.overscan), level(areas.image)
    for region, found in {"dark columns": dark, "overscan rows": overscan, "image": image}.items():
        measured(f"level of the {region}", found.mean, found.error, "count", mode=name)
    measured("exposures thrown away or taken again", [info.discarded, info.retries], mode=name)
    assert areas.empty.size
    assert not areas.empty.any(), "the columns between dark ones and image are not 0"
    assert abs(dark.mean - overscan.mean) < FEW + 5 * np.hypot(dark.error, overscan.error)


@pytest.mark.parametrize("gain", [0, 56])
@pytest.mark.parametrize("name", [mode.name for mode in MODES])
def test_two_bias_frames_have_the_read_noise_of_the_table_within_a_factor_of_two(
    camera, chosen, measured, name, gain
):
    """Disturbs: changes the readout mode, takes two frames."""
    choose_mode(camera, name, gain=float(gain))
    frames = [Areas.of(camera, *taken(camera)) for _ in range(2)]
    known, factor = published_noise(name, gain), electrons_per_count(name, gain)
    noise = {
        "dark columns": read_noise(frames[0].dark, frames[1].dark),
        "image": read_noise(frames[0].image, frames[1].image),
    }
    for region, (sigma, error) in noise.items():
        where = {"mode": name, "gain": gain, "e-/count of the table": factor, "e- of the table": known}
        measured(f"read noise of the {region}", sigma, error, "count", **where)
    if not chosen.has_the_sensors_noise:
        pytest.skip("the stand-in has no read noise but its own")
    if source(name, gain) != "published":
        pytest.skip("nothing is published for this mode: measured, and held against nothing")
    assert 0.5 < noise["dark columns"][0] * factor / known < 2.0


def test_every_bit_depth_has_its_type_and_its_level(camera, measured):
    """Disturbs: takes a frame of each bit depth."""
    levels = {}
    for depth in camera.capabilities.bit_depths:
        info, counts = taken(camera, Settings(bit_depth=depth, exposure=shortest(camera)))
        assert np.dtype(info.dtype).itemsize * 8 == depth
        assert counts.shape == info.shape == camera.settings.frame_shape
        levels[depth] = found = black(camera, info, counts)
        measured("level of black", found.mean, found.error, "count", bit_depth=depth)
    assert abs(levels[32].mean - levels[16].mean) < 1.0 + 5 * np.hypot(levels[32].error, levels[16].error)
    # The high byte of each count.
    assert abs(levels[8].mean - levels[16].mean / 256) <= 1.0


@pytest.mark.parametrize("binning", [2, 3, 4])
def test_a_binned_frame_has_the_sums_of_its_pixels(camera, measured, binning):
    """Disturbs: takes a frame unbinned, and one binned."""
    single = black(camera, *taken(camera, Settings(exposure=shortest(camera))))
    info, counts = taken(camera, Settings(binning=binning))
    total = camera.capabilities.geometry.total
    assert counts.shape == (total.height // binning, total.width // binning)
    assert info.dtype == "uint32"
    summed = black(camera, info, counts)
    ratio = summed.mean * binning**2 / single.mean
    measured("level of a binned pixel by that of a single one", ratio, binning=binning)
    # A library that averages gives 1; sums of pixels give their number. A few counts of drift are no matter.
    assert ratio == pytest.approx(binning**2, rel=0.02)


@pytest.mark.parametrize(
    "area",
    [
        pytest.param((0, 0, 96, 64), id="corner"),
        pytest.param((21, 3, 101, 51), id="odd-start-and-size"),
        pytest.param((16, -48, 96, 48), id="into-the-overscan"),
        pytest.param((-80, 8, 80, 40), id="right-edge"),
    ],
)
def test_an_area_is_the_part_of_the_frame_that_it_names(camera, area):
    """Disturbs: takes a frame of a small area."""
    total = camera.capabilities.geometry.total
    x, y, width, height = area
    roi = Rectangle(x % total.width, y % total.height, width, height)
    info, counts = taken(camera, Settings(roi=roi, exposure=shortest(camera)))
    assert counts.shape == (height, width)
    assert info.settings.roi == roi
    columns = np.arange(roi.x, roi.x + width)
    empty = (columns == 22) | (columns == 23)
    assert not counts[:, empty].any()
    assert counts[:, ~empty].any(axis=1).all(), "a row is empty"
    assert ("alignment" in info.unverified) == (not empty.any())


def test_without_overscan_a_frame_is_the_image_alone(camera):
    """Disturbs: takes a frame."""
    info, counts = taken(camera, Settings(overscan=False, exposure=shortest(camera)))
    image = camera.capabilities.geometry.image
    assert info.settings.roi == image
    assert counts.shape == (image.height, image.width)
    assert counts.all(axis=0).any(), "the columns that are always 0 are among those of the image"


def test_every_traffic_register_gives_a_frame(camera, measured):
    """Disturbs: changes the traffic register, takes frames of a strip."""
    limits = camera.capabilities.usb_traffic
    for traffic in (limits.low, (limits.low + limits.high) // 2, limits.high):
        camera.configure(Settings(usb_traffic=traffic, exposure=shortest(camera)))
        info, counts = taken(camera, Settings(roi=strip(camera, 200)))
        found = black(camera, info, counts)
        measured("line time", info.line_time, None, "s", usb_traffic=traffic)
        measured("level of black", found.mean, found.error, "count", usb_traffic=traffic)
        assert info.settings.usb_traffic == info.reported.usb_traffic == traffic
