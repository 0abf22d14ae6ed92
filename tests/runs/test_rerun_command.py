"""``qhy600 rerun`` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.backends.simulated import truth_path
from qhy600_ophyd.bench.commands.command_line import app
from qhy600_ophyd.contract import PlanNotRebuilt


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The second run of a small bench."""
    place = tmp_path_factory.mktemp("first")
    with Bench.simulated(width=64, height=48, output=place) as bench:
        bench.run(plans.burst(bench.camera, 2, exposure=0.01))
        run = bench.run(plans.exposure_series(bench.camera, [0.1, 0.2], light=bench.light))
    return Path(run.attrs["path"])


def called(*arguments):
    return CliRunner().invoke(app, ["rerun", *map(str, arguments)])


def test_one_object_says_whether_all_is_identical_and_what_differs(folder, tmp_path):
    done = called(folder, "--output", tmp_path, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert set(told) == {"reruns", "run", "identical", "differences", "notes"}
    assert (told["identical"], told["differences"], told["notes"]) == (True, [], [])
    assert told["reruns"] == str(folder)
    assert Path(told["run"]).parent == tmp_path


def test_frames_that_differ_end_with_1_and_are_named(folder, tmp_path):
    path = truth_path(folder)
    aside = path.rename(path.with_suffix(".aside"))
    try:
        done = called(folder / "primary.h5", "--output", tmp_path)
    finally:
        aside.rename(path)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[2] == "result    NOT identical"
    assert any(line.startswith("differs   frame 0: the counts of ") for line in lines)
    assert lines[-1].startswith("note      ")


def test_a_run_that_says_too_little_is_refused(folder, tmp_path):
    (tmp_path / "primary.h5").write_bytes((folder / "primary.h5").read_bytes())
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    del record["start"]["profile"]
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    done = called(tmp_path)
    assert done.exit_code == 1
    assert isinstance(done.exception, PlanNotRebuilt)
