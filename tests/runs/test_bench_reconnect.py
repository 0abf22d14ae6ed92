"""A lost camera comes back as it was, and the plan goes on where it stood."""

from __future__ import annotations

import json

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import numpy as np
import pytest

from qhy600_ophyd import Bench, open_run, plans
from qhy600_ophyd.contract import CameraError, CameraLost, CameraNotReady, Fault

LOST_AT_3 = [Fault(name="camera_lost", at=("frame", 3))]


def make_bench(folder, faults=LOST_AT_3, **parameters):
    return Bench.simulated(width=64, height=48, seed=4, faults=faults, output=folder, **parameters)


def stop_of(folder):
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))["stop"]


def test_a_plan_goes_on_where_it_stood_and_takes_each_step_once(tmp_path):
    exposures = [0.1, 0.2, 0.3, 0.4, 0.5]
    with make_bench(tmp_path) as bench:
        plan = plans.exposure_series(bench.camera, exposures, kind="light", light=bench.light)
        with pytest.raises(CameraLost):
            bench.run(plan)
        run = bench.reconnect(resume=True)
    assert stop_of(next(tmp_path.glob("*_exposure_series_*/")))["exit_status"] == "success"
    assert np.allclose(run.exposure, exposures, rtol=1e-3)
    assert list(run.step) == [0, 1, 2, 3, 4]
    assert np.all(run["mean"].diff("frame") > 0), "each step has the frame of its own exposure"


def test_without_resuming_the_plan_is_ended_and_its_frames_are_kept(tmp_path):
    with make_bench(tmp_path) as bench:
        with pytest.raises(CameraLost) as lost:
            bench.run(bp.count([bench.camera], 5))
        assert bench.RE.state == "paused"
        assert bench.reconnect() is None
        assert bench.RE.state == "idle"
        (folder,) = tmp_path.glob("*_count_*/")
        assert stop_of(folder)["reason"] == f"CameraLost: {lost.value}"
        assert open_run(folder).sizes["frame"] == 2
        assert bench.run(bp.count([bench.camera], 1)).sizes["frame"] == 1


def test_another_run_ends_the_plan_that_stands_still(tmp_path):
    with make_bench(tmp_path) as bench:
        with pytest.raises(CameraLost):
            bench.run(bp.count([bench.camera], 5))
        bench.camera.reconnect()
        assert bench.run(bp.count([bench.camera], 1)).sizes["frame"] == 1
        assert bench.RE.state == "idle"


def test_settings_set_point_and_light_are_those_from_before(tmp_path):
    with make_bench(tmp_path) as bench:
        wanted = {
            "exposure": 0.5,
            "gain": 56,
            "offset": 40,
            "readout_mode": 1,
            "binning": 2,
            "usb_traffic": 10,
        }
        bench.camera.configure(wanted)
        bench.camera.temperature.set(5.0).wait()
        bench.light.set(1234.0)
        bench.run(bp.count([bench.camera], 1))
        before, bright = bench.camera.actual, bench.light.get()
        with pytest.raises(CameraLost):
            bench.run(bp.count([bench.camera], 4))
        bench.reconnect()
        assert bench.camera.backend.settings == before
        assert bench.camera.backend.cooler.read().setpoint == 5.0
        assert bench.light.get() == bright


def test_a_camera_that_is_still_gone_leaves_the_plan_to_be_resumed_later(tmp_path):
    faults = [*LOST_AT_3, Fault(name="connect_fails", at=("call", 1), times=3)]
    with make_bench(tmp_path, faults) as bench:
        with pytest.raises(CameraLost):
            bench.run(bp.count([bench.camera], 5))
        with pytest.raises(CameraError, match="no camera found"):
            bench.reconnect(resume=True)
        assert bench.RE.state == "paused"
        assert bench.reconnect(resume=True).sizes["frame"] == 5


def test_a_camera_that_is_lost_twice_is_resumed_twice(tmp_path):
    faults = [Fault(name="camera_lost", at=("frame", n)) for n in (3, 6)]
    with make_bench(tmp_path, faults) as bench:
        with pytest.raises(CameraLost):
            bench.run(bp.count([bench.camera], 6))
        with pytest.raises(CameraLost):
            bench.reconnect(resume=True)
        run = bench.reconnect(resume=True)
    assert run.sizes["frame"] == 6
    assert len(np.unique(run.sequence)) == 6


def test_a_plan_that_cannot_be_rewound_fails_as_before(tmp_path):
    with make_bench(tmp_path) as bench:

        @bpp.stage_decorator([bench.camera])
        @bpp.run_decorator()
        def once():
            yield from bps.clear_checkpoint()
            for _ in range(5):
                yield from bps.trigger_and_read([bench.camera])

        with pytest.raises(CameraLost):
            bench.run(once())
        assert bench.RE.state == "idle"


def test_there_is_nothing_to_resume_when_no_plan_stands_still(tmp_path):
    with make_bench(tmp_path, []) as bench, pytest.raises(CameraNotReady, match="no plan stands still"):
        bench.reconnect(resume=True)


def test_a_camera_that_was_never_opened_cannot_come_back(tmp_path):
    with pytest.raises(CameraNotReady, match="never opened"):
        make_bench(tmp_path, []).reconnect()
