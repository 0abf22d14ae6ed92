"""A run that was paused, or whose camera came back, is one run: its truth is whole, its errors name it."""

from __future__ import annotations

import errno
import logging
from pathlib import Path

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import numpy as np
import pytest
from bluesky.utils import RunEngineInterrupted

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.backends.simulated import TruthFile, truth_path
from qhy600_ophyd.contract import CameraLost, Fault


def bench_in(folder, **given):
    return Bench.simulated(width=64, height=48, seed=4, output=folder, **given)


def truth_of(run):
    return TruthFile(truth_path(Path(run.attrs["path"])))


def seen(truth):
    """Counts of all exposures that the truth of a run tells of."""
    return [truth.counts(n) for n in range(len(truth.exposures))]


def found_again(run):
    """Whether each frame of a run is among the exposures that its truth can make again."""
    made = seen(truth_of(run))
    return [any(np.array_equal(frame, one) for one in made) for frame in run.counts.values]


def paused_between_frames(camera, *, then=None):
    @bpp.stage_decorator([camera])
    @bpp.run_decorator()
    def plan():
        yield from plans.take(camera, 1)
        yield from bps.pause()
        yield from plans.take(camera, 1)
        if then is not None:
            raise then

    return plan()


def test_the_truth_of_a_resumed_run_tells_of_the_frames_before_the_pause_too(tmp_path):
    with bench_in(tmp_path) as bench:
        bench.run(plans.exposure_series(bench.camera, [0.1]))
        with pytest.raises(RunEngineInterrupted):
            bench.run(paused_between_frames(bench.camera))
        run = bench.resume()
    assert found_again(run) == [True, True]
    assert len(truth_of(run).exposures) == 2, "and of none of the run before"


def test_the_truth_of_a_run_whose_camera_came_back_is_whole(tmp_path):
    with bench_in(tmp_path, faults=[Fault(name="camera_lost", at=("frame", 3))]) as bench:
        with pytest.raises(CameraLost):
            bench.run(plans.exposure_series(bench.camera, [0.1, 0.2, 0.3]))
        run = bench.reconnect(resume=True)
    assert found_again(run) == [True, True, True]
    assert truth_of(run).script.strikes


def test_an_error_after_a_pause_names_the_folder_of_its_run(tmp_path):
    with bench_in(tmp_path) as bench:
        with pytest.raises(RunEngineInterrupted):
            bench.run(paused_between_frames(bench.camera, then=ValueError("enough")))
        with pytest.raises(ValueError, match="enough") as failed:
            bench.resume()
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    assert failed.value.__notes__ == [f"what was taken before is kept in {folder}"]


def test_a_disk_that_fills_leaves_the_earlier_truth_whole_and_hides_no_error(tmp_path, monkeypatch, caplog):
    with bench_in(tmp_path) as bench:
        with pytest.raises(RunEngineInterrupted) as paused:
            bench.run(paused_between_frames(bench.camera))
        folder = Path(paused.value.__notes__[0].removeprefix("what was taken before is kept in "))
        before = truth_path(folder).read_bytes()
        whole = Path.write_bytes

        def until_full(path, content):
            whole(path, bytes(content)[:100])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", until_full)
        with caplog.at_level(logging.WARNING, logger="qhy600_ophyd"):
            run = bench.resume()
        monkeypatch.undo()
    assert run.sizes["frame"] == 2
    assert truth_path(folder).read_bytes() == before
    assert not list(tmp_path.glob("*.part"))
    assert "the truth of a simulated run could not be written" in caplog.text
