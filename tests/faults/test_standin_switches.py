"""The switches of the stand-in: what becomes of calls, what is counted, and who speaks at once."""

from __future__ import annotations

import subprocess
import sys

import pytest
import standin_library
from library_face import Died, Served
from standin_camera import DDR, EXPOSURE, GAIN, OFFSET, StandinCamera
from standin_library import ERROR, VENDOR_SAYS_NO, setting, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")


@pytest.fixture
def camera(tmp_path):
    return StandinCamera(tmp_path)


def test_an_ignored_write_is_a_success_and_changes_nothing(camera):
    camera.standin["write_ignored"] = 1
    assert (camera.write(GAIN, 56.0), camera.read(GAIN), camera.standin["true_gain"]) == (0, 30.0, 30)
    assert (camera.write(GAIN, 56.0), camera.read(GAIN)) == (0, 56.0)


def test_a_late_read_back_shows_the_old_value_once(camera):
    camera.standin["read_back_late"] = 1
    camera.write(GAIN, 56.0)
    assert [camera.read(GAIN) for _ in range(2)] == [30.0, 56.0]
    assert camera.standin["true_gain"] == 56


def test_a_control_can_be_refused(camera):
    camera.standin["refused_control"] = DDR
    assert (camera.write(DDR, 1.0), camera.write(GAIN, 56.0)) == (ERROR, 0)


def test_a_lazy_library_does_not_send_what_it_believes_to_be_there(tmp_path):
    camera = StandinCamera(tmp_path, lazy_writes=1)
    camera.write(GAIN, 56.0)
    camera.initialise()
    camera.write(GAIN, 56.0)
    assert (camera.read(GAIN), camera.standin["true_gain"]) == (56.0, 30)
    camera.write(GAIN, 55.0)
    camera.write(GAIN, 56.0)
    assert camera.standin["true_gain"] == 56


def test_the_first_frame_can_have_the_defaults_whatever_was_written(tmp_path):
    camera = StandinCamera(tmp_path, default_first=1)
    gains = []
    camera.write(GAIN, 56.0)
    for _ in range(2):
        camera.take()
        gains.append(camera.standin["frame_gain"])
    assert gains == [30, 56]


def test_a_library_of_2025_makes_the_image_of_a_whole_chip(tmp_path):
    camera = StandinCamera(tmp_path, area_changes=1)
    assert camera.call("GetQHYCCDCurrentROI") == [0, 24, 0, 72, 48]
    assert camera.take().shape == (48, 72)


def test_selecting_a_mode_can_wipe_the_area(tmp_path):
    camera = StandinCamera(tmp_path, wipe_area=1)
    camera.area(0, 0, 8, 8)
    camera.call("SetQHYCCDReadMode", 1)
    assert camera.call("GetQHYCCDCurrentROI") == [0, 0, 0, 96, 82]


@pytest.mark.parametrize(
    ("switch", "call", "code"),
    [
        ("read_directly", ["ExpQHYCCDSingleFrame"], 0x2001),
        ("bin_delay", ["SetQHYCCDBinMode", 2, 2], 0x2000),
    ],
)
def test_a_success_can_have_another_number(camera, switch, call, code):
    camera.standin[switch] = 1
    assert [camera.call(*call) for _ in range(2)] == [code, 0]


def test_calls_are_counted_and_ordered(camera):
    order = [camera.standin[f"order.{name}"] for name in ("OpenQHYCCD", "SetQHYCCDReadMode", "InitQHYCCD")]
    assert order == sorted(order)
    assert order[0] > 0
    camera.write(EXPOSURE, 1.0)
    camera.write(EXPOSURE, 2.0)
    assert (camera.standin["writes.8"], camera.standin["calls.SetQHYCCDParam"]) == (2, 2)


def test_a_call_fails_as_often_as_was_ordered_and_does_nothing(camera):
    camera.standin["fail.SetQHYCCDParam"] = 2
    assert [camera.write(OFFSET, value) for value in (40.0, 41.0, 42.0)] == [ERROR, ERROR, 0]
    camera.standin["fail.GetQHYCCDParam"] = 1
    assert [camera.read(OFFSET) for _ in range(2)] == [VENDOR_SAYS_NO, 42.0]
    camera.standin["fail.OpenQHYCCD"] = 1
    assert camera.call("OpenQHYCCD", camera.call("GetQHYCCDId", 0)[1]) is None


def test_a_readout_hangs_until_it_is_cancelled(camera):
    camera.standin["hang_in.GetQHYCCDSingleFrame"] = 2
    camera.take()
    camera.call("ExpQHYCCDSingleFrame")
    camera.start("fetch", "GetQHYCCDSingleFrame", 10**5)
    camera.await_hanging()
    camera.call("CancelQHYCCDExposingAndReadout")
    assert camera.finish("fetch")[0] == ERROR


