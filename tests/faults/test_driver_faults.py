"""Each fault is recovered from with true frames only, or ends in an error that says what to do."""

from __future__ import annotations

import pytest
from driver_rig import SINGLE, buffer, is_true, opened, taken

from qhy600_ophyd.backends.simulated import KNOWN_FAULTS
from qhy600_ophyd.contract import (
    CameraError,
    CameraLost,
    Fault,
    FrameLost,
    FrameTimeout,
    Settings,
)

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
