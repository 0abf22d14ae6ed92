"""What a simulated camera injected, beside what a run gave."""

from __future__ import annotations

import bluesky.plans as bp
import pytest
from rich.table import Table

from qhy600_ophyd import Bench, analysis, plans
from qhy600_ophyd.analysis import Estimate
from qhy600_ophyd.bench.commands.report import explain_marks, truth_and_pull
from qhy600_ophyd.contract import AnalysisRefused
from qhy600_ophyd.sensor.colour import transmission


@pytest.fixture
def bench(tmp_path):
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path) as bench:
        yield bench


@pytest.mark.parametrize("binning", [2, 3])
def test_binned_frames_give_back_what_was_injected(tmp_path, binning):
    with Bench.simulated(seed=2, width=192, height=180, output=tmp_path) as bench:
        bench.camera.binning.set(binning)
        bench.camera.readout_mode.set("High Gain Mode 16BIT")
        run = bench.run(plans.linearity(bench.camera, bench.light, bench.linearity_exposures()[::3]))
        truth = bench.truth_of(run)
    transfer = analysis.photon_transfer(run)
    for name in ("electrons_per_count", "responsivity", "quantum_efficiency"):
        assert abs(getattr(transfer, name).pull(getattr(truth, name))) < 4, name
    # whole chip pixels are rounded before they are summed: (binning² − 1)/12 count² that σ_d's 1/12 leaves in
    rounding = (binning**2 - 1) / 12 * truth.electrons_per_count**2
    assert abs(transfer.read_noise.pull((truth.read_noise**2 + rounding) ** 0.5)) < 4


def test_the_truth_is_of_what_was_actual_not_of_what_was_asked(bench):
    bench.camera.gain.set(10.5)
    run = bench.run(plans.exposure_series(bench.camera, [0.1]))
    actual = float(run.gain[0])
    bench.camera.gain.set(100)
    now, then = bench.truth, bench.truth_of(run)
    assert now.electrons_per_count == then.electrons_per_count
    assert now.bias_level == then.bias_level
    assert actual == 10.0


def test_the_truth_of_a_frame_is_at_its_true_temperature_and_not_at_that_of_the_rounded_reading(bench):
    run = bench.run(bp.count([bench.camera], 3))
    exposures = bench.camera.backend.presented
    assert len(exposures) == run.sizes["frame"] == 3
    for n, exposure in enumerate(exposures):
        assert exposure.temperature != float(run.temperature[n]), "otherwise nothing is told"
        actual = bench.camera.backend.truth.of(bench.camera.actual, exposure.temperature)
        assert bench.truth_of(run, n) == actual


def test_the_truth_of_a_run_that_another_bench_took_is_at_its_recorded_temperature(bench, tmp_path):
    run = bench.run(bp.count([bench.camera], 1))
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path / "other") as other:
        at_reading = other.camera.backend.truth.of(bench.camera.actual, float(run.temperature[0]))
        assert other.truth_of(run) == at_reading


def test_a_colour_camera_is_refused_as_a_whole_and_measured_behind_one_colour(tmp_path):
    with Bench.simulated(model="QHY600C-PH", width=128, height=96, output=tmp_path) as bench:
        bench.camera.roi.set((3, 1, 125, 95))  # begins with an odd row and an odd column
        run = bench.run(plans.linearity(bench.camera, bench.light, bench.linearity_exposures()[:40:3]))
        injected, whole = bench.camera.backend.truth, bench.truth_of(run)
    assert run.attrs["colour_filters"] == "RGGB"
    for analyse in (analysis.photon_transfer, analysis.linearity, analysis.levels):
        with pytest.raises(AnalysisRefused, match=r"region=analysis\.colour_mask\(run, 'R'\)"):
            analyse(run)
    transmitted = dict(zip("RGB", transmission(injected.wavelength), strict=True))
    for colour in "RGB":
        mask = analysis.colour_mask(run, colour)
        found = analysis.photon_transfer(run, region=mask)
        efficiency = whole.quantum_efficiency * transmitted[colour]
        assert abs(found.quantum_efficiency.pull(efficiency)) < 4, colour


def test_a_report_marks_what_is_far_from_what_was_injected():
    far, near = (truth_and_pull(Estimate(value=v, standard_error=1.0, unit="1"), 0.0)[1] for v in (5.1, 4.9))
    assert (far, near) == ("(!) +5.1", "+4.9")
    for pulls, caption in ((["+4.9", "(!) +5.1"], "(!) off by more than 5 standard errors"), (["+4.9"], "")):
        table = Table("pull")
        for pull in pulls:
            table.add_row(pull)
        explain_marks(table)
        assert (table.caption or "").startswith(caption)
        assert bool(table.caption) == bool(caption)
