"""Plans wait while something is wrong with camera or disk, and go on by themselves with every frame."""

from __future__ import annotations

import shutil
import threading
from collections import namedtuple
from contextlib import contextmanager

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.utils import RunEngineInterrupted

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.bench import Limits, Profile, Watch
from qhy600_ophyd.contract import CameraLost, ProfileError, QHY600Error, SystemClock
from qhy600_ophyd.datasets import verify
from qhy600_ophyd.device import QHY600

Usage = namedtuple("Usage", "total used free")
PERIOD = 0.05
FRAMES = 8


@pytest.fixture
def bench(tmp_path):
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path / "runs") as bench:
        bench.camera.exposure.set(0.1)
        yield bench


class Disk:
    """What the tests say is free [GB]."""

    def __init__(self, monkeypatch):
        self.free = 100.0
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, int(self.free * 1e9)))


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


def until(condition, timeout=20.0):
    clock = SystemClock()
    end = clock.monotonic() + timeout
    while not condition():
        assert clock.monotonic() < end, "it never happened"
        clock.wait(0.01)


@contextmanager
def once(condition, *do):
    """Do things in a thread of its own, one after the other, each as soon as its condition holds."""
    failed = []

    def wait_and_do():
        try:
            until(condition)
            for each in do:
                each()
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    thread = threading.Thread(target=wait_and_do)
    thread.start()
    yield
    thread.join()
    assert failed == []


def held(watch, *names):
    """Whether the plan stands, for those reasons."""
    suspenders = dict(zip(watch.signals, watch.suspenders, strict=True))
    return lambda: all(suspenders[name]._held for name in names)


def spoil_after(bench, frames, spoil, watch):
    """Spoil something and have it looked at, before the first exposure after so many frames."""
    done = []

    def hook(message):
        if message.command == "trigger" and bench.camera.get_index() >= frames and not done:
            done.append(spoil())
            watch.look()

    bench.RE.msg_hook = hook


def assert_whole(run, frames=FRAMES):
    assert run.sizes["frame"] == frames
    assert run.attrs["exit_status"] == "success"
    assert verify(run).ok


def steps(camera):
    return plans.exposure_series(camera, [0.1], repeats=FRAMES)


def test_a_full_disk_holds_a_plan_which_goes_on_by_itself_with_every_frame(bench, disk, capsys):
    watch = bench.watch(disk=1.0, period=PERIOD)
    spoil_after(bench, 3, lambda: setattr(disk, "free", 0.5), watch)
    with once(held(watch, "disk"), bench.camera.require_idle, lambda: setattr(disk, "free", 2.0)):
        run = bench.run(steps(bench.camera))
    assert_whole(run)
    assert sorted(run.repeat.values) == list(range(FRAMES)), "each once"
    told = capsys.readouterr().out
    assert "the disk has 500.0 MB free, less than 1.0 GB. Free some space. The plan goes on by itself" in told
    assert "the disk is well again: the plan goes on" in told


def test_a_burst_stands_still_after_the_frame_under_way_and_goes_on_with_the_rest(bench, disk):
    watch = bench.watch(disk=1.0, period=PERIOD)
    camera, frames, stood = bench.camera, 300, []
    mend = once(
        lambda: camera.get_index() >= 3,
        lambda: setattr(disk, "free", 0.5),
        watch.look,
        lambda: until(held(watch, "disk")),
        camera.require_idle,
        lambda: stood.append(camera.get_index()),
        lambda: SystemClock().wait(0.2),
        lambda: stood.append(camera.get_index()),
        lambda: setattr(disk, "free", 2.0),
    )
    with mend:
        run = bench.run(plans.burst(camera, frames, exposure=0.1))
    assert_whole(run, frames)
    assert list(run.repeat.values) == list(range(frames))
    assert 3 <= stood[0] == stood[1] < frames


@pytest.mark.filterwarnings("ignore::qhy600_ophyd.device.SupplyFailed")
def test_a_supply_that_fails_holds_a_plan_until_it_is_reset(bench):
    bench.camera.temperature.set(10.0).wait(30)
    watch = bench.watch(supply=True, period=PERIOD)
    supply = bench.camera.backend.supply
    spoil_after(bench, 2, lambda: setattr(supply, "voltage", 10.5), watch)
    with once(
        held(watch, "supply"),
        lambda: setattr(supply, "voltage", 12.0),
        bench.camera.reset_undervoltage,
    ):
        run = bench.run(bp.count([bench.camera], 40))
    assert_whole(run, 40)
    # It is told by the frame after which it failed; the next ones come when the supply is good.
    assert 9 in run.undervoltage.values
    assert run.undervoltage.values[-1] != 9


