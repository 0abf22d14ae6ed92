"""Plans wait while something is wrong with camera or disk, and go on by themselves with every frame."""

from __future__ import annotations

import bluesky.plans as bp
import numpy as np
import pytest
from bluesky import RunEngine
from held_plans import FRAMES, PERIOD, assert_whole, held, once, spoil_after, steps, threads, until

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.bench import Limits, Profile, Watch
from qhy600_ophyd.contract import ProfileError, QHY600Error, SystemClock
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.testing import SteppedClock


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
    # Looks follow one another at once; between two of them, while a plan is held, the camera ages by 20 s.
    clock = SteppedClock(auto=True)
    watch = Watch(camera, bench.folder, Limits(temperature=1.0), period=20.0, clock=clock).install(bench.RE)
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
    watch.close()


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


def test_a_plan_that_is_tripped_before_it_begins_waits_to_begin(bench, disk):
    watch = bench.watch(disk=1.0, period=PERIOD)
    disk.free = 0.5
    watch.look()
    with once(held(watch, "disk"), lambda: setattr(disk, "free", 2.0)):
        assert_whole(bench.run(bp.count([bench.camera], 2)), 2)


def test_what_lies_between_bad_and_good_changes_nothing(bench, disk):
    watch = bench.watch(disk=1.0, period=60.0)
    told = []
    for free in (1.05, 0.99, 1.05, 1.2, 1.05):
        disk.free = free
        watch.look()
        told.append(watch.suspenders[0].tripped)
    assert told == [False, True, True, False, False]


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
