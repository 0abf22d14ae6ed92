"""Bursts: a live stream through bluesky, stored while it comes, with every loss told."""

from __future__ import annotations

import json

import bluesky.plans as bp
import numpy as np
import pytest
from bluesky.protocols import Flyable, Preparable, WritesStreamAssets

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.backends.simulated.head.shutter import Shutter
from qhy600_ophyd.contract import SETTING_NAMES, CameraNotReady, Fault, FrameLost, SettingRefused
from qhy600_ophyd.datasets import RunFolders, verify
from qhy600_ophyd.device import FlyRequest

EXPOSURE = 0.05
QUIET = {"prnu": 0.0, "flicker_depth": 0.0}


def make_bench(folder, *faults, **parameters):
    parameters = {"width": 64, "height": 48, "seed": 2, **parameters}
    return Bench.simulated(faults=list(faults), output=folder, **parameters)


def stop_of(folder):
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))["stop"]


def test_the_camera_speaks_the_protocols_of_a_flyer(tmp_path):
    camera = make_bench(tmp_path).camera
    for protocol in (Preparable, Flyable, WritesStreamAssets):
        assert isinstance(camera, protocol)


def test_a_burst_gives_all_its_frames_in_order_with_the_first_one_recorded_as_discarded(tmp_path):
    with make_bench(tmp_path) as bench:
        run = bench.run(plans.burst(bench.camera, 12, exposure=EXPOSURE))
        log = {record.inputs.frame: record for record in bench.camera.backend.log}
        presented = bench.camera.backend.presented
        assert run.sizes["frame"] == 12
        assert list(np.diff(run.sequence)) == [1] * 11
        assert list(run.discarded) == [1] + [0] * 11
        for counts, record in zip(run.counts.values, presented, strict=True):
            assert np.array_equal(counts, bench.camera.backend.reproduce(log[record.inputs.frame]))
    assert verify(run).ok


def test_stepping_and_flying_record_the_same_columns_settings_and_coordinates(tmp_path):
    with make_bench(tmp_path, **QUIET) as bench:
        bench.camera.configure({"exposure": EXPOSURE, "gain": 30, "offset": 40})
        step = bench.run(bp.count([bench.camera], 6))
        fly = bench.run(plans.burst(bench.camera, 6, kind="light"))
        again = bench.run(bp.count([bench.camera], 6))
    for run in (fly, again):
        assert set(run.coords) == set(step.coords)
        for name in ("x", "y", "x_region", "y_region"):
            assert np.array_equal(run[name], step[name])
        for name in SETTING_NAMES:
            assert np.array_equal(run[name], step[name]), name
            assert np.array_equal(run[f"{name}_requested"], step[f"{name}_requested"]), name
        assert run.counts.dtype == step.counts.dtype
    # The frames differ by their noise alone: the standard error of a mean over 64 × 48 pixels of six frames.
    image = {"x": step.x_region == 0, "y": step.y_region == 0}
    means, errors = [], []
    for run in (step, fly, again):
        counts = run.counts.isel(x=image["x"].values, y=image["y"].values).values.astype(float)
        means.append(counts.mean())
        errors.append((counts - counts.mean(axis=0)).std() / np.sqrt(counts.size) + 1e-9)
    for mean, error in zip(means[1:], errors[1:], strict=True):
        # Row noise is shared by a row's pixels: six frames of 48 rows, not 64 times as many values.
        assert abs(mean - means[0]) < 4 * np.hypot(error, errors[0]) * np.sqrt(64)


def test_a_burst_may_be_isolated(tmp_path):
    with make_bench(tmp_path, isolated=True) as bench:
        run = bench.run(plans.burst(bench.camera, 6, exposure=EXPOSURE))
        assert run.sizes["frame"] == 6
    assert verify(run).ok


LOST = Fault(name="live_frames_dropped", at=("frame", 4))


@pytest.mark.parametrize(
    ("on_loss", "frames", "lost"), [("record", 9, [3]), ("retry", 12, [3])], ids=["record", "retry"]
)
def test_a_gap_is_told_where_it_is_and_never_passed_over(tmp_path, on_loss, frames, lost):
    with make_bench(tmp_path, LOST, gps_header=True) as bench:
        run = bench.run(plans.burst(bench.camera, 12, exposure=EXPOSURE, on_loss=on_loss))
    before = run.lost_before.values
    assert run.sizes["frame"] == frames
    assert list(before[before > 0]) == lost
    gaps = np.diff(run.sequence.values) - 1
    assert np.array_equal(gaps, before[1:]), "the camera's own numbers say the same"
    assert "3 frames lost" in stop_of(next(tmp_path.glob("*_burst_*/")))["reason"]
    assert not verify(run).ok