def test_another_call_hangs_until_it_is_released(camera):
    camera.standin["hang_in.InitQHYCCD"] = 1
    camera.start("init", "InitQHYCCD")
    camera.await_hanging()
    camera.call("CancelQHYCCDExposingAndReadout")
    assert camera.standin["hanging"] == 1
    camera.standin["release"] = 1
    assert camera.finish("init") == ERROR


def test_a_process_dies_in_the_call_that_was_ordered():
    environment = {standin_library.VARIABLE: "segfault_in.ScanQHYCCD=2"}
    with Served(standin_library.build(), environment=environment) as library:
        assert library("ScanQHYCCD") == 0
        with pytest.raises(Died) as death:
            library("ScanQHYCCD")
        assert death.value.code == -11


def overlapping(camera, first, *others):
    """How many overlaps are counted when the others are called while the first is under way."""
    camera.standin[f"delay_ms.{first[0]}"] = 60
    camera.start("first", *first)
    while not camera.standin[f"calls.{first[0]}"]:
        pass
    for other in others:
        camera.call(*other)
    camera.finish("first")
    return camera.standin["overlaps"]


FETCH = "GetQHYCCDSingleFrame", 10**5
HARMLESS = [("CancelQHYCCDExposingAndReadout",), ("GetQHYCCDExposureRemaining",), ("GetQHYCCDCameraStatus",)]


@pytest.mark.parametrize(
    ("first", "others", "count"),
    [
        pytest.param(("SetQHYCCDDebayerOnOff", False), [("GetQHYCCDParam", GAIN)], 1, id="reading-and-call"),
        pytest.param(("SetQHYCCDDebayerOnOff", False), [("GetQHYCCDMemLength",)] * 2, 2, id="two-calls"),
        pytest.param(FETCH, HARMLESS, 0, id="harmless-in-readout"),
        pytest.param(FETCH, [("SetQHYCCDResolution", 0, 0, 8, 8)], 1, id="call-in-readout"),
    ],
)
def test_calls_at_the_same_time_are_counted_but_for_harmless_ones(camera, first, others, count):
    assert overlapping(camera, first, *others) == count


def test_a_file_in_the_working_directory_is_looked_for_and_changes_binning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qhyccd.ini").write_text("[image]\nUse_Average_Binning = true\n")
    camera = StandinCamera(tmp_path, light=20000)
    assert (camera.standin["ini_looks"], camera.standin["ini_found"]) == (1, 1)
    camera.call("SetQHYCCDBinMode", 4, 4)
    camera.area(6, 0, 18, 12)
    assert 20000 < camera.take().mean() < 22000


def test_no_file_is_found_where_there_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    camera = StandinCamera(tmp_path)
    assert (camera.standin["ini_looks"], camera.standin["ini_found"]) == (1, 0)


@pytest.mark.parametrize("name", ["nope", "calls.nope", "fail.", "frames", "calls.OpenQHYCCD", "writes.8"])
def test_what_cannot_be_set_is_refused(camera, name):
    with pytest.raises(KeyError, match=name):
        camera.standin[name] = 1


@pytest.mark.parametrize("name", ["nope", "calls.nope", "writes.nope", "writes.5000"])
def test_what_does_not_exist_cannot_be_read(camera, name):
    with pytest.raises(KeyError, match=name):
        camera.standin[name]


def test_a_reset_brings_everything_back(camera):
    camera.take()
    camera.standin.set(lost=1, zero_frame=3)
    camera.standin.reset()
    names = ("lost", "zero_frame", "frames", "calls.InitQHYCCD", "width")
    assert [camera.standin[name] for name in names] == [0, 0, 0, 0, 9600]
    assert camera.read(GAIN) == VENDOR_SAYS_NO


@pytest.mark.parametrize("wrong", ["nope=1", "lost", "lost=", "lost=yes", "cameras=1,,"])
def test_a_process_with_a_wrong_setting_does_not_start(wrong):
    program = f"import ctypes; ctypes.CDLL({str(standin_library.build())!r})"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env={standin_library.VARIABLE: wrong},
    )  # fmt: skip
    assert ran.returncode == -6
    assert "is no setting of the stand-in" in ran.stderr


def test_a_process_can_be_given_its_switches():
    environment = {standin_library.VARIABLE: setting(cameras=2, init_ms=0.5)}
    with Served(standin_library.build(), environment=environment) as library:
        assert library("StandinGet", "init_ms") == 0.5
        library("InitQHYCCDResource")
        assert library("ScanQHYCCD") == 2
