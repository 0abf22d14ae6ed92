"""A run's start document is enough to make its bench and its plan again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import bluesky.plans as bp
import numpy as np
import pytest
from astropy.io import fits
from ophyd.sim import SynAxis

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.bench import Profile
from qhy600_ophyd.bench.again.recorded import REBUILT, bench_of, plan_of
from qhy600_ophyd.contract import Fault, PlanNotRebuilt, ProfileError

SMALL = {"width": 64, "height": 48, "seed": 5}


def start_of(run) -> Mapping[str, Any]:
    return json.loads(run.attrs["start"])


PLANS = {
    "burst": lambda b: plans.burst(b.camera, 3, exposure=0.01, on_loss="record"),
    "exposure_series": lambda b: plans.exposure_series(
        b.camera, np.array([0.2, 0.1]), kind="light", light=b.light
    ),
    "gain_sweep": lambda b: plans.gain_sweep(b.camera, range(0, 20, 10), light=b.light, repeats=1),
    "linearity": lambda b: plans.linearity(b.camera, b.light, iter([0.1, 0.2]), repeats=1),
    "linearity in levels": lambda b: plans.linearity(b.camera, b.light, levels=(10, 20), exposure=0.1, off=0),
    "timelapse": lambda b: plans.timelapse(b.camera, 10.0, 2, exposure=0.1, kind="dark"),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_that_is_made_again_says_the_same_messages(tmp_path, name):
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        start = start_of(bench.run(PLANS[name](bench)))
    with bench_of(start, output=tmp_path / "again") as again:
        repeated = start_of(again.run(plan_of(start, again)))
    assert repeated["plan_args"] == start["plan_args"]
    assert repeated["profile"] == start["profile"] | {"output": repeated["profile"]["output"]}
    assert repeated["num_points"] == start["num_points"]


def test_every_plan_that_opens_a_run_can_be_made_again():
    verbs = {"cool_to", "fly", "label", "shine", "take", "live", "frames_of", "rest_of"}
    nouns = {name for name in plans.__all__ if not isinstance(getattr(plans, name), type)} - verbs
    assert set(REBUILT) == nouns == {name.partition(" ")[0] for name in PLANS}


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param({"camera": {"backend": "simulated"}}, id="defaults"),
        pytest.param({"camera": {"backend": "simulated", "drawn": True, "seed": 3}}, id="drawn"),
        pytest.param(
            {
                "camera": {"backend": "simulated", "drawn": True, "ambient": 4.0, "physics": {"prnu": 0.02}},
                "faults": [Fault(name="slow_frame", times=None).as_mapping()],
                "cooler": {"setpoint": -5.0},
                "settings": {"roi": [0, 0, 32, 32]},
                "filter_wheel": {"filters": ["open", "green"]},
            },
            id="much given",
        ),
        pytest.param({"camera": {"backend": "sdk", "camera": "QHY600M-1"}}, id="sdk"),
    ],
)
def test_a_profile_comes_back_from_its_tables_and_makes_the_same_camera(tables):
    first = Profile.checked(tables)
    again = Profile.checked(json.loads(json.dumps(first.as_tables())))
    assert again.as_tables() == first.as_tables()
    if first.camera.backend == "simulated":
        made = [Bench(profile).camera.backend for profile in (first, again)]
        for part in ("ambient", "voltage", "cable_resistance"):
            values = {getattr(b.environment if part == "ambient" else b.supply, part) for b in made}
            assert len(values) == 1
        assert made[0].physics == made[1].physics


def test_recorded_frames_are_found_again_from_another_folder(tmp_path, monkeypatch):
    (tmp_path / "frames").mkdir()
    for n in range(2):
        header = fits.Header({"EXPTIME": 0.5, "IMAGETYP": "light"})
        path = tmp_path / "frames" / f"{n}.fits"
        fits.PrimaryHDU(np.full((20, 30), 100 + n, np.uint16), header).writeto(path)
    monkeypatch.chdir(tmp_path)
    with Bench.replay("frames", output="runs") as bench:
        bench.light.set("recorded")
        run = bench.run(plans.exposure_series(bench.camera, [0.5], repeats=2, light=bench.light))
    start = start_of(run)
    monkeypatch.chdir(tmp_path.parent)
    with bench_of(start, output=tmp_path / "again") as again:
        again.light.set("recorded")
        repeated = again.run(plan_of(start, again))
    assert np.array_equal(repeated.counts, run.counts)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({"plan_name": "count"}, "plan 'count', which cannot be made again", id="bluesky's plan"),
        pytest.param({"plan_name": None}, "plan None, which cannot", id="no plan"),
        pytest.param({"plan_args": None}, "does not record the arguments", id="no arguments"),
        pytest.param(
            {"plan_args": {"camera": "camera", "exposures": [0.1], "speed": 3}},
            "does not take: .*speed",
            id="argument",
        ),
        pytest.param(
            {"plan_args": {"camera": "camera", "exposures": [0.1], "light": "lamp"}},
            "with the light 'lamp', and its bench has 'light': pass yours",
            id="device",
        ),
    ],
)
def test_what_cannot_be_made_again_says_why(tmp_path, change, complaint):
    bench = Bench.simulated(**SMALL, output=tmp_path)
    start = {"uid": "0123456789", "plan_name": "exposure_series", "plan_args": {}} | change
    with pytest.raises(PlanNotRebuilt, match=complaint) as refused:
        plan_of(start, bench)
    assert "\n" not in str(refused.value)


def test_arguments_can_be_replaced_and_a_device_of_ones_own_put_in(tmp_path):
    arguments = {"camera": "camera", "exposures": [0.1], "light": "lamp"}
    start = {"plan_name": "exposure_series", "plan_args": arguments}
    lamp = SynAxis(name="lamp")
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        run = bench.run(plan_of(start, bench, light=lamp, exposures=[0.2, 0.3]))
    assert np.allclose(run.exposure, [0.2, 0.3], rtol=1e-3)
    assert "lamp" in run.coords


def test_a_run_without_a_bench_and_one_with_a_broken_profile_are_refused(tmp_path):
    with pytest.raises(PlanNotRebuilt, match="has no profile in its start document"):
        bench_of({"uid": "0123456789", "plan_name": "count"})
    with pytest.raises(ProfileError, match=r"the profile of run 01234567: .*wdith"):
        bench_of({"uid": "0123456789", "profile": {"camera": {"backend": "simulated", "wdith": 3}}})


def test_a_plan_of_bluesky_still_has_its_bench(tmp_path):
    with Bench.simulated(**SMALL, output=tmp_path) as bench:
        run = bench.run(bp.count([bench.camera], 1))
    with bench_of(start_of(run), output=tmp_path / "again") as again:
        repeated = again.run(bp.count([again.camera], 1))
    assert np.array_equal(repeated.counts, run.counts)
