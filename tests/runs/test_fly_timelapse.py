"""Time lapses keep their times, and live views keep nothing."""

from __future__ import annotations

import threading

import bluesky.plans as bp
import numpy as np
import pytest

from qhy600_ophyd import QHY600, Bench, SimulatedCamera, plans
from qhy600_ophyd.contract import SettingRefused


def make_bench(folder, **parameters):
    return Bench.simulated(**{"width": 64, "height": 48, "seed": 2, "output": folder, **parameters})


@pytest.mark.parametrize("interval", [3.0, 10.0, 3600.0])
def test_frame_n_begins_n_intervals_after_the_first_without_drift(tmp_path, interval):
    with make_bench(tmp_path) as bench:
        run = bench.run(plans.timelapse(bench.camera, interval, 6, exposure=0.1))
    starts = run.trigger_monotonic.values.astype(float) * 1e-9
    # The clock counts nanoseconds, and the times are doubles near an hour: parts in 10^12.
    assert np.allclose(starts - starts[0], interval * np.arange(6), rtol=0, atol=1e-6)
    assert np.all(np.abs(run.lateness.values[1:]) < 1e-6)
    assert np.isnan(run.lateness.values[0]), "the first one is due when it begins"


def test_an_interval_that_is_too_short_is_refused_with_the_shortest_there_is(tmp_path):
    with make_bench(tmp_path) as bench:
        shortest = bench.camera.shortest_interval(0.5)
        with pytest.raises(SettingRefused, match=r"interval 0\.5 s refused: allowed is .* s or more"):
            bench.run(plans.timelapse(bench.camera, 0.5, 3, exposure=0.5))
        run = bench.run(plans.timelapse(bench.camera, shortest * 1.001, 4, exposure=0.5))
    assert np.nanmax(run.lateness.values) < 0.05, "what is offered can be kept"


def test_lateness_is_recorded_and_does_not_add_up_to_more_than_it_must(tmp_path):
    with make_bench(tmp_path) as bench:
        run = bench.run(plans.timelapse(bench.camera, 1.0, 4, exposure=2.0, late="record"))
    starts = run.trigger_monotonic.values.astype(float) * 1e-9
    lateness = run.lateness.values[1:]
    assert np.allclose(lateness, (starts - starts[0] - np.arange(4))[1:], atol=1e-6)
    assert np.all(np.diff(lateness) > 0)


@pytest.mark.parametrize("interval", [0.0, -1.0, np.nan, np.inf, "often"])
def test_no_interval_is_refused(tmp_path, interval):
    with make_bench(tmp_path) as bench, pytest.raises(SettingRefused, match="interval"):
        bench.run(plans.timelapse(bench.camera, interval, 3))


def test_a_live_view_shows_frames_and_leaves_no_run(tmp_path):
    seen = []
    with make_bench(tmp_path) as bench:
        bench.camera.exposure.set(0.05)
        bench.run(plans.live(bench.camera, lambda frame: seen.append(frame.counts.mean()), frames=5))
        assert bench.run(bp.count([bench.camera], 1)).sizes["frame"] == 1, "and the camera is free again"
    assert 1 <= len(seen) <= 5
    assert min(seen) > 0
    assert len(list(tmp_path.glob("*/"))) == 1


def test_a_live_view_without_end_is_stopped_from_another_thread(tmp_path):
    shown = threading.Event()
    with QHY600(SimulatedCamera(width=64, height=48), name="camera") as camera:
        camera.exposure.set(0.05)
        view = camera.viewer(lambda frame: shown.set())
        status = view.trigger()
        assert shown.wait(10)
        view.stop()
        status.wait(10)
        assert not camera.exposing
        assert camera.backend.status().state == "idle"
