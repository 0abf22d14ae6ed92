"""Wherever a plan is held, it goes on with every frame; ended while it is held, it leaves all whole."""

from __future__ import annotations

import bluesky.preprocessors as bpp
import pytest
from bluesky.utils import RunEngineInterrupted
from held_plans import assert_whole, held, once, until

from qhy600_ophyd import plans
from qhy600_ophyd.datasets import verify

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

PLANS = {
    "step": lambda b: plans.exposure_series(b.camera, [0.1, 0.2], light=b.light),
    "burst": lambda b: plans.burst(b.camera, 3, exposure=0.1),
    "timelapse": lambda b: plans.timelapse(b.camera, 5.0, 3, exposure=0.1),
    "linearity": lambda b: plans.linearity(b.camera, b.light, [0.1, 0.2], repeats=1),
}


def before_message(plan, index, do, seen):
    """The plan, with something done once before its message number `index`; lists its commands."""

    def mutate(message):
        seen.append(message.command)
        if len(seen) == index + 1:
            do()
        return message

    return bpp.msg_mutator(plan, mutate)


def every_message(bench, plan, do):
    """Runs of the plan, in each of which it is done before another message; the commands of each."""
    index = 0
    while True:
        seen = []
        yield before_message(PLANS[plan](bench), index, do, seen), seen
        if len(seen) <= index:
            return
        index += 1


def spoiled(disk, watch):
    def spoil():
        disk.free = 0.5
        watch.look()

    return spoil


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_held_at_any_message_takes_every_frame(bench, disk, plan):
    watch = bench.watch(disk=1.0, period=0.02)
    frames = bench.check(lambda: PLANS[plan](bench)).frames
    times_held = 0
    for plan_held, seen in every_message(bench, plan, spoiled(disk, watch)):
        over = []

        def held_or_over(over=over):
            return held(watch, "disk")() or bool(over)

        with once(held_or_over, lambda: setattr(disk, "free", 2.0)):
            run = bench.run(plan_held)
            over.append(1)
        until(lambda: not watch.suspenders[0].tripped)
        times_held += run.sizes["frame"] >= frames
        # bluesky takes a point again whose event it has sent, with no checkpoint behind it yet.
        assert run.sizes["frame"] in (frames, frames + 1), seen
        assert_whole(run, run.sizes["frame"])
        assert bench.camera.backend.status().state == "idle"
    assert times_held > 15


@pytest.mark.parametrize("how", ["abort", "stop", "halt"])
@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_ended_while_it_is_held_leaves_a_whole_run_and_a_free_camera(bench, disk, plan, how, tmp_path):
    watch = bench.watch(disk=1.0, period=0.02)
    ended = 0
    for plan_held, seen in every_message(bench, plan, spoiled(disk, watch)):
        over = []

        def pause(over=over):
            if not over:
                bench.RE.request_pause()

        def held_or_over(over=over):
            return held(watch, "disk")() or bool(over)

        with once(held_or_over, pause):
            try:
                bench.run(plan_held)
            except RunEngineInterrupted:
                ended += 1
                getattr(bench.RE, how)()
            over.append(1)
        assert bench.RE.state == "idle"
        assert bench.camera.backend.status().state == "idle", seen
        assert not bench.camera.exposing
        disk.free = 2.0
        watch.look()
        until(lambda: not watch.suspenders[0].tripped)
    assert ended > 10
    for folder in (path for path in (tmp_path / "runs").iterdir() if path.is_dir()):
        assert verify(folder).ok
