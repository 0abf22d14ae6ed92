"""The driver comes through every trap of the library: it recovers and says so, or fails and says why."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated import KNOWN_FAULTS, SimulatedCamera
from qhy600_ophyd.contract import (
    CameraError,
    CameraLost,
    ExposureCancelled,
    Fault,
    FrameLost,
    FrameTimeout,
    Settings,
    SystemClock,
)
from qhy600_ophyd.driver import Control, HeadError
from qhy600_ophyd.sensor.supply import undervoltage_code

SINGLE = Settings(exposure=0.01, gain=56.0, offset=40.0, overscan=True)


def opened(*faults: Fault, **parameters) -> SimulatedCamera:
    camera = SimulatedCamera(**{"width": 80, "height": 24, "seed": 3, "faults": faults, **parameters})
    for _ in range(3):
        try:
            camera.open()
        except CameraError:
            continue
        break
    camera.configure(SINGLE)
    return camera


def buffer(camera):
    return np.zeros(camera.settings.frame_shape, camera.settings.frame_dtype)


def taken(camera, timeout=8.0):
    out = buffer(camera)
    camera.arm(1)
    return camera.grab(out, timeout), out


def is_true(camera, info, counts):
    """The frame is one that the simulator made, with the settings that are recorded."""
    matching = [r for r in camera.log if r.settings == info.settings]
    return any(np.array_equal(counts, camera.reproduce(record)) for record in matching)


# -- what is always so ----------------------------------------------------------------------------------


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


# -- faults that are recovered from ---------------------------------------------------------------------

RECOVERED = {
    "connect_fails": 0,
    "initialise_fails": 0,
    "initialise_forgets_more": 0,
    "write_fails": 0,
    "configure_fails": 0,
    "write_ignored": 0,
    "read_back_late": 0,
    "areas_change": 0,
    "memory_command_fails": 0,
    "expose_fails": 0,
    "undervoltage": 0,
    "interference": 0,
    "supply_check_fails": 0,
    "link_stalls": 0,
    "fetch_fails": 1,
    "frame_lost": 1,
    "zero_frame": 1,
    "readout_hangs": 1,
    "stale_frame": 0,
    "shifted_frame": 1,
    "blocky_frame": 1,
    "wrong_size": 1,
}
"""Name: how many exposures it costs."""

FAILS = {
    "camera_lost": CameraLost,
    "power_cycle": CameraLost,
    "unplugged": FrameTimeout,
    "frame_timeout": FrameTimeout,
    "slow_frame": FrameTimeout,
    "live_begin_fails": None,
    "live_stream_dies": FrameTimeout,
    "live_partial_forever": FrameTimeout,
    "live_zero_frame": CameraLost,
    "live_frames_dropped": None,
    "live_frame_repeated": FrameLost,
}
"""Name: what is raised; ``None`` where the stream goes on."""


def test_every_known_fault_is_met_here():
    assert {*RECOVERED, *FAILS} == set(KNOWN_FAULTS)


@pytest.mark.parametrize("name", RECOVERED)
def test_it_is_recovered_from_with_true_frames_only(name):
    at = (
        ("call", 0)
        if name in ("connect_fails", "initialise_fails", "initialise_forgets_more")
        else ("frame", 2)
    )
    camera = opened(Fault(name=name, at=at))
    retries = 0
    for gain in (10.0, 20.0, 30.0):
        camera.configure(Settings(gain=gain))
        info, counts = taken(camera)
        assert info.settings.gain == gain
        assert is_true(camera, info, counts)
        retries += info.retries
    assert camera.struck[name] == 1
    assert retries == RECOVERED[name]


@pytest.mark.parametrize("name", [n for n in FAILS if not n.startswith("live_")])
def test_it_fails_with_an_error_that_says_what_to_do_and_works_again_afterwards(name):
    camera = opened(Fault(name=name, at=("frame", 2)))
    taken(camera)
    with pytest.raises(FAILS[name]) as failed:
        taken(camera)
    assert "\n" not in str(failed.value)
    if camera.status().state == "lost":
        camera.close()
        camera.open()
        camera.configure(SINGLE)
    assert camera.status().state == "idle"
    info, counts = taken(camera)
    assert is_true(camera, info, counts)


@pytest.mark.parametrize("name", [n for n in FAILS if n.startswith("live_")])
def test_a_stream_gives_true_frames_until_it_fails_with_a_reason(name):
    camera = opened(Fault(name=name, at=None if name == "live_begin_fails" else ("frame", 2)))
    got = 0

    def stream():
        nonlocal got
        camera.arm(6)
        for _ in range(6):
            out = buffer(camera)
            info = camera.grab(out, 3.0)
            assert "sequence" in info.unverified
            assert is_true(camera, info, out)
            got += 1

    if FAILS[name] is None:
        stream()
        assert got == 6
    else:
        with pytest.raises(FAILS[name]):
            stream()
        assert got < 6
    assert camera.struck[name] == 1
    if camera.status().state == "lost":
        camera.close()
        camera.open()
        camera.configure(SINGLE)
    info, counts = taken(camera)
    assert is_true(camera, info, counts)


@pytest.mark.parametrize(
    ("name", "error"), [("frame_lost", FrameLost), ("shifted_frame", FrameLost), ("zero_frame", CameraLost)]
)
def test_what_goes_on_failing_is_given_up_after_the_retries(name, error):
    camera = opened(Fault(name=name, at=("frame", 2), times=None))
    taken(camera)
    with pytest.raises(error, match="exposed 3 times"):
        taken(camera)
    assert camera.struck[name] >= 3


def test_a_register_that_never_holds_its_value_is_an_error_and_the_old_settings_stay():
    camera = opened(Fault(name="write_ignored", at=("time", 1000.0), times=None))
    before = camera.settings
    camera.clock.wait(1000.0)
    with pytest.raises(CameraError, match="written 3 times"):
        camera.configure(Settings(gain=99.0))
    assert camera.settings == before


def test_a_memory_that_cannot_be_emptied_leaves_the_frame_flagged():
    camera = opened(Fault(name="memory_command_fails", at=("frame", 2)))
    assert "freshness" not in taken(camera)[0].unverified
    assert "freshness" in taken(camera)[0].unverified


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
