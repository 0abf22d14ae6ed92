"""What `Bench.check` says of a plan is what its run then takes; looking costs and changes nothing."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import pytest

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.bench.checking import rehearsal
from qhy600_ophyd.contract import QHY600Error
from qhy600_ophyd.device import FlyRequest
from qhy600_ophyd.sensor.timing import timing

LINE = timing().line_time
"""Exposures are whole numbers of lines, so that each may be half of one off."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path_factory.mktemp("runs")) as bench:
        bench.camera.exposure.set(0.1)
        yield bench


def flown(camera):
    """Through bluesky's own verbs for flyers, in two streams of one run."""

    @bpp.stage_decorator([camera])
    @bpp.run_decorator(md={})
    def both():
        for stream, frames in (("primary", 4), ("second", 6)):
            yield from bps.prepare(camera, FlyRequest(frames=frames, stream=stream), wait=True)
            yield from bps.declare_stream(camera, name=stream, collect=True)
            yield from bps.kickoff_all(camera, wait=True)
            yield from bps.collect_while_completing([camera], [camera], flush_period=0.1, stream_name=stream)

    return both()


def two_runs(camera):
    yield from bp.count([camera], 2)
    yield from bps.mv(camera.roi, (24, 0, 32, 16))
    yield from bp.count([camera], 3)
    yield from bps.mv(camera.roi, None)


CASES = {
    "count": lambda b: bp.count([b.camera], 6),
    "list_scan": lambda b: bp.list_scan([b.camera], b.camera.exposure, [0.05, 0.4, 1.5]),
    "grid_scan": lambda b: bp.grid_scan([b.camera], b.camera.gain, 0, 20, 3, b.camera.offset, 10, 20, 2),
    "rel_scan": lambda b: bp.rel_list_scan([b.camera], b.camera.exposure, [0.0, 0.2]),
    "linearity": lambda b: plans.linearity(b.camera, b.light, [0.1, 0.2, 0.3]),
    "gain_sweep": lambda b: plans.gain_sweep(b.camera, [0, 30], exposure=0.1, light=b.light),
    "burst": lambda b: plans.burst(b.camera, 40, exposure=0.02),
    "count after a burst": lambda b: bp.count([b.camera], 6),
    "timelapse": lambda b: plans.timelapse(b.camera, 10.0, 5, exposure=0.5),
    "two streams": lambda b: flown(b.camera),
    "two runs": lambda b: two_runs(b.camera),
    "live": lambda b: plans.live(b.camera, frames=7),
}


def taken(bench, make):
    clock = bench.camera.backend.clock
    began = clock.monotonic()
    runs = bench.run(make)
    return clock.monotonic() - began, runs if isinstance(runs, list) else [runs]


def files_of(runs):
    return [path for run in runs for path in sorted(Path(run.attrs["path"]).glob("*.h5"))]


@pytest.mark.parametrize("case", CASES)
def test_frames_bytes_and_time_are_those_of_the_run_that_follows(bench, case):
    make = partial(CASES[case], bench)
    said = bench.check(make)
    seconds, runs = taken(bench, make)
    files = files_of(runs)
    assert said.runs == len(runs)
    assert said.frames == sum(said_of.frames for said_of in said.streams), "the sum is that of the streams"
    if case == "live":
        assert (said.frames, said.shown, files) == (0, 7, [])
    elif case == "two streams":
        assert [(each.stream, each.frames) for each in said.streams] == [("primary", 4), ("second", 6)]
    else:
        assert [each.frames for each in said.streams] == [run.sizes["frame"] for run in runs]
        assert [each.shape for each in said.streams] == [run.counts.shape[1:] for run in runs]
    # An upper bound: above it comes the room that is kept for a file's empty form and its columns.
    for each, file in zip(said.streams, files, strict=True):
        assert file.stat().st_size <= each.bytes < file.stat().st_size + 300_000
    lines = (said.frames + said.shown + 1) * LINE
    assert abs(said.seconds.value - seconds) < 4 * said.seconds.standard_error + lines


def test_a_larger_file_is_predicted_to_a_percent(bench, tmp_path):
    with Bench.simulated(width=1024, height=1024, output=tmp_path) as large:
        make = partial(plans.burst, large.camera, 30, exposure=0.01)
        said = large.check(make)
        (file,) = files_of([large.run(make)])
    assert file.stat().st_size <= said.bytes < 1.01 * file.stat().st_size


def test_looking_neither_touches_the_camera_nor_what_is_asked_of_it(bench):
    camera = bench.camera
    bench.run(bp.count([camera], 1))
    before = (camera.requested, camera.actual, dict(camera.row), len(camera.backend.log), camera.stream.get())
    light, folders = bench.light.get(), sorted(bench.folder.iterdir())
    now = camera.backend.clock.monotonic()
    for case in CASES.values():
        bench.check(partial(case, bench))
    after = (camera.requested, camera.actual, dict(camera.row), len(camera.backend.log), camera.stream.get())
    assert after == before
    assert (bench.light.get(), sorted(bench.folder.iterdir())) == (light, folders)
    assert camera.backend.clock.monotonic() == now


def test_cooling_is_foreseen_to_a_factor_of_two(tmp_path):
    def cooled():
        yield from plans.cool_to(bench.camera, 5.0)
        yield from bp.count([bench.camera], 1)

    with Bench.simulated(width=64, height=48, output=tmp_path) as bench:
        said = bench.check(cooled)
        seconds, _ = taken(bench, cooled)
        assert said.set_points == (5.0,)
        assert said.seconds.value / 2 < seconds < said.seconds.value * 2
        # It is there now, and nothing is left to wait for but that it stays.
        assert bench.check(cooled).seconds.value < 60


def test_what_has_no_end_is_told_to_have_none(bench, monkeypatch):
    said = bench.check(lambda: plans.live(bench.camera))
    assert said.endless
    assert "until somebody ends it" in repr(said)

    def for_ever():
        yield from bps.open_run()
        while True:
            yield from bps.trigger_and_read([bench.camera])

    monkeypatch.setattr(rehearsal, "MOST", 500)
    said = bench.check(for_ever)
    assert said.endless
    assert 0 < said.frames < 500


def test_a_plan_that_waits_for_what_it_measures_ends_the_check_with_its_own_error(bench):
    def impatient():
        reading = yield from bps.trigger_and_read([bench.camera])
        raise KeyError(sorted(reading)[0])

    with pytest.raises(KeyError, match="camera_"):
        bench.check(impatient)


def test_a_plan_that_was_gone_through_is_refused_with_the_way_that_works(bench):
    for plan in (plans.exposure_series(bench.camera, [0.1]), bp.count([bench.camera], 1)):
        assert bench.check(plan).frames == 1
        for again in (bench.check, bench.run):
            with pytest.raises(QHY600Error, match=r"bench.check\(lambda: plans"):
                again(plan)


@pytest.mark.parametrize(
    "given",
    [7, None, plans.linearity, lambda: None],
    ids=["number", "nothing", "a plan not called", "a function"],
)
def test_what_makes_no_plan_is_refused(bench, given):
    with pytest.raises(QHY600Error, match="is not a plan"):
        bench.check(given)


def test_a_prediction_shows_itself_with_units_and_as_plain_values(bench):
    said = bench.check(lambda: plans.burst(bench.camera, 3, exposure=0.2))
    told, shown = said.as_json(), said._repr_html_()
    assert (told["frames"], told["streams"][0]["shape"]) == (3, [82, 88])
    assert math.isclose(told["seconds"], said.seconds.value)
    for text in (repr(said), shown):
        assert "3 × 88 × 82 uint16" in text
        assert "kB at most" in text
