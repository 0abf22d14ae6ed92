"""What cannot fit is refused before anything is exposed, moved or made: disk, length of a file, limits."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import namedtuple
from functools import partial

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.bench import room
from qhy600_ophyd.bench.checking.reach import ambient_shown_by, deepest
from qhy600_ophyd.contract import (
    CameraNotReady,
    LayoutChanged,
    SettingRefused,
    StoreError,
    TemperatureReading,
)
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.sensor.cooling import cooling

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def bench(tmp_path):
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path / "runs") as bench:
        yield bench


@pytest.fixture
def nearly_full(monkeypatch):
    """A disk with 5 MB left, of which 4.2 MB are kept free: room for fifty frames of 14 kB."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 0, 5_000_000))


def assert_nothing_happened(bench, tmp_path, light):
    assert bench.camera.backend.log == []
    assert bench.light.get() == light
    assert list(tmp_path.iterdir()) == []
    assert bench.camera.backend.status().state == "idle"


PLANS = {
    "step": lambda b, n: bp.count([b.camera], n),
    "own": lambda b, n: plans.exposure_series(b.camera, [0.1], repeats=n),
    "burst": lambda b, n: plans.burst(b.camera, n, exposure=0.01),
}


@pytest.mark.parametrize("how", ["check", "run"])
@pytest.mark.parametrize("plan", PLANS)
def test_more_frames_than_the_disk_holds_are_refused_before_the_run(bench, tmp_path, nearly_full, plan, how):
    light = bench.light.get()
    with pytest.raises(StoreError, match=r"1000 frames refused: that takes .* 5\.0 MB free; nothing") as no:
        getattr(bench, how)(partial(PLANS[plan], bench, 1000))
    assert "\n" not in str(no.value)
    assert_nothing_happened(bench, tmp_path, light)


def test_a_run_that_is_refused_has_its_plan_clean_up_and_the_next_one_works(bench, tmp_path, nearly_full):
    steps = [n / 100 for n in range(1, 400)]
    with pytest.raises(StoreError, match="nothing was exposed"):
        bench.run(plans.linearity(bench.camera, bench.light, steps))
    assert bench.light.get() == bench.light.off, "left dark, as the plan says"
    assert bench.run(bp.count([bench.camera], 3)).sizes["frame"] == 3


def test_what_fits_barely_is_taken(bench, nearly_full, monkeypatch):
    make = partial(bp.count, [bench.camera], 15)
    assert bench.check(make).bytes < 5_000_000 - room.RESERVE
    assert bench.run(make).sizes["frame"] == 15


def test_the_room_is_that_of_frames_as_they_are_asked_for(bench, nearly_full):
    bench.camera.roi.set((24, 0, 8, 8))
    assert bench.run(bp.count([bench.camera], 60)).sizes["frame"] == 60


def test_points_of_other_detectors_need_no_room(bench, nearly_full):
    assert bench.run(bp.count([bench.light], 1000)) == []


@pytest.mark.parametrize(
    ("plan", "error", "match"),
    [
        (lambda b: bp.list_scan([b.camera], b.camera.gain, [0, 500]), SettingRefused, "gain 500 refused"),
        (lambda b: bp.list_scan([b.camera], b.light, [0, -1]), SettingRefused, "light"),
        (lambda b: bps.configure(b.camera, {"gain": 500}), SettingRefused, "gain 500 refused"),
        (lambda b: bps.configure(b.camera, {"colour": 3}), SettingRefused, "colour"),
        (
            lambda b: bp.list_scan([b.camera], b.camera.bit_depth, [8, 16]),
            LayoutChanged,
            "all frames of a stream",
        ),
    ],
    ids=["camera", "light", "configured", "unknown", "shape"],
)
def test_a_value_that_is_refused_at_a_late_step_is_refused_before_the_first(
    bench, tmp_path, plan, error, match
):
    light, requested = bench.light.get(), bench.camera.requested
    with pytest.raises(error, match=match):
        bench.check(partial(plan, bench))
    assert bench.camera.requested == requested
    assert_nothing_happened(bench, tmp_path, light)


def test_settings_that_do_not_go_together_are_refused_by_the_check_and_not_withdrawn(bench):
    def outside():
        yield from bps.mv(bench.camera.overscan, False)
        yield from bps.mv(bench.camera.roi, (0, 0, 8, 8))
        yield from bps.trigger(bench.camera)

    before = bench.camera.requested
    with pytest.raises(SettingRefused, match="roi"):
        bench.check(outside)
    assert bench.camera.requested == before


def test_a_camera_that_is_exposing_is_left_alone(bench, monkeypatch):
    monkeypatch.setattr(QHY600, "exposing", True)
    with pytest.raises(CameraNotReady, match="is exposing"):
        bench.check(lambda: bp.count([bench.camera], 1))


# -- cold --


