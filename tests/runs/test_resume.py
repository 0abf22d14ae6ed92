"""A run whose program was killed is gone on with: each step once, as if nothing had happened."""

from __future__ import annotations

import json

import numpy as np
import pytest
from killed_run import (
    EXPOSURES,
    FRAMES,
    LABELS,
    burst,
    killed,
    killed_while_resumed,
    linearity,
    series,
    timelapse,
    uninterrupted,
)

from qhy600_ophyd import open_run, resume_run
from qhy600_ophyd.contract import RunDamaged
from qhy600_ophyd.datasets import verify

WITHOUT_EVENTS = ("when a frame is stored", "before a document is kept")
"""Moments at which a frame is there, and the reading of the light is not."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The linearity run that nobody interrupted."""
    return uninterrupted(tmp_path_factory.mktemp("whole"), linearity)


@pytest.fixture(scope="module")
def whole_series(tmp_path_factory):
    """As `whole`, of the plan that leaves light and gain alone."""
    return uninterrupted(tmp_path_factory.mktemp("series"), series)


def record_of(folder):
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def assert_equal(run, whole, *, but=()):
    """Counts, labels, settings and axes are those of the run that nobody interrupted."""
    assert run.sizes == whole.sizes
    assert np.array_equal(run.counts.values, whole.counts.values)
    for name in {*LABELS, "exposure_requested", "gain_requested", "x", "y", "x_region", "mean"} - {*but}:
        assert np.array_equal(run[name].values, whole[name].values), name


@pytest.mark.parametrize(
    ("moment", "n", "there"),
    [
        ("in an exposure", 3, 2),
        ("when a frame is stored", 5, 5),
        ("when a document was kept", 8, 7),
    ],
)
def test_a_resumed_run_equals_one_that_nobody_interrupted(tmp_path, whole, moment, n, there):
    folder = killed(tmp_path, linearity, moment, n)
    assert open_run(folder).sizes["frame"] == there
    before = (folder / "primary.h5").read_bytes()
    run = resume_run(folder)
    assert (folder / "primary.h5").read_bytes() == before, "nothing is written into that file again"
    assert_equal(run, whole, but=["light"] if moment in WITHOUT_EVENTS else [])
    assert list(run.segment) == [1] * there + [2] * (FRAMES - there)
    verification = verify(run)
    assert verification.ok, verification
    (gap,) = json.loads(run.attrs["gaps"])
    first, second = record_of(folder), record_of(folder)["resumed"][0]
    assert (gap["frame"], gap["why"]) == (there, "its program was killed")
    assert gap["seconds"] > 0
    assert (gap["interrupted"], gap["run"]) == (first["start"]["uid"], second["start"]["uid"])
    assert second["start"]["resumes"] == first["start"]["uid"] == run.attrs["run_uid"]
    assert second["start"]["num_points"] == FRAMES - there
    assert second["stop"]["num_events"] == {"primary": FRAMES - there}


@pytest.mark.parametrize(
    ("moment", "n", "segments"),
    [
        ("when a frame is stored", 5, [1] * 3 + [2] * 5 + [3] * 4),
        ("in an exposure", 1, [1] * 3 + [3] * 9),
    ],
)
def test_a_run_killed_twice_is_resumed_twice(tmp_path, whole, moment, n, segments):
    folder = killed(tmp_path, linearity, "in an exposure", 4)
    killed_while_resumed(folder, moment, n)
    run = resume_run(folder)
    assert_equal(run, whole, but=["light"])
    assert list(run.segment) == segments
    changes = np.flatnonzero(np.diff(segments)) + 1
    assert [gap["frame"] for gap in json.loads(run.attrs["gaps"])] == list(changes)
    assert verify(run).ok, verify(run)


def test_a_run_killed_before_its_first_frame_takes_them_all(tmp_path, whole):
    folder = killed(tmp_path, linearity, "before a file is made")
    with pytest.raises(RunDamaged, match="holds no frames: its program ended before the first one"):
        open_run(folder)
    run = resume_run(folder)
    assert_equal(run, whole)
    assert run.attrs["path"] == str(folder)
    assert "resumes" not in run.attrs


def test_a_run_killed_after_its_last_frame_is_only_ended(tmp_path, whole):
    folder = killed(tmp_path, linearity, "when a frame is stored", FRAMES)
    run = resume_run(folder)
    assert_equal(run, whole, but=["light"])
    assert "gaps" not in run.attrs
    assert [path.name for path in folder.glob("*.h5")] == ["primary.h5"]
    assert record_of(folder)["resumed"][0]["stop"]["exit_status"] == "success"
    assert verify(run).ok


@pytest.mark.parametrize(
    ("moment", "n"),
    [
        pytest.param("when a document was kept", 6, id="in the middle of a level"),
        pytest.param("before a file is made", 1, id="before the first frame"),
    ],
)
def test_settings_and_light_that_the_plan_leaves_alone_are_those_of_the_run(
    tmp_path, whole_series, moment, n
):
    run = resume_run(killed(tmp_path, series, moment, n))
    assert_equal(run, whole_series)
    assert list(run.repeat) == [0, 1, 2, 0, 1, 2]
    assert set(run.gain.values) == {20.0}
    assert set(run.light.values) == {4000.0}


def test_a_burst_counts_on_and_no_noise_comes_twice(tmp_path):
    folder = killed(tmp_path, burst, "when a frame is stored", 4)
    run = resume_run(folder)
    assert list(run.repeat) == list(range(10))
    assert list(run.segment) == [1] * 4 + [2] * 6
    assert list(run.discarded) == [1, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    verification = verify(run)
    assert verification.ok, verification
    noise = run.counts.values.astype(float) - run.counts.values.mean(axis=0)
    correlation = np.corrcoef(noise.reshape(10, -1)) - np.eye(10)
    # Differences from a mean of ten frames correlate by -1/9; so many pixels tell that to 1/sqrt(N).
    assert np.all(np.abs(correlation + (1 - np.eye(10)) / 9) < 6 / np.sqrt(noise[0].size))


def test_a_time_lapse_begins_a_new_schedule_for_its_missing_frames(tmp_path):
    run = resume_run(killed(tmp_path, timelapse, "when a frame is stored", 3))
    assert list(run.repeat) == list(range(5))
    times = run.trigger_monotonic.values * 1e-9
    assert np.allclose([times[2] - times[0], times[4] - times[3]], [120.0, 60.0], rtol=0, atol=1e-6)
    assert list(np.isnan(run.lateness.values)) == [True, False, False, True, False]
    assert np.nanmax(np.abs(run.lateness.values)) < 1e-6
    assert np.all(np.diff(run.exposure_start.values) > np.timedelta64(0)), "a free clock never goes back"


def test_another_program_can_be_resumed_from_the_isolated_camera_too(tmp_path):
    folder = killed(tmp_path, linearity, "when a document was kept", 6, isolated=True)
    run = resume_run(folder)
    assert list(run.step) == [step for step in range(len(EXPOSURES)) for _ in range(4)]
    assert list(run.repeat) == [0, 1] * (2 * len(EXPOSURES))
    assert verify(run).ok
