"""Faults are scripted by exposure, call, time and chance; the driver lives with them."""

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated import KNOWN_FAULTS, SimulatedCamera
from qhy600_ophyd.contract import (
    CameraError,
    CameraLost,
    Fault,
    FrameLost,
    FrameTimeout,
    ProfileError,
    Settings,
)


def opened(*faults: Fault, seed: int = 0, **parameters) -> SimulatedCamera:
    camera = SimulatedCamera(width=80, height=16, seed=seed, faults=faults, **parameters)
    camera.open()
    camera.configure(Settings(exposure=0.01))
    return camera


def taken(camera: SimulatedCamera, timeout: float = 5.0):
    out = np.zeros(camera.settings.frame_shape, camera.settings.frame_dtype)
    camera.arm(1)
    return camera.grab(out, timeout), out


def test_a_frame_that_times_out_costs_the_time_allowed_and_leaves_the_camera_idle():
    camera = opened(Fault(name="frame_timeout", at=("frame", 1)))
    camera.arm(1)
    with pytest.raises(FrameTimeout, match="within 4 s"):
        camera.grab(np.zeros(camera.settings.frame_shape, np.uint16), 4.0)
    assert camera.status().state == "idle"
    assert [record.fate for record in camera.log] == ["delivered", "timed_out"]
    assert taken(camera)[0].sequence == 1


@pytest.mark.parametrize(("timeout", "comes"), [(60.0, True), (5.0, False)])
def test_a_slow_frame_comes_if_there_is_time(timeout, comes):
    camera = opened(Fault(name="slow_frame", at=("frame", 1)))
    if comes:
        info, _ = taken(camera, timeout)
        assert (info.arrival_monotonic - info.trigger_monotonic) / 1e9 > 10
    else:
        with pytest.raises(FrameTimeout):
            taken(camera, timeout)


@pytest.mark.parametrize("name", ["camera_lost", "power_cycle"])
@pytest.mark.parametrize("call", ["configure", "arm", "grab"])
def test_a_lost_camera_answers_nothing_until_it_is_closed_and_opened(call, name):
    camera = opened(Fault(name=name, at=("time", 100.0)))

    def work():
        if call == "configure":
            camera.clock.wait(100.0)
            camera.configure(Settings(gain=1.0))
        if call == "arm":
            camera.clock.wait(100.0)
        camera.arm(1)
        camera.clock.wait(100.0)
        camera.grab(np.zeros(camera.settings.frame_shape, np.uint16), 1000.0)

    with pytest.raises(CameraLost):
        work()
    assert camera.status().state == "lost"
    for attempt in (lambda: camera.configure(Settings()), lambda: camera.arm(1), camera.cooler.read):
        with pytest.raises(CameraLost, match="close it and open it again"):
            attempt()
    camera.close()
    camera.open()
    assert camera.status().state == "idle"
    taken(camera)


def test_an_unplugged_camera_gives_no_frame_although_its_readings_go_on_and_is_found_again():
    camera = opened(Fault(name="unplugged", at=("frame", 2)))
    taken(camera)
    with pytest.raises(FrameTimeout, match="cables"):
        taken(camera)
    assert taken(camera)[0].settings == camera.log[-1].settings


def test_settings_that_the_camera_fails_to_take_leave_the_old_ones():
    camera = opened(Fault(name="configure_fails", at=("time", 1000.0), times=3))
    before = camera.settings
    camera.clock.wait(1000.0)
    with pytest.raises(CameraError, match="The old settings hold"):
        camera.configure(Settings(gain=60.0))
    assert camera.settings == before
    assert taken(camera)[0].settings == before == camera.log[-1].settings
    assert camera.configure(Settings(gain=60.0)).gain == 60.0


def test_a_fault_by_time_waits_for_its_time():
    camera = opened(Fault(name="frame_lost", at=("time", 1000.0)))
    assert taken(camera)[0].retries == 0
    camera.clock.wait(1000.0)
    assert taken(camera)[0].retries == 1


def test_a_probable_fault_happens_as_often_as_it_should_and_alike_for_one_seed():
    def lost(seed: int) -> list[int]:
        camera = opened(Fault(name="frame_lost", probability=0.25, times=None), seed=seed, retries=0)
        numbers = []
        for number in range(300):
            try:
                taken(camera)
            except FrameLost:
                numbers.append(number)
        return numbers

    numbers = lost(3)
    assert abs(len(numbers) - 75) < 4 * np.sqrt(300 * 0.25 * 0.75)
    assert numbers == lost(3)
    assert numbers != lost(4)


def test_an_unknown_fault_is_refused_with_the_known_ones():
    with pytest.raises(ProfileError) as refused:
        SimulatedCamera(faults=[Fault(name="coffee_spilled")])
    assert all(name in str(refused.value) for name in KNOWN_FAULTS)