def cooled_to(bench, *set_points):
    for celsius in set_points:
        yield from plans.cool_to(bench.camera, celsius)
    yield from bp.count([bench.camera], 1)


def test_a_set_point_out_of_reach_is_refused_and_says_what_is_in_reach(bench):
    with pytest.raises(SettingRefused, match=r"temperature -40 degC refused: .* or warmer with air at 20"):
        bench.check(partial(cooled_to, bench, 10.0, -40.0))
    assert bench.camera.temperature.setpoint is None
    assert bench.check(partial(cooled_to, bench, 0.0)).ambient == pytest.approx(20.0, abs=1.0)
    # In colder air it can be reached.
    assert bench.check(partial(cooled_to, bench, -40.0), ambient=-10.0).set_points == (-40.0,)


def test_what_is_refused_is_what_the_simulated_cooler_does_not_reach(bench):
    """Two kelvin are left for doubt on the one side, and the sensor gets there on the other."""
    reach = deepest("QHY600M-PH", 20.0)
    bench.check(partial(cooled_to, bench, reach - 1.5))
    with pytest.raises(SettingRefused):
        bench.check(partial(cooled_to, bench, reach - 3.0))
    bench.run(partial(cooled_to, bench, reach + 1.0))
    assert bench.camera.temperature.get() == pytest.approx(reach + 1.0, abs=0.3)


def test_a_set_point_that_short_exposures_cannot_hold_is_noted(bench):
    holds = deepest("QHY600M-PH", 20.0, fast=True)
    bench.camera.exposure.set(0.1)
    said = bench.check(partial(cooled_to, bench, holds - 3.0))
    assert any("exposures below a second" in note for note in said.warnings)
    bench.camera.exposure.set(2.0)
    assert bench.check(partial(cooled_to, bench, holds - 3.0)).warnings == ()


def test_the_air_is_known_from_a_cooler_at_rest_or_at_its_set_point_and_not_in_between(bench):
    bench.camera.temperature.set(0.0).wait(30)
    bench.camera.backend.clock.wait(1800.0)
    reading = bench.camera.call(bench.camera.backend.cooler.read)
    # The table of drives leaves out what the sensor's own electronics heat, some kelvin.
    assert ambient_shown_by(reading) == pytest.approx(20.0, abs=6.0)
    assert ambient_shown_by(TemperatureReading(value=15.0, setpoint=0.0, power=100.0)) is None
    assert ambient_shown_by(TemperatureReading()) is None
    depths = [kelvin for _, kelvin in cooling().drive]
    assert min(depths) <= ambient_shown_by(reading) - reading.value <= max(depths)


def test_a_supply_that_has_failed_is_noted_and_counts_for_the_depth(bench):
    bench.camera.backend.supply.voltage = 10.5
    bench.camera.backend.clock.wait(60.0)
    bench.camera.backend.supply.voltage = 12.0
    said = bench.check(lambda: bp.count([bench.camera], 1))
    assert any("supply has failed" in note for note in said.warnings)
    reach = deepest("QHY600M-PH", 20.0)
    with pytest.raises(SettingRefused, match="after a supply failure"):
        bench.check(partial(cooled_to, bench, reach))


# -- length of one file --


def test_a_file_that_this_program_may_not_write_is_refused_by_its_length(tmp_path):
    pytest.importorskip("resource", reason="only POSIX limits the length of a program's files")
    script = (
        "import resource; from qhy600_ophyd import Bench, plans\n"
        "with Bench.simulated(width=64, height=48, output='runs') as bench:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, resource.RLIM_INFINITY))\n"
        "    fits = lambda: plans.burst(bench.camera, 180, exposure=0.1)\n"
        "    print(bench.check(fits).frames, bench.run(fits).sizes['frame'])\n"
        "    try: bench.check(lambda: plans.burst(bench.camera, 500))\n"
        "    except Exception as no: print(type(no).__name__, no)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    small, large = done.stdout.splitlines()
    assert small == "180 180", "what the check lets pass can be written"
    assert large.startswith("StoreError 500 frames of stream 'primary' refused: one file of")
    assert "8.0 MB (ulimit -f)" in large


def test_a_file_system_that_ends_at_4_gib_is_found_out_by_asking_it(tmp_path, monkeypatch):
    largest = 2**32 - 1 - room.RESERVE
    room.require_length(largest + 1, tmp_path, what="a run")
    assert list(tmp_path.iterdir()) == [], "nothing is left of the trial"
    asked = []

    def as_fat32(nbytes, folder):
        asked.append(nbytes)
        return nbytes < 2**32

    monkeypatch.setattr(room, "_can_be_so_long", as_fat32)
    room.require_length(largest, tmp_path, what="a run")
    assert asked == [], "what FAT32 holds is not tried: it would write it all"
    with pytest.raises(StoreError, match=r"one file of 4\.3 GB, where .* allows less"):
        room.require_length(largest + 1, tmp_path, what="a run")
