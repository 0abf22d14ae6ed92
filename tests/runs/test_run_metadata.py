"""A run holds all that it takes to take it again, and what was emitted is what the files hold."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path

import bluesky.plans as bp
import h5py
import numpy as np
import pytest
from astropy.io import fits
from sdk_rig import closed
from standin_library import why_not

from qhy600_ophyd import Bench, open_run, plans, rerun
from qhy600_ophyd.bench import Profile
from qhy600_ophyd.contract import FrameLost
from qhy600_ophyd.datasets import check_metadata, metadata_schema
from qhy600_ophyd.datasets.storing.file_skeleton import START_BYTES
from qhy600_ophyd.plans import _versions

SMALL = {"width": 64, "height": 48, "seed": 2}
PLANS = {
    "linearity": lambda b: plans.linearity(b.camera, b.light, [0.1, 0.2], repeats=1),
    "gain_sweep": lambda b: plans.gain_sweep(b.camera, [0, 5], light=b.light, repeats=1),
    "exposure_series": lambda b: plans.exposure_series(b.camera, [0.1], light=b.light),
    "burst": lambda b: plans.burst(b.camera, 2, exposure=0.01),
    "timelapse": lambda b: plans.timelapse(b.camera, 9.0, 2, exposure=0.1),
    "count": lambda b: bp.count([b.camera], 1),
}


def held(run):
    """Start documents of ``run.json``, of the file and of the dataset, and what is kept of the end."""
    folder = Path(run.attrs["path"])
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    with h5py.File(folder / "primary.h5", "r") as file:
        start, after = (json.loads(file.attrs[name].decode()) for name in ("start", "after"))
    assert after == record["after"]
    return record["start"], start, json.loads(run.attrs["start"]), record["after"]


def taken(bench, plan, **metadata):
    """The run, after what the RunEngine emitted was found in all places, and complete."""
    emitted = []
    bench.RE.subscribe(lambda _, document: emitted.append(document), "start")
    run = bench.run(plan, **metadata)
    *starts, after = held(run)
    for start in starts:
        assert start == json.loads(json.dumps(emitted[-1], default=lambda value: value.tolist()))
    assert check_metadata(starts[0], after) == ()
    return run, starts[0], after


@pytest.mark.parametrize("name", PLANS)
def test_every_plan_leaves_all_that_the_schema_asks_for(tmp_path, name):
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        run, start, _ = taken(bench, PLANS[name](bench))
    assert start["plan_name"] == name
    assert start["settings_before"]["actual"]["roi"] == [0, 0, 88, 82]
    assert start["clocks"]["source"] == "simulated"
    assert run.attrs["after"]


def test_a_recording_and_an_isolated_camera_leave_it_too(tmp_path):
    (tmp_path / "frames").mkdir()
    header = fits.Header({"EXPTIME": 0.5, "IMAGETYP": "dark"})
    fits.PrimaryHDU(np.full((20, 30), 100, np.uint16), header).writeto(tmp_path / "frames" / "0.fits")
    with Bench.replay(tmp_path / "frames", output=tmp_path / "replayed") as bench:
        run, start, _ = taken(bench, plans.exposure_series(bench.camera, [0.5], light=bench.light))
    assert start["settings_before"]["light"] == "dark"
    found = rerun(run.attrs["path"])
    assert found.identical is True, found.differences
    with Bench.simulated(**SMALL, isolated=True, output=tmp_path / "isolated") as bench:
        _, start, _ = taken(bench, PLANS["exposure_series"](bench))
    assert start["clocks"]["camera"]["offset_ns"] > 0


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")
def test_a_camera_of_the_library_says_who_it_is_and_is_rerun_by_its_settings_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("qhy600_ophyd.bench.bench.make_camera", lambda _: closed(tmp_path)[0])
    profile = Profile.checked({"camera": {"backend": "sdk"}})
    with Bench(profile, output=tmp_path / "runs") as bench:
        bench.camera.gain.set(40)
        run, start, _ = taken(bench, plans.exposure_series(bench.camera, [0.01], kind="dark"))
    device = start["device"]
    assert device["serial"]
    assert device["sdk"]
    assert device["firmware"]
    assert device["readout_mode"] == str(run.readout_mode.values[0])
    found = rerun(run.attrs["path"])
    assert found.identical is None
    assert found.differences == ()
    assert not found.failed
    assert list(found.lines())[2].startswith("result    not comparable by counts")


def test_numbers_of_every_kind_come_back_from_the_files(tmp_path):
    odd = {"array": np.arange(3), "scalar": np.float32(0.5), "pair": (1, 2), "text": "µm"}
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        run = bench.run(bp.count([bench.camera], 1), **odd, unknown=math.nan)
    for start in held(run)[:3]:
        assert start["array"] == [0, 1, 2]
        assert start["scalar"] == 0.5
        assert start["pair"] == [1, 2]
        assert start["text"] == "µm"
        assert start["unknown"] is None


def test_a_start_document_of_many_thousand_numbers_is_in_the_file_too(tmp_path):
    gains = [round(0.001 * n, 3) for n in range(1, 12_001)]
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        run = bench.run(bp.count([bench.camera], 1), gains=gains)
    record, in_file, in_dataset, _ = held(run)
    assert len(json.dumps(record)) > 2 * START_BYTES
    assert record == in_file == in_dataset


def test_settings_before_and_after_are_those_then(tmp_path):
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        bench.camera.gain.set(11)
        bench.camera.temperature.set(15.0).wait()
        bench.light.set(50.0)
        _, start, after = taken(bench, plans.gain_sweep(bench.camera, [3, 7], light=bench.light))
    before = start["settings_before"]
    assert (before["requested"]["gain"], before["actual"]["gain"]) == (11.0, 30.0)
    assert (before["temperature_setpoint"], before["light"]) == (15.0, 50.0)
    assert (after["requested"]["gain"], after["actual"]["gain"], after["light"]) == (7.0, 7.0, 20000.0)


def test_a_run_that_fails_says_what_was_set_when_it_ended(tmp_path):
    faults = [{"name": "frame_lost", "at": {"frame": 2}, "times": "unbounded"}]
    with Bench.simulated(**SMALL, faults=faults, output=tmp_path) as bench:
        with pytest.raises(FrameLost):
            bench.run(plans.exposure_series(bench.camera, [0.1, 0.2, 0.3]))
        (folder,) = tmp_path.glob("*_exposure_series_*/")
    after = json.loads((folder / "run.json").read_text(encoding="utf-8"))["after"]
    assert after["requested"]["exposure"] == 0.2
    assert json.loads(open_run(folder).attrs["after"]) == after


def test_what_the_user_says_of_a_run_wins(tmp_path):
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        run = bench.run(bp.count([bench.camera], 1), operator="Ada", sample="A1", purpose="a look", host={})
    start = json.loads(run.attrs["start"])
    assert (start["operator"], start["sample"], start["purpose"]) == ("Ada", "A1", "a look")
    assert check_metadata(start) == (
        "start.host: 'name' is a required property",
        "start.host: 'machine' is a required property",
    )


def test_what_is_missing_is_named_with_its_place(tmp_path):
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        _, start, after = taken(bench, bp.count([bench.camera], 1))
    start["settings_before"]["requested"]["binning"] = 0
    del start["device"], after["light"]
    assert check_metadata(start, after) == (
        "start: 'device' is a required property",
        "start.settings_before.requested.binning: 0 is less than the minimum of 1",
        "after: 'light' is a required property",
    )


def test_the_schema_is_one_itself_and_all_its_names_are_known():
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(metadata_schema())
    assert {*metadata_schema()["required"]} <= {*metadata_schema()["properties"]}


@pytest.fixture
def forget():
    """Versions and commit are asked for once in a process."""
    _versions.code.cache_clear()
    yield
    _versions.code.cache_clear()


def checkout(folder):
    """A package in a new repository, and a way to run git in it."""
    package = folder / "inner"
    (package / "plans").mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")

    def git(*words):
        identity = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", folder, *identity, *words], check=True, capture_output=True)

    git("init", "-q")
    return package, git


def test_the_code_is_the_commit_of_its_own_checkout_and_whether_it_was_changed(tmp_path, monkeypatch, forget):
    package, git = checkout(tmp_path)
    monkeypatch.setattr(_versions, "__file__", str(package / "plans" / "_versions.py"))
    assert _versions.code() is None, "somebody else's checkout, which does not know the package"
    git("add", "inner")
    git("commit", "-q", "-m", "first")
    _versions.code.cache_clear()
    clean = _versions.code()
    (package / "__init__.py").write_text("changed = True\n", encoding="utf-8")
    assert _versions.code() == clean, "once in a process"
    _versions.code.cache_clear()
    assert clean is not None
    assert clean["dirty"] is False
    assert _versions.code() == clean | {"dirty": True}


def test_without_git_a_run_says_nothing_of_its_code(tmp_path, monkeypatch, forget):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        _, start, _ = taken(bench, PLANS["exposure_series"](bench))
    assert "code" not in start
