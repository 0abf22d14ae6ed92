"""Frames of the real camera are seen for what they are, and end when they are told to."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from sdk_rig import SINGLE, opened, taken
from standin_library import why_not

from qhy600_ophyd.contract import (
    CameraLost,
    ExposureCancelled,
    FrameLost,
    FrameTimeout,
    Settings,
    SystemClock,
)
from qhy600_ophyd.driver import HeadError, single

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")

MODES = ("High Gain Mode 16BIT", "2CMS-0", "Bin3*3Mode (hardware)", "PhotoGraphic DSO 16BIT")


@pytest.mark.parametrize(
    "switch",
    ["zero_frame", "shift_frame", "blocky_frame", "repeat_frame"],
)
def test_a_damaged_frame_is_seen_and_taken_again(tmp_path, switch):
    camera, standin = opened(tmp_path)
    taken(camera)
    standin[switch] = 1
    info, counts = taken(camera)
    assert info.retries == 1
    assert not counts[:, 22:24].any()
    assert counts.any()


def test_a_frame_that_does_not_come_in_time_is_a_timeout_and_not_a_frame_of_zeros(tmp_path):
    camera, standin = opened(tmp_path, clock=SystemClock(), exposure_paced=1)
    taken(camera)
    standin["late_frame"] = 1
    with pytest.raises(FrameTimeout):
        taken(camera, timeout=0.2)
    assert camera.status().state == "idle"
    assert taken(camera)[1].any()


def test_zeros_without_end_are_a_camera_that_is_gone(tmp_path):
    camera, standin = opened(tmp_path)
    taken(camera)
    standin["unplugged"] = 1
    with pytest.raises(CameraLost, match="all its counts are 0"):
        taken(camera)
    assert camera.status().state == "lost"


def test_a_camera_that_says_it_is_gone_is_lost_and_comes_back(tmp_path):
    camera, standin = opened(tmp_path)
    taken(camera)
    standin["lost"] = 1
    with pytest.raises(CameraLost):
        taken(camera)
    assert camera.status().state == "lost"
    standin["lost"] = 0
    camera.close()
    camera.open()
    camera.configure(SINGLE)
    taken(camera)
    assert standin["frame_gain"] == 56.0


def test_a_frame_left_by_a_cancelled_exposure_does_not_come_as_the_next_one(tmp_path):
    camera, standin = opened(tmp_path)
    taken(camera)
    camera.arm(1)
    camera.cancel()
    assert standin["frames_in_memory"] >= 1
    taken(camera)
    assert standin["frame_number"] == standin["exposures"]


def test_an_exposure_that_starts_with_read_directly_is_no_error(tmp_path):
    camera, standin = opened(tmp_path)
    standin["read_directly"] = 3
    taken(camera)
    assert standin["read_directly"] < 3


def test_an_exposure_of_ten_minutes_ends_at_once_when_another_thread_cancels(tmp_path):
    clock = SystemClock()
    camera, standin = opened(tmp_path, clock=clock, exposure_paced=1)
    taken(camera)
    camera.configure(Settings(exposure=600.0))
    camera.arm(1)
    began = clock.monotonic()
    threading.Timer(0.2, camera.cancel).start()
    out = np.zeros(camera.settings.frame_shape, np.uint16)
    with pytest.raises(ExposureCancelled):
        camera.grab(out, 5.0)
    assert clock.monotonic() - began < 2.0
    assert standin["calls.GetQHYCCDSingleFrame"] == 2, "a cancelled exposure is not read out"


def test_a_readout_that_hangs_is_ended_from_outside_and_the_frame_taken_again(tmp_path, monkeypatch):
    monkeypatch.setattr(single, "_GRACE", 0.2)
    camera, standin = opened(tmp_path)
    taken(camera)
    standin["hang_in.GetQHYCCDSingleFrame"] = 1
    info, _ = taken(camera, timeout=0.1)
    assert info.retries == 1


def test_a_readout_without_an_exposure_is_not_tried_since_old_libraries_wait_for_ever(tmp_path):
    camera, standin = opened(tmp_path, hang_without_exposure=1)
    head = camera._sdk_head
    with pytest.raises(HeadError, match="no exposure is under way"):
        head.fetch(np.zeros(20_000, np.uint8), 1.0)
    head.expose()
    head.cancel()
    with pytest.raises(HeadError, match="no exposure is under way"):
        head.fetch(np.zeros(20_000, np.uint8), 1.0)
    assert standin["calls.GetQHYCCDSingleFrame"] == 0


def test_a_stream_of_parts_ends_in_a_timeout(tmp_path):
    camera, standin = opened(tmp_path)
    standin["partial_forever"] = 1
    camera.arm(3)
    with pytest.raises(FrameTimeout):
        camera.grab(np.zeros(camera.settings.frame_shape, np.uint16), 0.2)
    standin["partial_forever"] = 0
    taken(camera)


def test_a_damaged_frame_of_a_stream_is_not_passed_on(tmp_path):
    camera, standin = opened(tmp_path)
    out = np.zeros(camera.settings.frame_shape, np.uint16)
    camera.arm(3)
    camera.grab(out, 1.0)
    standin["repeat_frame"] = 1
    with pytest.raises(FrameLost, match="the frame before"):
        camera.grab(out, 1.0)
