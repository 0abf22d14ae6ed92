"""The camera's 12 V go off and come back in the middle of a run: each step once, and no false alarm."""

from __future__ import annotations

import numpy as np
import pytest
from killed_run import LABELS, linearity, make_bench, timelapse, uninterrupted

from qhy600_ophyd.contract import CameraLost, Fault
from qhy600_ophyd.datasets import verify


def through(folder, plan, *moments, **parameters):
    """The run of a plan, with the camera connected again after each loss of power."""
    faults = [Fault(name="power_cycle", at=moment) for moment in moments]
    with make_bench(folder, faults=faults, **parameters) as bench:
        with pytest.raises(CameraLost):
            bench.run(plan(bench))
        for _ in moments[1:]:
            with pytest.raises(CameraLost):
                bench.reconnect(resume=True)
        return bench.reconnect(resume=True).load()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """By whether the camera numbers its frames."""
    place = tmp_path_factory.mktemp("whole")
    return {header: uninterrupted(place, linearity, gps_header=header) for header in (False, True)}


@pytest.mark.parametrize(
    ("moments", "gps_header"),
    [
        pytest.param([("frame", 5)], False, id="once"),
        pytest.param([("call", 30)], True, id="early, numbered by the camera"),
        pytest.param([("frame", 3), ("frame", 9)], True, id="twice, numbered by the camera"),
    ],
)
def test_a_loss_of_power_costs_no_step_and_repeats_none(tmp_path, whole, moments, gps_header):
    run, whole = through(tmp_path, linearity, *moments, gps_header=gps_header), whole[gps_header]
    assert run.sizes == whole.sizes
    for name in (*LABELS, "exposure_requested", "x", "y", "y_region"):
        assert np.array_equal(run[name].values, whole[name].values), name
    # Not to the count: the check of the camera has used up numbers of its noise.
    spread = np.maximum(whole["mean"].values * 0.01, 2.0)
    assert np.all(np.abs(run["mean"].values - whole["mean"].values) < spread)
    verification = verify(run)
    assert verification.ok, verification
    assert verification.proved_by_hardware == gps_header


def test_the_frames_that_showed_that_the_camera_is_well_are_recorded_as_thrown_away(tmp_path):
    run = through(tmp_path, linearity, ("frame", 5))
    again = int(np.flatnonzero(run.sequence.diff("frame").values > 1)[0]) + 1
    # The first after the initialisation, and the check itself.
    assert run.discarded.values[again] == 2
    assert run.discarded.sum() == 3


def test_a_time_lapse_keeps_its_times_through_a_loss_of_power(tmp_path):
    run = through(tmp_path, timelapse, ("frame", 3), gps_header=True)
    starts = run.trigger_monotonic.values * 1e-9
    assert np.allclose((starts - starts[0])[1:], 60.0 * np.arange(1, 5) + run.lateness.values[1:], atol=1e-6)
    assert list(run.repeat) == list(range(5))
    assert verify(run).ok, verify(run)
