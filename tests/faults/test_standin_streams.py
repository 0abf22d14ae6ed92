"""Streams and bursts of the stand-in: the first frame that never comes, parts of frames, bands, counters."""

from __future__ import annotations

import time

import numpy as np
import pytest
from standin_camera import DDR, EXPOSURE, HEIGHT, TRANSFERBIT, WIDTH, StandinCamera
from standin_library import ERROR, why_not

from qhy600_ophyd.contract import SystemClock
from qhy600_ophyd.sensor.gps_header import LENGTH, GpsStatus, decode

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")

HALF = WIDTH * (HEIGHT + 34) * 2 // 2
"""Half of the bytes of a frame on the link, which has 34 rows more than are delivered."""


def pause(seconds: float) -> None:
    SystemClock().wait(seconds)


@pytest.fixture
def camera(tmp_path):
    camera = StandinCamera(tmp_path, live=True)
    camera.call("BeginQHYCCDLive")
    return camera


def codes(camera, calls):
    return [camera.fetch("GetQHYCCDLiveFrame")[0] for _ in range(calls)]


def test_before_each_frame_there_is_nothing_and_then_half_of_it(camera):
    assert codes(camera, 6) == [ERROR, HALF, 0, ERROR, HALF, 0]


def test_size_and_bits_are_told_also_when_there_is_no_frame(camera):
    assert camera.call("GetQHYCCDLiveFrame", WIDTH * HEIGHT * 2)[:5] == [ERROR, WIDTH, HEIGHT, 16, 1]


def test_the_first_frame_is_exposed_and_never_comes(camera):
    for number in (2, 3, 4):
        camera.next_live()
        assert camera.standin["frame_number"] == number


def test_a_stream_is_in_8_bit_unless_it_is_told(tmp_path):
    camera = StandinCamera(tmp_path, live=True)
    camera.call("InitQHYCCD")
    camera.call("BeginQHYCCDLive")
    assert camera.read(TRANSFERBIT) == 8
    assert camera.next_live().dtype == np.uint8


def test_an_exposure_that_is_changed_meanwhile_makes_bands_until_the_stream_begins_anew(camera):
    camera.next_live()
    camera.write(EXPOSURE, 5e3)
    banded = camera.next_live()
    assert (np.median(banded[:, :8]), np.median(banded[:, 8:16])) == (
        pytest.approx(65535 - 811, abs=3),
        pytest.approx(811, abs=3),
    )
    camera.call("StopQHYCCDLive")
    camera.write(DDR, 1.0)
    camera.call("BeginQHYCCDLive")
    assert camera.next_live().max() < 2000


def test_dropped_frames_leave_a_gap_in_their_numbers(camera):
    camera.next_live()
    camera.standin["drop_live"] = 3
    camera.next_live(tries=30)
    assert camera.standin["frame_number"] == 2 + 3 + 1


def test_a_part_of_a_frame_can_stay_for_ever(camera):
    camera.standin["partial_forever"] = 1
    assert codes(camera, 5) == [HALF] * 5


def test_a_stream_that_never_began_and_one_that_has_ended_give_nothing(camera):
    camera.call("StopQHYCCDLive")
    assert codes(camera, 4) == [ERROR] * 4


def test_a_stream_in_single_frame_mode_begins_and_gives_nothing(tmp_path):
    camera = StandinCamera(tmp_path)
    assert camera.call("BeginQHYCCDLive") == 0
    assert codes(camera, 4) == [ERROR] * 4


def test_what_a_stream_leaves_in_the_memory_comes_as_single_frame_unless_that_is_emptied(tmp_path):
    camera = StandinCamera(tmp_path, live=True, readout_ms=10)
    camera.call("BeginQHYCCDLive")
    pause(0.1)
    codes(camera, 1)
    assert camera.standin["frames_in_memory"] > 3
    camera.write(DDR, 1.0)
    assert camera.standin["frames_in_memory"] == 0


def test_frames_that_do_not_fit_into_the_memory_are_lost_and_those_in_it_stay(tmp_path):
    camera = StandinCamera(tmp_path, live=True, readout_ms=10, memory_frames=2, live_empty_calls=0)
    camera.call("BeginQHYCCDLive")
    pause(0.2)
    for number in (2, 3):
        camera.next_live(1)
        assert camera.standin["frame_number"] == number
    pause(0.1)
    camera.next_live(1)
    assert camera.standin["frame_number"] > 10


def test_frames_keep_their_pace_and_the_first_takes_three_periods(tmp_path):
    period = 0.08
    camera = StandinCamera(tmp_path, live=True, exposure_paced=1, live_empty_calls=0, empty_call_ms=1)
    camera.write(EXPOSURE, period * 1e6)
    camera.call("BeginQHYCCDLive")
    began, times = time.monotonic(), []
    for _ in range(4):
        camera.next_live(tries=500)
        times.append(time.monotonic() - began)
    assert all(at >= (3 + n) * period for n, at in enumerate(times))
    assert times[-1] < 20 * period


@pytest.fixture
def bursting(camera):
    camera.call("EnableQHYCCDBurstMode", True)
    camera.call("EnableQHYCCDBurstCountFun", True)
    camera.call("SetQHYCCDBurstIDLE")
    camera.write(DDR, 1.0)
    return camera


@pytest.mark.parametrize("frames", [1, 4])
def test_a_burst_gives_the_frames_between_start_and_end_with_their_numbers_in_front(bursting, frames):
    bursting.call("SetQHYCCDBurstModeStartEnd", 1, frames + 2)
    for _ in range(2):
        bursting.call("SetQHYCCDBurstIDLE")
        bursting.call("ReleaseQHYCCDBurstIDLE")
        counts = [bursting.next_live().view(np.uint8).reshape(-1)[:4] for _ in range(frames)]
        assert [int.from_bytes(count.tobytes(), "big") for count in counts] == list(range(2, frames + 2))
        assert codes(bursting, 4) == [ERROR] * 4


def test_an_idle_burst_gives_nothing(bursting):
    bursting.call("SetQHYCCDBurstModeStartEnd", 1, 9)
    assert codes(bursting, 5) == [ERROR] * 5


@pytest.mark.parametrize("locked", [False, True])
def test_the_header_of_the_gps_box_stands_over_the_first_pixels(tmp_path, locked):
    camera = StandinCamera(tmp_path, gps_locked=locked, exposure_paced=1)
    camera.write(36, 1.0)
    camera.write(EXPOSURE, 20e3)
    before = time.time_ns()
    header = decode(camera.take().tobytes()[:LENGTH])
    after = time.time_ns()
    assert (header.sequence, header.width, header.height) == (1, WIDTH, HEIGHT)
    assert (header.latitude, header.longitude) == (50.0, 8.0)
    assert (header.now.status, header.trusted) == (
        GpsStatus.LOCKED if locked else GpsStatus.OFF,
        locked,
    )
    assert header.end.utc_ns - header.start.utc_ns == pytest.approx(20e6, abs=200)
    assert header.end.utc_ns - header.now.utc_ns == pytest.approx(73_750, abs=200)
    assert before - 1e6 <= header.end.utc_ns - 20e6 <= after