def test_a_temperature_out_of_band_holds_a_plan_until_the_cooler_has_mended_it(bench):
    camera = bench.camera
    camera.temperature.set(10.0).wait(30)
    watch = bench.watch(temperature=1.0, period=20.0)
    cooler = camera.backend.cooler

    def warm():
        camera.call(cooler.off)
        camera.backend.clock.wait(300.0)

    with once(held(watch, "temperature"), lambda: camera.call(lambda: cooler.regulate(10.0))):
        warm()
        watch.look()
        run = bench.run(bp.count([camera], 3))
    assert_whole(run, 3)
    assert np.all(np.abs(run.temperature.values - 10.0) < 1.0)


def test_a_sensor_on_its_way_to_a_set_point_holds_nothing(bench):
    watch = bench.watch(temperature=0.5, period=PERIOD)

    def cooled():
        yield from plans.cool_to(bench.camera, 5.0)
        yield from bp.count([bench.camera], 2)
        yield from plans.cool_to(bench.camera, 15.0)

    bench.run(cooled())
    assert not watch.suspenders[0].tripped


def test_moisture_near_the_sensors_temperature_holds_a_plan(bench):
    environment = bench.camera.backend.environment
    watch = bench.watch(dew=5.0, period=PERIOD)
    assert watch.signals["dew"].get() > 40, "a warm sensor in a dry chamber"
    environment.humidity = lambda: 100.0
    watch.look()
    assert watch.suspenders[0].tripped
    with once(held(watch, "dew"), lambda: delattr(environment, "humidity")):
        run = bench.run(bp.count([bench.camera], 2))
    assert_whole(run, 2)


@pytest.mark.parametrize("first", ["disk", "dew"])
def test_a_plan_held_for_two_reasons_waits_for_both(bench, disk, first):
    environment = bench.camera.backend.environment
    watch = bench.watch(disk=1.0, dew=5.0, period=PERIOD)
    began = []

    def spoil_both():
        disk.free = 0.5

    def mend_one():
        environment.humidity = lambda: 100.0
        until(held(watch, "disk", "dew"))
        began.append(bench.camera.get_index())
        if first == "disk":
            disk.free = 2.0
        else:
            del environment.humidity
        mended = dict(zip(watch.signals, watch.suspenders, strict=True))[first]
        until(lambda: not mended.tripped)
        SystemClock().wait(0.3)
        began.append(bench.camera.get_index())

    def mend_other():
        disk.free = 2.0
        environment.__dict__.pop("humidity", None)

    spoil_after(bench, 2, spoil_both, watch)
    with once(held(watch, "disk"), mend_one, mend_other):
        run = bench.run(bp.count([bench.camera], FRAMES))
    assert_whole(run)
    assert began[0] == began[1] < FRAMES, "nothing was taken while one reason was left"


def test_a_plan_that_is_tripped_before_it_begins_waits_to_begin(bench, disk):
    watch = bench.watch(disk=1.0, period=PERIOD)
    disk.free = 0.5
    watch.look()
    with once(held(watch, "disk"), lambda: setattr(disk, "free", 2.0)):
        assert_whole(bench.run(bp.count([bench.camera], 2)), 2)


def interrupted(bench, disk, watch):
    """The bench with a paused plan that was held for the disk when it was paused."""
    spoil_after(bench, 2, lambda: setattr(disk, "free", 0.5), watch)
    with once(held(watch, "disk"), bench.RE.request_pause), pytest.raises(RunEngineInterrupted):
        bench.run(steps(bench.camera))
    assert bench.RE.state == "paused"


def test_a_plan_that_is_paused_while_it_is_held_is_held_again_when_it_is_resumed(bench, disk):
    watch = bench.watch(disk=1.0, period=PERIOD)
    interrupted(bench, disk, watch)
    taken = bench.camera.get_index()
    with once(
        lambda: bench.RE.state == "running" and held(watch, "disk")(),
        lambda: SystemClock().wait(0.3),
        lambda: assert_(bench.camera.get_index() == taken),
        lambda: setattr(disk, "free", 2.0),
    ):
        run = bench.resume()
    assert_whole(run)


def assert_(truth):
    assert truth


def test_a_plan_that_trips_while_it_is_paused_is_held_when_it_is_resumed(bench, disk):
    watch = bench.watch(disk=1.0, period=PERIOD)

    def pausing():
        yield from bps.stage(bench.camera)
        yield from bps.open_run()
        yield from plans.take(bench.camera, 1)
        yield from bps.pause()
        yield from plans.take(bench.camera, 1)
        # Nothing but time passes, so that it is held here at the latest.
        yield from bps.sleep(0.5)
        yield from plans.take(bench.camera, 1)
        yield from bps.close_run()
        yield from bps.unstage(bench.camera)

    with pytest.raises(RunEngineInterrupted):
        bench.run(pausing())
    disk.free = 0.5
    watch.look()
    with once(held(watch, "disk"), lambda: setattr(disk, "free", 2.0)):
        assert_whole(bench.resume(), 3)


