"""Held plans stay held: for several reasons at once, over a pause, whatever fails; and can be ended."""

from __future__ import annotations

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky.utils import RunEngineInterrupted
from held_plans import FRAMES, PERIOD, assert_whole, held, once, spoil_after, steps, until

from qhy600_ophyd import plans
from qhy600_ophyd.contract import CameraLost, SystemClock
from qhy600_ophyd.datasets import verify


def assert_(truth):
    assert truth


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


@pytest.mark.parametrize("command", ["stage", "prepare", "declare_stream", "kickoff", "close_run", "unstage"])
def test_a_burst_that_trips_at_its_beginning_or_end_takes_every_frame_all_the_same(bench, disk, command):
    """The RunEngine gives up what it is doing; at its very end, bluesky's own suspenders break it."""
    watch, done = bench.watch(disk=1.0, period=PERIOD), []

    def trip(message):
        if message.command == command and not done:
            done.append(command)
            disk.free = 0.5
            watch.look()

    bench.RE.msg_hook = trip
    with once(held(watch, "disk"), lambda: setattr(disk, "free", 2.0)):
        assert_whole(bench.run(plans.burst(bench.camera, FRAMES, exposure=0.1)))
    assert bench.RE.state == "idle"


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


def test_the_camera_is_asked_neither_while_it_exposes_nor_while_it_streams(bench):
    camera, asked = bench.camera, []
    status = camera.backend.status
    camera.backend.status = lambda: (asked.append(camera.exposing), status())[1]
    bench.watch(supply=True, period=0.005)
    until(lambda: len(asked) > 3)
    bench.run(bp.count([camera], 20))
    bench.run(plans.burst(camera, 100, exposure=0.05))
    assert not any(asked)


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
