"""Recorded frames of a real camera through device, plan and analysis: the published results come out.

The frames are Basler AG's EMVA 1288 example Set001 (CC BY-SA 3.0); they lie beside the project, not in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qhy600_ophyd import Bench, analysis, plans

FRAMES = Path(__file__).parents[3] / "shared" / "data" / "emva1288-set001"

pytestmark = [
    pytest.mark.set001,
    pytest.mark.skipif(not FRAMES.is_dir(), reason=f"the recorded frames are not at {FRAMES}"),
]

NINE_DIGITS = 1e-9


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with Bench.replay(FRAMES, output=tmp_path_factory.mktemp("set001")) as bench:
        exposures = bench.linearity_exposures()
        assert len(exposures) == 50
        return bench.run(plans.linearity(bench.camera, bench.light, exposures))


@pytest.fixture(scope="module")
def transfer(run):
    return analysis.photon_transfer(run, variance="R3.1")


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("counts_per_electron", 0.280769280926),
        ("responsivity", 0.126726922819),
        ("quantum_efficiency", 0.451356082834),
        ("read_noise", 10.8980275235),
    ],
)
def test_photon_transfer_gives_the_published_value(transfer, name, published):
    found = getattr(transfer, name)
    assert found.value == pytest.approx(published, rel=NINE_DIGITS)
    assert 0 < found.standard_error < 0.1 * found.value


def test_the_r4_form_takes_out_the_noise_of_the_light(run):
    found = analysis.photon_transfer(run, variance="R4").counts_per_electron
    assert found.value == pytest.approx(0.28006265, abs=5e-9)


def test_linearity_gives_the_published_extremes(run):
    found = analysis.linearity(run, variance="R3.1")
    assert found.linearity_error_min.value == pytest.approx(-0.615797581149, rel=NINE_DIGITS)
    assert found.linearity_error_max.value == pytest.approx(0.480448332752, rel=NINE_DIGITS)


def test_what_was_not_recorded_is_missing(run):
    for column in ("gain", "offset", "temperature", "irradiance", "black_level"):
        assert run[column].isnull().all(), column
    assert set(run.readout_mode.values) == {""}


def test_photons_are_the_recorded_ones(run):
    bright = run.where(run.frame_kind == "light", drop=True)
    assert float(bright.photons.max()) == 42137.0
    assert (run.photons.where(run.frame_kind == "dark", drop=True) == 0).all()


def test_the_command_line_gives_the_same(tmp_path):
    program = Path(sys.executable).with_name("qhy600")
    done = subprocess.run(
        [str(program), "linearity", "--replay", str(FRAMES), "--variance", "R3.1", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["electrons_per_count"]["value"] == pytest.approx(1 / 0.280769280926, rel=NINE_DIGITS)
    assert told["linearity_error_min"]["value"] == pytest.approx(-0.615797581149, rel=NINE_DIGITS)
    assert "truth" not in told["read_noise"]
