"""Runs that failed or were aborted are gone on with too, and what cannot be gone on with is refused."""

from __future__ import annotations

import json

import bluesky.plans as bp
import numpy as np
import pytest
from bluesky.utils import Msg, RunEngineInterrupted
from killed_run import EXPOSURES, FRAMES, burst, linearity, make_bench, uninterrupted
from stored_run import frame, layout

from qhy600_ophyd import Light, open_run, plans, resume_run
from qhy600_ophyd.backends.simulated import TruthFile
from qhy600_ophyd.contract import (
    COLUMNS,
    CameraLost,
    Fault,
    QHY600Error,
    ResumeRefused,
    RunDamaged,
    StoreError,
)
from qhy600_ophyd.datasets import RunFolders, verify
from qhy600_ophyd.datasets.run_record import replace_text

STEPS = [step for step in range(len(EXPOSURES)) for _ in range(4)]


class Trouble(Exception):
    """Of somebody's plan."""


def stopped(plan, after, by):
    """A plan with `by` (a message, or something raised) in place of what comes behind so many events."""
    events = 0
    for message in plan:
        yield message
        events += message.command == "save"
        if events == after:
            if isinstance(by, Msg):
                yield by
            else:
                raise by


def folder_of(place, plan="linearity"):
    (folder,) = place.glob(f"*_{plan}_*/")
    return folder


def failed(place, after=5):
    """A run that failed behind so many frames."""
    with make_bench(place) as bench, pytest.raises(Trouble):
        bench.run(stopped(linearity(bench), after, Trouble("a shutter hangs")))
    return folder_of(place)


def changed(folder, **start):
    """Other values in the start document of the record."""
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["start"].update(start)
    replace_text(folder / "run.json", json.dumps(record))
    return record["start"]


def why(run):
    return [gap["why"] for gap in json.loads(run.attrs["gaps"])]


def test_a_failed_run_is_gone_on_with(tmp_path):
    run = resume_run(failed(tmp_path))
    assert list(run.step) == STEPS
    assert run.attrs["exit_status"] == "success"
    assert why(run) == ["fail: a shutter hangs"]
    assert verify(run).ok, verify(run)


def test_what_is_true_of_each_part_is_kept(tmp_path):
    folder = failed(tmp_path)
    run = resume_run(folder)
    parts = [TruthFile(tmp_path / f"{folder.name}.part{n}.truth.json") for n in (1, 2)]
    assert [len(part.exposures) for part in parts] == [1 + 5, 1 + FRAMES - 5]
    last = parts[1].exposures[-1]
    assert np.array_equal(parts[1].camera().reproduce(last), run.counts.values[-1])
    assert not (tmp_path / f"{folder.name}.truth.json").exists(), "none of them is that of the whole"


def test_a_run_that_stands_still_is_refused_and_gone_on_with_once_it_was_aborted(tmp_path):
    with make_bench(tmp_path) as bench:
        with pytest.raises(RunEngineInterrupted):
            bench.run(stopped(linearity(bench), 5, Msg("pause")))
        with pytest.raises(StoreError, match="is being written, by another program or another bench"):
            resume_run(folder_of(tmp_path))
    run = resume_run(folder_of(tmp_path))
    assert list(run.step) == STEPS
    assert why(run) == ["abort: the bench was closed"]


def test_a_camera_that_was_lost_for_good_is_no_obstacle(tmp_path):
    lost = [Fault(name="camera_lost", at=("frame", 6))]
    with make_bench(tmp_path, faults=lost) as bench, pytest.raises(CameraLost):
        bench.run(linearity(bench))
    run = resume_run(folder_of(tmp_path))
    assert list(run.step) == STEPS
    assert why(run)[0].startswith("abort: CameraLost")


def test_no_noise_of_a_camera_that_took_other_runs_before_comes_twice(tmp_path):
    with make_bench(tmp_path) as bench:
        bench.run(burst(bench))
        with pytest.raises(Trouble):
            bench.run(stopped(linearity(bench), 5, Trouble()))
        drawn = max(record.inputs.frame for record in bench.camera.backend.log)
    folder = folder_of(tmp_path)
    assert list(resume_run(folder).step) == STEPS
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert record["resumed"][0]["start"]["profile"]["camera"]["first_exposure"] > drawn


def test_a_complete_run_is_refused(tmp_path):
    run = uninterrupted(tmp_path, linearity)
    with pytest.raises(ResumeRefused, match=f"it is complete, with {FRAMES} frames"):
        resume_run(run.attrs["path"])
    assert open_run(run.attrs["path"]).sizes["frame"] == FRAMES


