"""The driver comes through every trap of the library: it recovers and says so, or fails and says why."""

from __future__ import annotations

import threading

import pytest
from driver_rig import buffer, is_true, opened, taken

from qhy600_ophyd.contract import (
    CameraLost,
    ExposureCancelled,
    Fault,
    Settings,
    SystemClock,
)
from qhy600_ophyd.driver import Control, HeadError
from qhy600_ophyd.sensor.supply import undervoltage_code


def test_the_first_frame_after_an_initialisation_is_thrown_away_and_counted():
    camera = opened()
    first, counts = taken(camera)
    second, _ = taken(camera)
    assert (first.discarded, second.discarded) == (1, 0)
    thrown = camera.log[0]
    assert thrown.settings.gain == 30.0, "it carries the gain of the initialisation, not the one written"
    assert first.settings.gain == 56.0
    assert is_true(camera, first, counts)


def test_a_new_mode_gets_its_settings_again_and_is_reported_as_written():
    camera = opened()
    for mode in ("High Gain Mode 16BIT", "2CMS-0", "PhotoGraphic DSO 16BIT"):
        camera.configure(Settings(readout_mode=mode))
        info, counts = taken(camera)
        assert (info.settings.readout_mode, info.settings.gain, info.settings.offset) == (mode, 56.0, 40.0)
        assert info.discarded == 1
        assert is_true(camera, info, counts)


def test_changing_to_a_live_stream_and_back_keeps_all_settings_twenty_times():
    camera = opened()
    for _ in range(10):
        camera.arm(2)
        for _ in range(2):
            out = buffer(camera)
            info = camera.grab(out, 5.0)
            assert info.dtype == "uint16", "a stream begins in 8 bit unless it is told otherwise"
            assert is_true(camera, info, out)
        info, out = taken(camera)
        assert is_true(camera, info, out)
        assert info.discarded == 1


def test_the_first_frame_of_a_stream_that_never_comes_is_counted_as_discarded():
    camera = opened()
    camera.arm(3)
    infos = [camera.grab(buffer(camera), 5.0) for _ in range(3)]
    assert [info.discarded for info in infos] == [1, 0, 0]
    fates = [record.fate for record in sorted(camera.log, key=lambda record: record.inputs.frame)]
    assert fates[:4] == ["skipped", "delivered", "delivered", "delivered"]


def test_a_frame_left_by_a_cancelled_exposure_does_not_come_as_the_next_one():
    camera = opened()
    taken(camera)
    camera.configure(Settings(gain=10.0))
    camera.arm(1)
    camera.clock.wait(1.0)
    camera.cancel()
    camera.configure(Settings(gain=20.0))
    info, counts = taken(camera)
    assert info.settings.gain == 20.0
    assert is_true(camera, info, counts)


def test_a_binned_area_is_given_in_binned_pixels_of_what_exists():
    camera = opened()
    for binning in (2, 3, 4):
        actual = camera.configure(Settings(binning=binning))
        info, counts = taken(camera)
        assert info.shape == actual.frame_shape
        assert is_true(camera, info, counts)


def test_an_exposure_ends_at_once_when_another_thread_cancels_the_readout():
    camera = opened(clock=SystemClock())
    camera.arm(1)
    threading.Timer(0.2, camera.cancel).start()
    with pytest.raises(ExposureCancelled):
        camera.grab(buffer(camera), 60.0)
    assert camera.status().state == "idle"


@pytest.mark.parametrize(
    ("name", "code", "cools"),
    [("undervoltage", 9, False), ("interference", 3, False), ("supply_check_fails", 2, True)],
)
def test_each_code_of_the_supply_can_be_made_and_says_what_it_does_to_the_cooler(name, code, cools):
    camera = opened(Fault(name=name, at=("frame", 2)))
    camera.cooler.regulate(0.0)
    camera.clock.wait(1800.0)
    before = taken(camera)[0].temperature_end.power
    assert before > 5
    assert taken(camera)[0].undervoltage == code
    camera.clock.wait(60.0)
    assert (camera.cooler.read().power > 5) == cools
    assert undervoltage_code(code).advice


def test_undervoltage_is_recorded_with_each_frame_and_forgotten_when_told():
    camera = opened(Fault(name="undervoltage", at=("frame", 2)))
    assert not undervoltage_code(taken(camera)[0].undervoltage).failed
    assert taken(camera)[0].undervoltage == 9
    camera.reset_undervoltage()
    assert not undervoltage_code(camera.status().undervoltage).failed


def test_a_frame_without_the_columns_that_are_always_zero_says_that_it_cannot_show_a_shift():
    camera = opened()
    assert taken(camera)[0].unverified == ()
    camera.configure(Settings(overscan=False))
    assert taken(camera)[0].unverified == ("alignment",)


def test_the_temperature_is_read_before_the_frame_that_proves_the_camera_is_there():
    camera = opened()
    info, _ = taken(camera)
    assert info.temperature_end.time <= info.arrival_monotonic / 1e9 - 0.3


def test_a_head_that_is_gone_has_only_one_reading():
    camera = opened(Fault(name="camera_lost", at=("frame", 1)))
    with pytest.raises(CameraLost):
        taken(camera)
    head = camera._head
    assert {head.read(control) for control in (Control.GAIN, Control.TEMPERATURE)} == {4294967295.0}
    with pytest.raises(HeadError):
        head.expose()
