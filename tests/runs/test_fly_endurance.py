"""Long streams through the whole software: no frame lost at the camera's rates, no growth, no false alarm."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.datasets import HDF5FrameSink, verify

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

FLAT_MB = 10.0
"""Growth that is none: less than 2 % of what 1,000 of the frames have, and than two fifths of their rows."""


@pytest.fixture(scope="module")
def acquire():
    """Scripts find each other in their own folder."""
    sys.path.insert(0, str(BENCHMARKS))
    yield import_module("acquire")
    sys.path.remove(str(BENCHMARKS))


def soak(acquire, folder, frames):
    grown = acquire.soak(folder, frames)
    if math.isnan(grown["soak_growth_mb"]):
        pytest.skip("this system does not say how much memory a process has")
    return grown


def test_memory_is_flat_over_a_burst(acquire, tmp_path):
    grown = soak(acquire, tmp_path, 1000)
    assert grown["soak_growth_mb"] < FLAT_MB
    assert grown["soak_ring_mb"] == pytest.approx(4 * 512 * 512 * 2 / 2**20)
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_keeps_what_it_has_stored_is_seen_in_the_same_way(acquire, tmp_path, monkeypatch):
    kept, append = [], HDF5FrameSink.append

    def hoard(sink, frame):
        kept.append(frame.counts[::20].copy())
        append(sink, frame)

    monkeypatch.setattr(HDF5FrameSink, "append", hoard)
    assert soak(acquire, tmp_path, 1000)["soak_growth_mb"] > FLAT_MB


@pytest.mark.parametrize(
    ("copies", "settings"), [(True, {}), (False, {}), (False, {"bit_depth": 8})], ids=["16", "lent", "8"]
)
def test_the_measure_of_the_whole_way_counts_each_frame(acquire, tmp_path, copies, settings):
    measured = acquire.unpaced(tmp_path, 1, 20, copies=copies, roi=(0, 0, 256, 64), **settings)
    assert all(value > 0 for value in measured.values())
    assert list(tmp_path.iterdir()) == []


def test_a_paced_stream_of_small_frames_loses_none(acquire, tmp_path, monkeypatch):
    monkeypatch.setitem(acquire.PACED, "small", {"fps": 40.0, "bit_depth": 16, "roi": (0, 0, 96, 100)})
    run = acquire.paced_here(tmp_path, "small", 0.5)
    assert (run["frames"], run["lost"], run["verified"]) == (20, 0, True)
    # The camera's pace, but for a frame at most: nothing is fetched before it is there.
    assert 0 < run["fps"] < 40.0 * 20 / 19
    assert list(tmp_path.iterdir()) == []


def test_the_measure_of_events_knows_the_cameras_part_of_them(acquire, tmp_path):
    measured = acquire.events(tmp_path, 1, 10)
    overhead, camera = measured["event_overhead_ms"], measured["event_camera_ms"]
    assert overhead + camera == pytest.approx(measured["event_ms"])
    assert min(overhead, camera, measured["event_ms_sim_det"]) > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.soak
def test_memory_is_flat_over_ten_thousand_frames(acquire, tmp_path):
    # Of a frame's 512 KB of counts and 2 KB of row nothing may stay; about 1 KB of bookkeeping does.
    assert soak(acquire, tmp_path, 10_000)["soak_growth_mb"] < 9_000 * 2 / 1024


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["2.5 fps, 16 bit", "4 fps, 8 bit", "160 fps, 16 bit"])
def test_a_minute_at_the_cameras_own_rate_loses_nothing(acquire, tmp_path, name):
    (full,) = (paced for paced in acquire.PACED if paced.startswith(name))
    command = [sys.executable, str(BENCHMARKS / "acquire.py"), "--folder", str(tmp_path), "--child", full]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=500)
    run = json.loads(done.stdout.splitlines()[-1])
    fps = acquire.PACED[full]["fps"]
    assert (run["frames"], run["lost"], run["verified"]) == (round(60 * fps), 0, True)
    assert run["fps"] == pytest.approx(fps, rel=0.02)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_ten_thousand_clean_frames_of_a_stream_raise_no_alarm(tmp_path):
    with Bench.simulated(width=64, height=48, gps_header=True, output=tmp_path) as bench:
        run = bench.run(plans.burst(bench.camera, 10_000, exposure=0.01))
        assert int(run.lost_before.sum()) == 0
    report = verify(run)
    assert report.ok
    assert report.frames == 10_000
    assert list(report.findings) == []