def test_another_camera_is_refused_by_its_serial_number(tmp_path):
    folder = failed(tmp_path)
    profile = changed(folder)["profile"]
    changed(folder, profile={**profile, "camera": {**profile["camera"], "serial": "another"}})
    with pytest.raises(ResumeRefused, match="QHY600M simulated-4, and QHY600M another is connected"):
        resume_run(folder)
    assert open_run(folder).sizes["frame"] == 5


def test_a_plan_that_does_not_take_the_frames_that_are_there_is_refused(tmp_path):
    folder = failed(tmp_path)
    changed(folder, plan_args={**changed(folder)["plan_args"], "repeats": 1})
    with pytest.raises(ResumeRefused, match="frames that its plan does not take"):
        resume_run(folder)


def test_a_plan_of_somebody_else_is_refused(tmp_path):
    with make_bench(tmp_path) as bench, pytest.raises(Trouble):
        bench.run(stopped(bp.count([bench.camera], 3), 2, Trouble()))
    with pytest.raises(QHY600Error, match="count"):
        resume_run(folder_of(tmp_path, "count"))


def test_a_recording_is_refused(tmp_path):
    folder = failed(tmp_path)
    changed(folder, profile={"camera": {"backend": "replay", "folder": "somewhere"}})
    with pytest.raises(ResumeRefused, match="a recording is served from its beginning"):
        resume_run(folder)


def test_a_run_of_which_a_file_cannot_be_read_is_refused(tmp_path):
    folder = failed(tmp_path)
    with (folder / "primary.h5").open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(RunDamaged, match=r"resume refused, since nobody can tell what primary\.h5 holds"):
        resume_run(folder)


def test_a_run_of_a_version_that_recorded_other_columns_is_refused(tmp_path):
    about = {"uid": "0f7a1c52-93d4", "time": 0.0, "plan_name": "linearity", "profile": {}}
    sink = RunFolders(tmp_path)("primary", layout(columns=COLUMNS[:-1], start=about))
    sink.append(frame(0))
    sink.close()
    with pytest.raises(ResumeRefused, match="is of a version that records other columns"):
        resume_run(sink.path)


@pytest.mark.parametrize("there", [True, False], ids=["an empty folder", "no folder"])
def test_what_is_no_run_is_refused(tmp_path, there):
    place = tmp_path / "run"
    if there:
        place.mkdir()
    with pytest.raises(RunDamaged, match="is not a run" if there else "does not exist"):
        resume_run(place)


def test_a_run_that_does_not_say_what_it_was_to_take_is_refused(tmp_path):
    folder = failed(tmp_path)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    replace_text(folder / "run.json", json.dumps({**record, "start": {}, "stop": {}}))
    (folder / "primary.h5").unlink()
    with pytest.raises(ResumeRefused, match="it has no start document"):
        resume_run(folder)


def own_plan(bench):
    """A plan that is nobody's but the user's, with a light of its own."""
    own = Light(bench.camera.backend.light, name="lamp")
    return plans.exposure_series(
        bench.camera, [0.1, 0.2, 0.3], repeats=2, light=own, md={"plan_name": "mine"}
    )


def test_a_plan_of_your_own_is_gone_on_with_on_a_bench_of_your_own(tmp_path):
    with make_bench(tmp_path) as bench, pytest.raises(Trouble):
        bench.run(stopped(own_plan(bench), 3, Trouble()))
    with make_bench(tmp_path / "elsewhere", first_exposure=100) as bench:
        run = resume_run(folder_of(tmp_path, "mine"), bench=bench, plan=lambda: own_plan(bench))
        assert bench.camera.is_open
    assert list(run.step) == [0, 0, 1, 1, 2, 2]
    assert list(run.segment) == [1, 1, 1, 2, 2, 2]
    assert list(tmp_path.glob("elsewhere/*")) == []


def test_frames_that_a_plan_does_not_tell_apart_are_refused(tmp_path):
    with make_bench(tmp_path) as bench, pytest.raises(Trouble):
        bench.run(stopped(bp.count([bench.camera], 3), 2, Trouble()))
    folder = folder_of(tmp_path, "count")
    with make_bench(tmp_path) as bench, pytest.raises(ResumeRefused, match="gives several frames one label"):
        resume_run(folder, bench=bench, plan=lambda: bp.count([bench.camera], 3))