def test_a_plan_that_is_held_can_be_aborted(bench, disk, tmp_path):
    watch = bench.watch(disk=1.0, period=PERIOD)
    interrupted(bench, disk, watch)
    bench.abort("enough")
    assert bench.camera.backend.status().state == "idle"
    (folder,) = (path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert verify(folder).ok
    disk.free = 2.0
    watch.look()
    assert_whole(bench.run(bp.count([bench.camera], 1)), 1)


def test_a_plan_that_could_not_be_resumed_is_not_held_since_that_would_abort_it(bench, disk):
    watch = bench.watch(disk=1.0, period=0.01)

    def careless():
        yield from bps.stage(bench.camera)
        yield from bps.open_run()
        yield from bps.clear_checkpoint()
        disk.free = 0.5
        watch.look()
        yield from bps.sleep(0.1)
        yield from plans.take(bench.camera, 2)
        yield from bps.close_run()
        yield from bps.unstage(bench.camera)

    assert_whole(bench.run(careless()), 2)
    assert watch.suspenders[0].tripped, "the next plan waits"


def test_what_lies_between_bad_and_good_changes_nothing(bench, disk):
    watch = bench.watch(disk=1.0, period=60.0)
    told = []
    for free in (1.05, 0.99, 1.05, 1.2, 1.05):
        disk.free = free
        watch.look()
        told.append(watch.suspenders[0].tripped)
    assert told == [False, True, True, False, False]


def test_the_camera_is_asked_neither_while_it_exposes_nor_while_it_streams(bench):
    camera, asked = bench.camera, []
    status = camera.backend.status
    camera.backend.status = lambda: (asked.append(camera.exposing), status())[1]
    bench.watch(supply=True, period=0.005)
    until(lambda: len(asked) > 3)
    bench.run(bp.count([camera], 20))
    bench.run(plans.burst(camera, 100, exposure=0.05))
    assert not any(asked)


def test_somebody_with_a_run_engine_of_their_own_installs_the_suspenders(tmp_path, disk):
    engine = RunEngine({}, context_managers=[])
    with QHY600(SimulatedCamera(width=64, height=48), sink=tmp_path, name="camera") as camera:
        engine.subscribe(camera.on_document)
        watch = Watch(camera, tmp_path, Limits(disk=1.0), period=PERIOD).install(engine)
        disk.free = 0.5
        watch.look()
        with once(held(watch, "disk"), lambda: setattr(disk, "free", 2.0)):
            engine(bp.count([camera], 2))
        assert camera.row["sequence"] == 1
        watch.close()
    assert (engine.suspenders, threads()) == ((), [])


def test_a_look_that_fails_is_not_the_last(bench):
    watch = bench.watch(supply=True, period=0.01)
    backend, asked = bench.camera.backend, []
    status = backend.status

    def fails():
        asked.append(1)
        if len(asked) == 1:
            raise CameraLost("gone")
        if len(asked) == 2:
            raise RuntimeError("a mistake")
        return status()

    backend.status = fails
    until(lambda: len(asked) > 4)
    assert not watch.suspenders[0].tripped


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name == "watch"]


def test_a_watch_ends_with_its_bench_and_with_the_next_one(bench, disk):
    first = bench.watch(disk=1.0, period=PERIOD)
    second = bench.watch(supply=True, period=PERIOD)
    assert bench.RE.suspenders == second.suspenders
    assert len(threads()) == 1
    bench.close()
    assert (threads(), bench.RE.suspenders) == ([], ())
    assert not first.suspenders[0].tripped


def test_a_profile_watches_what_it_names_and_nothing_by_itself(tmp_path):
    content = {"camera": {"backend": "simulated", "width": 64, "height": 48}}
    with Bench(Profile.checked(content), output=tmp_path) as bench:
        assert bench.RE.suspenders == ()
    content["watch"] = {"supply": True, "dew": 3.0, "period": 0.5}
    with Bench(Profile.checked(content), output=tmp_path) as bench:
        assert [suspender.condition.name for suspender in bench.RE.suspenders].count("the supply") == 1
        assert len(bench.RE.suspenders) == 2
    with pytest.raises(ProfileError, match=r"watch\.disk"):
        Profile.checked({**content, "watch": {"disk": -1}})


def test_a_watch_over_nothing_is_refused(bench):
    with pytest.raises(QHY600Error, match="watch over nothing"):
        bench.watch()
