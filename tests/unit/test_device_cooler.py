"""The temperature as a signal that can be moved: there only when it has settled, and clear when it is not."""

from __future__ import annotations

import threading

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky import RunEngine
from bluesky.utils import RunEngineInterrupted

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import NotSettled, SettingRefused, SystemClock
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.plans import cool_to
from qhy600_ophyd.testing import DocumentCollector, SteppedClock


@pytest.fixture
def make(tmp_path):
    made = []

    def make(**simulated):
        backend = SimulatedCamera(**{"width": 64, "height": 48, "seed": 1, **simulated})
        made.append(QHY600(backend, sink=tmp_path, name="camera"))
        return made[-1]

    yield make
    for camera in made:
        camera.close()


def opened(camera):
    """Opening takes time on the clock, which then stands still."""
    camera.backend.clock.auto = True
    camera.open()
    camera.backend.clock.auto = False
    return camera


def test_the_status_ends_when_the_sensor_has_settled(make):
    camera = make()
    clock = camera.backend.clock
    begun = clock.monotonic()
    told = []
    status = camera.temperature.set(0)
    status.watch(lambda **progress: told.append(progress["current"]))
    status.wait(30)
    assert abs(camera.temperature.get() - 0) <= camera.temperature.band
    assert clock.monotonic() - begun >= camera.temperature.hold
    assert camera.temperature.locate()["setpoint"] == 0.0
    assert told[-1] == 0.0


def test_a_temperature_out_of_reach_fails_and_says_how_far_it_came(make):
    camera = make(ambient=30.0)
    status = camera.temperature.set(-30, timeout=600)
    with pytest.raises(
        NotSettled, match=r"-30 degC not settled within 600 s: it reached -?[\d.]+ degC"
    ) as late:
        status.wait(30)
    assert "100 % cooler power" in str(late.value)


def test_a_set_point_outside_the_limits_is_refused(make):
    camera = make()
    low, _ = (camera.open(), camera.temperature.limits)[1]
    with pytest.raises(SettingRefused, match="temperature"):
        camera.temperature.set(low - 1)
    assert camera.backend.cooler.read().setpoint is None


@pytest.fixture
def waiting():
    """A stepped clock: the sensor does not move unless the test lets time pass."""
    return SteppedClock()


def test_stop_ends_the_wait_as_a_failure_and_leaves_the_cooler_on(make, waiting):
    camera = opened(make(clock=waiting))
    status = camera.temperature.set(0)
    waiting.until_sleeping(1)
    camera.temperature.stop()
    with pytest.raises(NotSettled, match=r"stopped at 24\.\d\d degC"):
        status.wait(10)
    assert camera.backend.cooler.read().setpoint == 0.0


def test_a_new_set_point_replaces_the_old_one_and_outlives_its_failure(make):
    camera = make()
    first = camera.temperature.set(-5)
    second = camera.temperature.set(5)
    second.wait(30)
    assert abs(camera.temperature.get() - 5) <= camera.temperature.band
    assert first.done


def test_a_temperature_is_there_at_once_during_a_long_exposure(make):
    camera = make(clock=SystemClock())
    camera.exposure.set(30)
    camera.stage()
    before = camera.temperature.get()
    status = camera.trigger()
    while camera.backend.status().state != "armed":
        SystemClock().wait(0.01)
    begun = SystemClock().monotonic()
    during = camera.temperature.get()
    setting = camera.temperature.set(10)
    assert SystemClock().monotonic() - begun < 1.0
    assert during == pytest.approx(before, abs=0.1)
    camera.stop()
    with pytest.raises(Exception, match="no frame"):
        status.wait(10)
    camera.temperature.stop()
    with pytest.raises(NotSettled):
        setting.wait(10)
    assert camera.backend.cooler.read().setpoint == 10.0


def test_off_stops_the_cooler(make):
    camera = make()
    camera.temperature.set(10).wait(30)
    camera.temperature.off()
    assert camera.backend.cooler.read().setpoint is None


def test_a_scan_over_temperatures_reads_each_when_it_has_settled(make):
    camera, RE, documents = make(), RunEngine({}, context_managers=[]), DocumentCollector()
    RE.subscribe(documents)
    RE(bp.list_scan([camera], camera.temperature, [5, 0]))
    measured = documents.data("camera_temperature")
    assert [abs(t - wish) <= 0.2 for t, wish in zip(measured, [5, 0], strict=True)] == [True, True]
    assert documents.data("camera_temperature_setpoint") == [5.0, 0.0]
    assert documents["start"][0]["hints"]["dimensions"] == [(["camera_temperature"], "primary")]


def test_a_pause_while_cooling_does_not_fail_the_plan_when_it_is_resumed(make, waiting):
    camera, RE = opened(make(clock=waiting)), RunEngine({}, context_managers=[])

    def pause():
        waiting.until_sleeping(1)
        RE.request_pause(defer=False)

    def plan():
        yield from bps.checkpoint()
        yield from cool_to(camera, 15)

    thread = threading.Thread(target=pause)
    thread.start()
    with pytest.raises(RunEngineInterrupted):
        RE(plan())
    thread.join()
    waiting.auto = True
    RE.resume()
    assert abs(camera.temperature.get() - 15) <= camera.temperature.band
