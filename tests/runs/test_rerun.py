"""A run that is taken once more is the same, frame by frame, and what differs is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import bluesky.plans as bp
import numpy as np
import pytest
from bluesky import Msg
from bluesky.preprocessors import plan_mutator
from bluesky.utils import RunEngineInterrupted

from qhy600_ophyd import Bench, open_run, plans, rerun
from qhy600_ophyd.contract import CameraLost, Fault, FrameTimeout, PlanNotRebuilt


def bench_in(folder, **given):
    return Bench.simulated(**{"width": 64, "height": 48, "seed": 3, "output": folder, **given})


def one_series(bench):
    return plans.exposure_series(bench.camera, [0.1, 0.3], light=bench.light)


def with_a_history(bench):
    """Runs, settings, a set point and light before the run that counts."""
    bench.camera.gain.set(20)
    bench.run(one_series(bench))
    bench.camera.temperature.set(10.0).wait()
    bench.light.set(777.0)
    bench.run(plans.burst(bench.camera, 2, exposure=0.01))
    bench.camera.gain.set(25)
    bench.camera.exposure.set(0.25)


PLANS = {
    "linearity": lambda b: plans.linearity(b.camera, b.light, [0.1, 0.2]),
    "gain_sweep": lambda b: plans.gain_sweep(b.camera, [0, 5], light=b.light, repeats=1),
    "exposure_series": one_series,
    "burst": lambda b: plans.burst(b.camera, 4, exposure=0.01),
    "timelapse": lambda b: plans.timelapse(b.camera, 9.0, 3, exposure=0.1),
}


def identical_again(folder):
    found = rerun(folder)
    assert found.identical is True, found.differences
    assert found.differences == found.notes == ()
    start = json.loads(found.run.attrs["start"])
    assert start["reruns"] == json.loads(open_run(folder).attrs["start"])["uid"]
    return found.run


@pytest.mark.parametrize("before", [None, with_a_history], ids=["first", "later"])
@pytest.mark.parametrize("name", PLANS)
def test_a_simulated_run_comes_out_the_same_wherever_it_stood_in_its_bench(tmp_path, name, before):
    with bench_in(tmp_path, lag=0.02, banding=3.0, gps_header=name == "burst") as bench:
        if before is not None:
            before(bench)
        run = bench.run(PLANS[name](bench), sample="A1")
    again = identical_again(run.attrs["path"])
    assert again.attrs["sample"] == "A1", "what the user said of it is said again"
    assert np.array_equal(again.exposure_requested, run.exposure_requested)


def test_a_paced_run_comes_out_the_same_from_its_recorded_inputs(tmp_path):
    lamp = {"flicker_frequency": 100.0, "flicker_depth": 0.3}
    with bench_in(tmp_path, clock="system", banding=3.0, **lamp) as bench:
        bench.light.set(3000.0)
        run = bench.run(PLANS["burst"](bench))
    identical_again(run.attrs["path"])


def test_an_isolated_camera_does_the_same_again(tmp_path):
    with bench_in(tmp_path, isolated=True, faults=[Fault(name="frame_lost", at=("frame", 4))]) as bench:
        bench.run(one_series(bench))
        run = bench.run(one_series(bench))
    assert int(run.retries.sum()) == 1
    again = identical_again(run.attrs["path"])
    assert np.array_equal(again.retries, run.retries)


AT = {"frame_lost": 2, "shifted_frame": 4, "write_fails": 5, "expose_fails": 6, "zero_frame": 7}


@pytest.mark.parametrize("later", [0, 3], ids=["first", "later"])
def test_retries_and_discarded_frames_come_again_with_the_faults_that_made_them(tmp_path, later):
    faults = [Fault(name=name, at=("frame", at + later)) for name, at in AT.items()]
    with bench_in(tmp_path, faults=faults) as bench:
        if later:
            bench.run(one_series(bench))
        run = bench.run(plans.linearity(bench.camera, bench.light, [0.1, 0.2]))
    assert int(run.retries.sum()) == 3
    again = identical_again(run.attrs["path"])
    assert np.array_equal(again.retries, run.retries)
    assert np.array_equal(again.discarded, run.discarded)


def test_a_stream_loses_the_same_frames_again(tmp_path):
    lost = [
        Fault(name="live_frames_dropped", at=("frame", 8)),
        Fault(name="live_frame_repeated", at=("frame", 15)),
    ]
    with bench_in(tmp_path, faults=lost, gps_header=True) as bench:
        bench.run(plans.exposure_series(bench.camera, [0.1]))
        run = bench.run(plans.burst(bench.camera, 20, exposure=0.01, on_loss="record"))
    assert run.sizes["frame"] < 20
    again = identical_again(run.attrs["path"])
    assert np.array_equal(again.lost_before, run.lost_before)


@pytest.mark.parametrize("name", ["camera_lost", "power_cycle"])
@pytest.mark.parametrize("at", [4, 6])
def test_a_run_whose_camera_came_back_is_lost_and_goes_on_again(tmp_path, name, at):
    with bench_in(tmp_path, faults=[Fault(name=name, at=("frame", at))]) as bench:
        bench.run(one_series(bench))
        with pytest.raises(CameraLost):
            bench.run(plans.exposure_series(bench.camera, [0.1, 0.2, 0.3, 0.4]))
        run = bench.reconnect(resume=True)
    assert run.sizes["frame"] == 4
    identical_again(run.attrs["path"])


@pytest.mark.parametrize(
    ("fault", "error"), [("frame_timeout", FrameTimeout), ("camera_lost", CameraLost)], ids=str
)
def test_a_run_that_failed_fails_again_with_the_same_frames(tmp_path, fault, error):
    with bench_in(tmp_path, faults=[Fault(name=fault, at=("frame", 3))]) as bench:
        with pytest.raises(error):
            bench.run(plans.exposure_series(bench.camera, [0.1, 0.2, 0.3, 0.4]))
        (folder,) = tmp_path.glob("*_exposure_series_*/")
    assert 0 < open_run(folder).sizes["frame"] < 4
    identical_again(folder)


def paused_at(plan, index):
    """The plan with a pause before its message number `index`."""
    seen = []

    def pause(message):
        yield Msg("pause", None, defer=False)
        return (yield message)

    def mutate(message):
        seen.append(message)
        return (pause(message), None) if len(seen) == index + 1 else (None, None)

    return plan_mutator(plan, mutate)


@pytest.mark.parametrize("index", [13, 14, 17, 36])
def test_a_run_that_was_paused_and_rewound_comes_out_the_same_without(tmp_path, index):
    with bench_in(tmp_path) as bench:
        bench.run(one_series(bench))
        with pytest.raises(RunEngineInterrupted):
            bench.run(paused_at(one_series(bench), index))
        run = bench.resume()
    assert run.sizes["frame"] == 2
    identical_again(run.attrs["path"])


def test_without_its_truth_a_run_is_taken_anew_and_that_is_said(tmp_path):
    with bench_in(tmp_path) as bench:
        with_a_history(bench)
        run = bench.run(one_series(bench))
    (truth,) = tmp_path.glob(f"{Path(run.attrs['path']).name}.truth.json")
    content = json.loads(truth.read_text(encoding="utf-8"))
    half = {**content, "exposures": content["exposures"][1:], "started": None}
    truth.write_text(json.dumps(half), encoding="utf-8")
    partial = rerun(run.attrs["path"])
    truth.write_text("{", encoding="utf-8")
    damaged = rerun(run.attrs["path"])
    truth.unlink()
    missing = rerun(run.attrs["path"])
    assert "does not tell of the whole run: the camera started anew" in partial.notes[0]
    assert "cannot be read as the truth" in damaged.notes[0]
    assert "truth.json is not there: the camera started anew" in missing.notes[0]
    for found in (partial, damaged, missing):
        assert found.identical is False
        assert found.differences[0].startswith("frame 0: the counts of")
        assert np.array_equal(found.run.gain, run.gain)
        assert np.array_equal(found.run.irradiance, run.irradiance)
        assert float(found.run.temperature_setpoint[0]) == 10.0


def test_versions_and_labels_that_differ_are_named(tmp_path):
    with bench_in(tmp_path) as bench:
        run = bench.run(one_series(bench))
    folder = tmp_path / "copy" / Path(run.attrs["path"]).name
    shutil.copytree(run.attrs["path"], folder)
    record = folder / "run.json"
    content = json.loads(record.read_text(encoding="utf-8"))
    content["start"]["software"]["numpy"] = "1.0"
    content["start"]["plan_args"]["kind"] = "flat"
    content["start"]["settings_before"]["requested"]["gain"] = 12.0
    record.write_text(json.dumps(content), encoding="utf-8")
    shutil.copy(f"{run.attrs['path']}.truth.json", f"{folder}.truth.json")
    found = rerun(folder, output=tmp_path / "elsewhere")
    assert found.identical is False
    assert found.differences[0].startswith("software: numpy 1.0 then, ")
    assert "frame_kind of frame 0, and of 1 more: light then, flat now" in found.differences
    assert any(
        line.startswith("gain of frame 0, and of 1 more: 30 then, 12 now") for line in found.differences
    )
    assert any("pixels differ" in line for line in found.differences)
    assert found.folder.parent == tmp_path / "elsewhere"


def test_a_plan_of_somebody_else_is_refused_before_anything_is_made(tmp_path):
    with bench_in(tmp_path) as bench:
        run = bench.run(bp.count([bench.camera], 1))
    with pytest.raises(PlanNotRebuilt, match="plan 'count'"):
        rerun(run.attrs["path"])
    assert len(list(tmp_path.glob("*/"))) == 1


def test_a_rerun_can_be_rerun(tmp_path):
    with bench_in(tmp_path, faults=[Fault(name="frame_lost", at=("frame", 1))]) as bench:
        run = bench.run(one_series(bench))
    again = identical_again(run.attrs["path"])
    assert np.array_equal(identical_again(again.attrs["path"]).counts, run.counts)
