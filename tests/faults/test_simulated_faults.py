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


def opened(*faults: Fault, seed: int = 0) -> SimulatedCamera:
    camera = SimulatedCamera(width=32, height=16, seed=seed, faults=faults)
    camera.open()
    camera.configure(Settings(exposure=0.01))
    return camera


def frame(camera: SimulatedCamera) -> np.ndarray:
    return np.zeros(camera.capabilities.geometry.shape, np.uint16)


def test_a_lost_frame_leaves_a_gap_in_the_sequence_and_the_next_one_comes():
    camera = opened(Fault(name="frame_lost", at=("frame", 1)))
    camera.arm(3)
    first = camera.grab(frame(camera), 1.0)
    with pytest.raises(FrameLost, match="frame 1"):
        camera.grab(frame(camera), 1.0)
    last = camera.grab(frame(camera), 1.0)
    assert (first.sequence, last.sequence) == (0, 2)
    assert [record.delivered for record in camera.log] == [True, False, True]
    assert camera.status().state == "idle"


def test_a_frame_that_times_out_costs_the_time_allowed_and_leaves_the_camera_idle():
    camera = opened(Fault(name="frame_timeout", at=("frame", 0)))
    camera.arm(5)
    with pytest.raises(FrameTimeout, match="within 2 s"):
        camera.grab(frame(camera), 2.0)
    assert camera.status().state == "idle"
    started = camera.log[0].exposure_start - camera.clock.utc_ns()
    assert -started / 1e9 == pytest.approx(0.01 + 2.0)
    camera.arm(1)
    assert camera.grab(frame(camera), 2.0).sequence == 1


@pytest.mark.parametrize(("timeout", "comes"), [(60.0, True), (5.0, False)])
def test_a_slow_frame_comes_if_there_is_time(timeout, comes):
    camera = opened(Fault(name="slow_frame"))
    camera.arm(1)
    if comes:
        info = camera.grab(frame(camera), timeout)
        assert (info.arrival_monotonic - info.trigger_monotonic) / 1e9 > 10
    else:
        with pytest.raises(FrameTimeout):
            camera.grab(frame(camera), timeout)


@pytest.mark.parametrize("call", ["configure", "arm", "grab"])
def test_a_lost_camera_answers_nothing_until_it_is_closed_and_opened(call):
    camera = opened(Fault(name="camera_lost", at=("call", {"configure": 1, "arm": 1, "grab": 2}[call])))

    def work():
        if call == "configure":
            camera.configure(Settings(gain=1.0))
        camera.arm(1)
        camera.grab(frame(camera), 1.0)

    with pytest.raises(CameraLost):
        work()
    assert camera.status().state == "lost"
    for attempt in (lambda: camera.configure(Settings()), lambda: camera.arm(1), camera.cooler.read):
        with pytest.raises(CameraLost, match="close it and open it again"):
            attempt()
    camera.close()
    camera.open()
    assert camera.status().state == "idle"


def test_settings_that_the_camera_fails_to_take_leave_the_old_ones():
    camera = opened(Fault(name="configure_fails", at=("call", 1)))
    before = camera.settings
    with pytest.raises(CameraError, match="kept the old settings"):
        camera.configure(Settings(gain=60.0))
    assert camera.settings == before
    assert camera.configure(Settings(gain=60.0)).gain == 60.0


def test_a_fault_by_time_waits_for_its_time():
    camera = opened(Fault(name="frame_lost", at=("time", 100.0)))
    camera.arm(None)
    camera.grab(frame(camera), 1.0)
    camera.clock.wait(100.0)
    with pytest.raises(FrameLost):
        camera.grab(frame(camera), 1.0)


def test_a_probable_fault_happens_as_often_as_it_should_and_alike_for_one_seed():
    def lost(seed: int) -> list[int]:
        camera = opened(Fault(name="frame_lost", probability=0.25, times=None), seed=seed)
        camera.arm(400)
        numbers = []
        for number in range(400):
            try:
                camera.grab(frame(camera), 1.0)
            except FrameLost:
                numbers.append(number)
        return numbers

    numbers = lost(3)
    assert abs(len(numbers) - 100) < 4 * np.sqrt(400 * 0.25 * 0.75)
    assert numbers == lost(3)
    assert numbers != lost(4)


def test_an_unknown_fault_is_refused_with_the_known_ones():
    with pytest.raises(ProfileError) as refused:
        SimulatedCamera(faults=[Fault(name="coffee_spilled")])
    assert all(name in str(refused.value) for name in KNOWN_FAULTS)
