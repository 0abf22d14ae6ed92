"""Settings reach the sensor of the real camera although its library forgets, ignores and takes anything."""

from __future__ import annotations

import numpy as np
import pytest
from sdk_rig import GEOMETRY, closed, opened, taken
from standin_library import why_not

from qhy600_ophyd.contract import (
    CameraError,
    SettingRefused,
    Settings,
)
from qhy600_ophyd.driver import HeadError
from qhy600_ophyd.sensor import Rectangle

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")

MODES = ("High Gain Mode 16BIT", "2CMS-0", "Bin3*3Mode (hardware)", "PhotoGraphic DSO 16BIT")


@pytest.mark.parametrize(
    "trap", [{}, {"lazy_writes": 1}, {"default_first": 1}], ids=["plain", "lazy", "first"]
)
def test_the_sensor_has_what_the_frame_says_after_every_change_of_mode(tmp_path, trap):
    camera, standin = opened(tmp_path, **trap)
    for mode in MODES[:2]:
        camera.configure(Settings(readout_mode=mode))
        info, _ = taken(camera)
        assert (standin["frame_gain"], standin["frame_offset"]) == (56.0, 40.0)
        assert (info.settings.gain, info.settings.offset, info.discarded) == (56.0, 40.0, 1)


@pytest.mark.parametrize("switch", ["write_ignored", "read_back_late"])
def test_a_number_that_was_not_taken_is_written_again(tmp_path, switch):
    camera, standin = opened(tmp_path)
    standin[switch] = 1
    camera.configure(Settings(gain=99.0))
    taken(camera)
    assert standin["frame_gain"] == 99.0


def test_a_register_that_never_takes_its_value_is_an_error_and_the_old_one_stays(tmp_path):
    camera, standin = opened(tmp_path)
    standin["refused_control"] = 6
    with pytest.raises(CameraError, match="configure failed"):
        camera.configure(Settings(gain=99.0))
    standin["refused_control"] = -1
    assert camera.settings.gain == 56.0
    taken(camera)
    assert standin["frame_gain"] == 56.0


@pytest.mark.parametrize(
    "asked",
    [
        *(Settings(gain=gain) for gain in (-1.0, 201.0, 500.0)),
        *(Settings(offset=300.0), Settings(usb_traffic=100.0), Settings(exposure=0.0)),
        *(Settings(binning=binning) for binning in (5, 6, 8)),
        *(
            Settings(bit_depth=12),
            Settings(readout_mode=11),
            Settings(readout_mode="14bit mode (Fiber Only)"),
        ),
        Settings(roi=Rectangle(0, 0, 89, 82)),
    ],
    ids=str,
)
def test_what_the_library_takes_unchecked_is_refused_before_it_gets_there(tmp_path, asked):
    camera, standin = opened(tmp_path)
    before = [
        standin[f"calls.{name}"] for name in ("SetQHYCCDParam", "SetQHYCCDBinMode", "SetQHYCCDResolution")
    ]
    with pytest.raises(SettingRefused):
        camera.configure(asked)
    after = [
        standin[f"calls.{name}"] for name in ("SetQHYCCDParam", "SetQHYCCDBinMode", "SetQHYCCDResolution")
    ]
    assert after == before


@pytest.mark.parametrize("binning", [1, 2, 3, 4])
def test_every_binning_gives_a_whole_frame_where_the_library_would_die_of_the_unbinned_area(
    tmp_path, binning
):
    camera, standin = opened(tmp_path)
    actual = camera.configure(Settings(binning=binning))
    info, counts = taken(camera)
    assert info.shape == counts.shape == (82 // binning, 88 // binning)
    assert standin["frame_bytes"] == counts.nbytes
    assert actual.bit_depth == (16 if binning == 1 else 32)


def test_the_head_itself_refuses_an_area_that_the_binned_chip_does_not_have(tmp_path):
    camera, standin = opened(tmp_path)
    head = camera._sdk_head
    head.set_binning(2)
    calls = standin["calls.SetQHYCCDResolution"]
    for area in ((0, 0, 88, 82), (40, 0, 5, 5), (0, 0, 0, 0), (-1, 0, 4, 4)):
        with pytest.raises(HeadError, match="44 × 41"):
            head.set_area(*area)
    assert standin["calls.SetQHYCCDResolution"] == calls
    with pytest.raises(HeadError, match="no area was set"):
        head.expose()
    with pytest.raises(HeadError, match="binning 5 refused"):
        head.set_binning(5)


def test_a_buffer_smaller_than_what_the_library_would_write_never_reaches_it(tmp_path):
    camera, standin = opened(tmp_path)
    head = camera._sdk_head
    head.expose()
    with pytest.raises(HeadError, match=r"would write 14432 bytes \(88 × 82 of 16 bit\)"):
        head.fetch(np.zeros(14431, np.uint8), 1.0)
    assert standin["calls.GetQHYCCDSingleFrame"] == 0


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_a_stream_comes_in_the_depth_that_was_set_and_not_in_the_librarys_8_bit(tmp_path, bits):
    camera, standin = opened(tmp_path)
    camera.configure(Settings(bit_depth=bits))
    camera.arm(2)
    out = np.zeros(camera.settings.frame_shape, camera.settings.frame_dtype)
    info = camera.grab(out, 5.0)
    assert (info.dtype, info.discarded) == (f"uint{bits}", 1)
    assert standin["frame_gain"] == 56.0


def test_a_library_that_reads_the_image_alone_is_used_for_that(tmp_path):
    camera, _ = closed(tmp_path, area_changes=1)
    with pytest.warns(UserWarning, match="neither dark columns nor overscan rows"):
        camera.open()
    assert camera.capabilities.overscan == (False,)
    assert camera.settings.roi == GEOMETRY.image
    assert taken(camera)[1].shape == (48, 64)
    with pytest.raises(SettingRefused, match="overscan"):
        camera.configure(Settings(overscan=True))