@pytest.mark.parametrize("faults", [[], [LOST]], ids=["whole", "with a gap"])
def test_the_wrap_of_the_cameras_counter_is_no_gap_and_hides_none(tmp_path, monkeypatch, faults):
    """The counter of 32 bits goes to 1 behind its last number, in the middle of the stream."""
    count = Shutter._sequence
    monkeypatch.setattr(
        Shutter, "_sequence", lambda shutter: (count(shutter) + (1 << 32) - 7) % ((1 << 32) - 1) + 1
    )
    with make_bench(tmp_path, *faults, gps_header=True) as bench:
        run = bench.run(plans.burst(bench.camera, 12, exposure=EXPOSURE, on_loss="record"))
    assert run.sequence[0] > run.sequence[-1]
    before = run.lost_before.values
    assert list(before[before > 0]) == [3] * len(faults)
    missing = [finding.frame for finding in verify(run).findings if finding.kind == "missing"]
    assert set(missing) == set(np.flatnonzero(before))


def test_a_gap_ends_the_run_unless_told_otherwise_and_what_came_before_is_kept(tmp_path):
    with make_bench(tmp_path, LOST, gps_header=True) as bench:
        with pytest.raises(FrameLost, match="3 frames are missing before frame"):
            bench.run(plans.burst(bench.camera, 12, exposure=EXPOSURE))
        assert bench.camera.backend.status().state == "idle"
        assert bench.run(bp.count([bench.camera], 1)).sizes["frame"] == 1
    folder = next(tmp_path.glob("*_burst_*/"))
    assert stop_of(folder)["exit_status"] == "fail"
    assert verify(folder).ok, "the frames before the gap are whole"


@pytest.mark.parametrize("name", ["live_stream_dies", "live_frame_repeated", "shifted_frame"])
def test_a_stream_that_breaks_off_or_comes_damaged_is_made_up_for(tmp_path, name):
    with make_bench(tmp_path, Fault(name=name, at=("frame", 4))) as bench:
        bench.camera.frame_timeout = 2.0
        run = bench.run(plans.burst(bench.camera, 8, exposure=EXPOSURE, on_loss="retry"))
        assert bench.camera.backend.struck[name] == 1
    assert run.sizes["frame"] == 8
    assert int(run.lost_before.sum()) >= 1
    assert "started again 1 time" in stop_of(next(tmp_path.glob("*_burst_*/")))["reason"]


def test_nothing_is_announced_before_it_is_stored_and_every_frame_once(tmp_path):
    told, stored = [], []
    with make_bench(tmp_path) as bench:

        def listen(name, doc):
            if name == "stream_datum":
                told.append((doc["indices"]["start"], doc["indices"]["stop"]))
                stored.append(bench.camera.get_index())

        bench.RE.subscribe(listen)
        bench.run(plans.burst(bench.camera, 20, exposure=EXPOSURE))
    assert [start for start, _ in told] == [0, *(stop for _, stop in told[:-1])], "without gap or overlap"
    assert told[-1][1] == 20
    assert all(stop <= kept for (_, stop), kept in zip(told, stored, strict=True))


def test_a_slow_store_holds_the_camera_up_within_a_ring_of_stated_size(tmp_path):
    from bluesky import RunEngine

    from qhy600_ophyd import QHY600, SimulatedCamera
    from qhy600_ophyd.contract import SystemClock

    folders = RunFolders(tmp_path)

    def slow(stream, layout):
        sink = folders(stream, layout)
        append = sink.append

        def late(frame):
            SystemClock().wait(0.02)
            append(frame)

        sink.append = late
        return sink

    camera = QHY600(SimulatedCamera(width=64, height=48), sink=slow, name="camera", ring=3)
    engine = RunEngine({})
    engine.subscribe(camera.on_document)
    with camera:
        engine(plans.burst(camera, 15, exposure=EXPOSURE))
        assert camera.ring == 3
        # The ring is given back with the stage, so its size is told by what it would be: three frames.
        (folder,) = tmp_path.glob("*/")
    assert verify(folder).ok
    assert verify(folder).frames == 15


@pytest.mark.parametrize("frames", [0, -1, 2.5, True, "many"])
def test_an_impossible_number_of_frames_is_refused_before_the_run(tmp_path, frames):
    with make_bench(tmp_path) as bench, pytest.raises(SettingRefused, match="frames"):
        bench.run(plans.burst(bench.camera, frames))
    assert list(tmp_path.glob("*_burst_*")) == []


def test_another_word_for_a_loss_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(SettingRefused, match="fail, record, retry"):
        FlyRequest(frames=3, on_loss="ignore")


def test_a_kickoff_without_a_request_says_how_to_make_one(tmp_path):
    with make_bench(tmp_path) as bench:
        bench.camera.stage()
        with pytest.raises(CameraNotReady, match="prepare it first"):
            bench.camera.kickoff()
        bench.camera.unstage()
