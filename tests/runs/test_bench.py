"""The bench: plans go in, datasets come out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
import xarray as xr
from bluesky.utils import RunEngineInterrupted

from qhy600_ophyd import Bench, open_run, plans
from qhy600_ophyd.bench import Profile
from qhy600_ophyd.contract import (
    CameraLost,
    CameraNotReady,
    Fault,
    FrameLost,
    QHY600Error,
    SettingRefused,
    StoreError,
)
from qhy600_ophyd.views import run_card


@pytest.fixture
def bench(tmp_path):
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path) as bench:
        yield bench


def test_a_run_is_a_dataset_usable_after_the_bench_has_closed(tmp_path):
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path) as bench:
        run = bench.run(plans.exposure_series(bench.camera, [0.1, 0.2], repeats=2))
    assert isinstance(run, xr.Dataset)
    assert run.sizes["frame"] == 4
    assert float(run.counts.mean()) > 0


def test_several_runs_are_a_list(bench):
    def twice():
        yield from bp.count([bench.camera], 1)
        yield from bp.count([bench.camera], 2)

    runs = bench.run(twice())
    assert [run.sizes["frame"] for run in runs] == [1, 2]


def test_a_plan_without_frames_gives_an_empty_list(bench):
    assert bench.run(bps.null()) == []


def test_the_same_seed_gives_the_same_frames(tmp_path):
    runs = []
    for name in ("one", "other"):
        with Bench.simulated(seed=5, width=64, height=48, output=tmp_path / name) as bench:
            runs.append(bench.run(plans.exposure_series(bench.camera, [0.1], repeats=2)))
    assert (runs[0].counts.values == runs[1].counts.values).all()


def runs_in(folder):
    """Folders of runs; the truth of simulated ones lies beside them."""
    return [path for path in folder.iterdir() if path.is_dir()]


def test_a_failed_status_surfaces_as_its_reason(tmp_path):
    content = {
        "camera": {"backend": "simulated", "width": 64, "height": 48},
        "faults": [{"name": "frame_lost", "at": {"frame": 2}, "times": 5}],
    }
    with Bench(Profile.checked(content), output=tmp_path) as bench, pytest.raises(FrameLost):
        bench.run(bp.count([bench.camera], 3))
    (folder,) = runs_in(tmp_path)
    assert open_run(folder).sizes["frame"] == 1


def test_a_refused_setting_stops_the_plan_and_leaves_the_camera(bench):
    before = bench.camera.gain.get()
    with pytest.raises(SettingRefused, match="gain 230 refused"):
        bench.run(bp.list_scan([bench.camera], bench.camera.gain, [0, 230]))
    assert bench.camera.gain.locate()["setpoint"] in (before, 0.0)


def test_a_paused_run_can_be_resumed_and_comes_back_whole(bench):
    def pausing():
        yield from bps.stage(bench.camera)
        yield from bps.open_run()
        yield from plans.take(bench.camera, 1)
        yield from bps.pause()
        yield from plans.take(bench.camera, 1)
        yield from bps.close_run()
        yield from bps.unstage(bench.camera)

    with pytest.raises(RunEngineInterrupted, match=r"bench.resume\(\)"):
        bench.run(pausing())
    run = bench.resume()
    assert run.sizes["frame"] == 2
    assert run.attrs["exit_status"] == "success"


def test_an_aborted_run_keeps_what_was_taken(bench, tmp_path):
    def pausing():
        yield from bps.stage(bench.camera)
        yield from bps.open_run()
        yield from plans.take(bench.camera, 2)
        yield from bps.pause()

    with pytest.raises(RunEngineInterrupted):
        bench.run(pausing())
    bench.abort("enough")
    (folder,) = runs_in(tmp_path)
    run = open_run(folder)
    assert run.sizes["frame"] == 2
    assert run.attrs["exit_status"] == "abort"


def test_the_card_of_a_bench_shows_its_settings(bench):
    text = bench._repr_html_()
    assert "readout mode" in text
    assert "PhotoGraphic DSO 16BIT" in text


def test_the_card_of_a_run_shows_its_plan(bench):
    run = bench.run(plans.exposure_series(bench.camera, [0.1]))
    assert "exposure_series" in run_card(run)._repr_html_()


def test_a_run_folder_can_be_deleted_while_its_dataset_lives(bench):
    run = bench.run(plans.exposure_series(bench.camera, [0.1]))
    shutil.rmtree(run.attrs["path"])
    assert run.sizes["frame"] == 1


def test_a_failed_run_says_why_in_its_stop_document_and_where_its_frames_are(tmp_path):
    faults = [Fault(name="camera_lost", at=("frame", 2))]
    with Bench.simulated(width=64, height=48, faults=faults, output=tmp_path) as bench:
        with pytest.raises(CameraLost) as lost:
            bench.run(bp.count([bench.camera], 3))
        (folder,) = runs_in(tmp_path)
        kept, again = lost.value.__notes__
        assert str(folder) in kept
        assert open_run(folder).sizes["frame"] == 1
        assert "bench.reconnect(resume=True)" in again
    stop = json.loads((folder / "run.json").read_text(encoding="utf-8"))["stop"]
    assert (stop["exit_status"], stop["reason"]) == ("abort", f"CameraLost: {lost.value}")


def test_an_error_of_the_plan_itself_says_where_the_frames_are_too(bench, tmp_path):
    def broken():
        yield from bps.stage(bench.camera)
        yield from bps.open_run()
        yield from plans.take(bench.camera, 1)
        raise KeyError("a mistake in the plan")

    with pytest.raises(KeyError) as error:
        bench.run(broken())
    (folder,) = runs_in(tmp_path)
    assert error.value.__notes__ == [f"what was taken before is kept in {folder}"]


def test_a_closed_bench_refuses_a_run_until_it_is_opened(tmp_path):
    bench = Bench.simulated(seed=1, width=64, height=48, output=tmp_path)
    bench.close()
    with pytest.raises(CameraNotReady, match=r"bench.open\(\)"):
        bench.run(iter(()))
    with bench:
        assert bench.run(bps.null()) == []


def test_what_is_no_plan_is_refused(bench):
    with pytest.raises(QHY600Error, match="is not a plan"):
        bench.run(plans.linearity)


def test_a_folder_that_cannot_be_is_refused_before_anything_is_exposed(tmp_path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path / "taken" / "runs") as bench:
        with pytest.raises(StoreError, match="is a file"):
            bench.run(bp.count([bench.camera], 1))
        assert bench.camera.backend.log == []


def test_a_failure_is_told_once_and_not_logged_with_a_traceback(tmp_path):
    script = (
        "from qhy600_ophyd import Bench; import bluesky.plans as bp\n"
        "with Bench.simulated(width=64, height=48, output='runs') as b:\n"
        "    try: b.run(bp.list_scan([b.camera], b.camera.gain, [0, 230]))\n"
        "    except ValueError as e: print(e)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "gain 230 refused" in done.stdout
    assert "Traceback" not in done.stderr
