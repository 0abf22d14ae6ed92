"""Reduction of frames to levels: exact sums, honest pairing, the chosen pixels, refusals that say why."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from qhy600_ophyd import analysis
from qhy600_ophyd.analysis.kernels import pair_sums
from qhy600_ophyd.analysis.levels import pair_statistics
from qhy600_ophyd.contract import AnalysisRefused
from qhy600_ophyd.sensor import Rectangle, Region

SHAPE = (12, 16)


def labelled(levels=8, repeats=2, dtype=np.uint16, **coordinates):
    """Frames whose light level is known, with dark columns on the left and overscan rows below."""
    rng = np.random.default_rng(5)
    rows = [
        (kind, step, repeat)
        for kind in ("dark", "light")
        for step in range(levels)
        for repeat in range(repeats)
    ]
    kind, step, repeat = (np.array(column) for column in zip(*rows, strict=True))
    mean = np.where(kind == "light", 1000.0 * (step + 1), 0.0)
    counts = 300 + rng.poisson(mean[:, None, None], (len(rows), *SHAPE))
    counts[:, :, :3] = 300  # dark columns
    counts[:, 10:, :] = 290  # overscan rows
    return xr.Dataset(
        {"counts": (("frame", "y", "x"), counts.astype(dtype))},
        coords={
            "frame_kind": ("frame", kind),
            "step": ("frame", step),
            "repeat": ("frame", repeat),
            "exposure": ("frame", 0.1 * (step + 1)),
            "photons": ("frame", 2 * mean),
            "x": np.arange(SHAPE[1]) + 100.0,
            "y": np.arange(SHAPE[0]) + 50.0,
            "x_region": ("x", np.where(np.arange(SHAPE[1]) < 3, 1, 0).astype(np.int8)),
            "y_region": ("y", np.where(np.arange(SHAPE[0]) >= 10, 3, 0).astype(np.int8)),
            **coordinates,
        },
    )


def without(run, mask):
    return run.isel(frame=~np.asarray(mask))


@given(st.integers(0, 2**32 - 1), st.sampled_from([(np.uint16, 2**16), (np.uint32, 2**20)]))
@settings(max_examples=25, deadline=None)
def test_sums_over_a_pair_are_exact(seed, width):
    dtype, top = width
    a, b = np.random.default_rng(seed).integers(0, top, (2, 5, 7)).astype(dtype)
    p, q = a.astype(object), b.astype(object)
    expected = (p.sum(), q.sum(), ((p - q) ** 2).sum(), (p * q).sum(), (p >= 9).sum() + (q >= 9).sum())
    *sums, fourth = pair_sums(a, b, 9)
    assert tuple(sums) == expected
    assert fourth == pytest.approx(float(((p - q) ** 4).sum()), rel=1e-12)


def test_the_error_of_a_variance_grows_with_pixels_that_are_noisier_than_others():
    # Variance 1 in nine of ten pixels and 20 in the others: the error is checked against repeated draws.
    rng = np.random.default_rng(2)
    found, errors = [], []
    for _ in range(200):
        sigma = np.where(rng.random((60, 80)) < 0.1, np.sqrt(2000), 10.0)
        a, b = (np.round(1000 + sigma * rng.standard_normal((60, 80))).astype(np.uint16) for _ in range(2))
        pair = pair_statistics(a, b)
        kurtosis = pair.fourth / (2 * pair.half_square) ** 2
        found.append(pair.half_square)
        errors.append(pair.half_square * np.sqrt((kurtosis - 1) / a.size))
    # 200 draws know their standard deviation to 5 %, which the errors scatter about by no more.
    assert np.std(found, ddof=1) == pytest.approx(np.median(errors), rel=4 * 0.07)
    assert np.std(found, ddof=1) > 1.5 * np.mean(found) * np.sqrt(2 / a.size)


def test_the_two_forms_of_the_variance_differ_by_the_noise_of_the_light():
    a, b = np.random.default_rng(1).integers(0, 4096, (2, *SHAPE)).astype(np.uint16)
    found = pair_statistics(a, b)
    p, q = a.astype(float), b.astype(float)
    assert found.variance("R3.1") == pytest.approx(0.5 * ((p - q) ** 2).mean(), rel=1e-12)
    assert found.variance("R4") == pytest.approx(0.5 * np.var(p - q), rel=1e-12)
    assert found.covariance == pytest.approx(np.cov(p.ravel(), q.ravel(), ddof=0)[0, 1], rel=1e-9)
    assert np.isnan(found.saturated)


def test_a_masked_frame_of_any_length_is_summed_whole():
    frame = np.arange(2 * 65536 + 17, dtype=np.uint32)
    found = pair_statistics(frame, frame, saturation=100.0)
    assert found.mean == frame.mean()
    assert found.saturated == (frame.size - 100) / frame.size


REGIONS = {
    "image": (None, slice(0, 10), slice(3, 16)),
    "by name": ("overscan", slice(10, 12), slice(3, 16)),
    "dark": (Region.DARK, slice(0, 10), slice(0, 3)),
    "rectangle": (Rectangle(105, 52, 4, 3), slice(2, 5), slice(5, 9)),
}


@pytest.mark.parametrize(("region", "rows", "columns"), REGIONS.values(), ids=REGIONS)
def test_the_chosen_pixels_are_measured(region, rows, columns):
    run = labelled()
    found = analysis.levels(run, region=region)
    lights = run["counts"].values[run["frame_kind"].values == "light"][:, rows, columns]
    expected = lights.reshape(8, -1).mean(axis=1)
    np.testing.assert_allclose(found["mean_light"], expected, rtol=1e-12)
    assert int(found["pixels"][0]) == lights[0].size


UNFLAGGED = {
    "neither": (["x_region", "y_region"], "no x_region and no y_region"),
    "one": (["x_region"], "no x_region, "),
}


@pytest.mark.parametrize(("dropped", "named"), UNFLAGGED.values(), ids=UNFLAGGED)
@pytest.mark.parametrize("measure", [analysis.levels, analysis.photon_transfer, analysis.linearity])
def test_frames_that_do_not_tell_dark_columns_from_image_need_a_region(measure, dropped, named):
    run = labelled().drop_vars(dropped)
    with pytest.raises(AnalysisRefused, match=f"{named}.*region=, a mask .* or a Rectangle") as refused:
        measure(run)
    assert "\n" not in str(refused.value)


CHOICES = {"mask": np.arange(SHAPE[1]) >= 3, "rectangle": Rectangle(103, 50, 13, 10)}


@pytest.mark.parametrize("region", CHOICES.values(), ids=CHOICES)
def test_a_region_says_what_missing_flags_do_not(region):
    flagged = labelled()
    if not isinstance(region, Rectangle):
        region = region & (np.arange(SHAPE[0]) < 10)[:, None]
    found = analysis.levels(flagged.drop_vars(["x_region", "y_region"]), region=region)
    xr.testing.assert_identical(found, analysis.levels(flagged))


NO_RUNS = {"text": "run/1", "array": labelled()["counts"], "nothing": None, "number": 5}


@pytest.mark.parametrize("given", NO_RUNS.values(), ids=NO_RUNS)
@pytest.mark.parametrize("name", ["levels", "photon_transfer", "linearity", "gain_transfer"])
def test_what_is_no_run_is_refused_by_saying_how_to_get_one(name, given):
    with pytest.raises(AnalysisRefused, match=rf"^{name} refused .*open_run\(path\)") as refused:
        getattr(analysis, name)(given)
    assert "\n" not in str(refused.value)


def test_analysis_lists_what_is_public_and_nothing_else():
    assert dir(analysis) == sorted(analysis.__all__)


def test_a_mask_chooses_pixels_one_by_one():
    run, mask = labelled(), np.random.default_rng(2).random(SHAPE) < 0.3
    found = analysis.levels(run, region=mask)
    first = run["counts"].values[(run["frame_kind"] == "light") & (run["step"] == 0)]
    assert float(found["mean_light"][0]) == pytest.approx(first[:, mask].mean(), rel=1e-12)


def test_levels_come_by_rising_light_whatever_the_order_they_were_taken_in():
    run = labelled()
    order = np.random.default_rng(3).permutation(run.sizes["frame"])
    shuffled = run.isel(frame=order)
    xr.testing.assert_identical(analysis.levels(shuffled), analysis.levels(run))
    assert (np.diff(analysis.levels(run)["photons"]) > 0).all()


def test_more_than_two_frames_are_taken_two_by_two():
    run = labelled(repeats=5)
    found = analysis.levels(run)
    assert (found["samples"] == 2 * found["pixels"]).all()
    assert (found["samples_dark"] == 2 * found["pixels"]).all()


def test_each_frame_is_read_once_and_few_are_held():
    run, reads = labelled(), []

    def read(block, block_info=None):
        reads.append(block_info[0]["array-location"][0][0])
        return block

    lazy = run.chunk(frame=1)
    lazy["counts"] = (run["counts"].dims, lazy["counts"].data.map_blocks(read, dtype=np.uint16))
    reads.clear()
    xr.testing.assert_identical(analysis.levels(lazy), analysis.levels(run))
    assert sorted(reads) == list(range(run.sizes["frame"]))


REFUSALS = {
    "a dark is missing": (
        lambda r: without(r, (r.step == 3) & (r.frame_kind == "dark") & (r.repeat == 1)),
        "level 3 has only one dark frame",
    ),
    "all darks of a level are missing": (
        lambda r: without(r, (r.step == 5) & (r.frame_kind == "dark")),
        "level 5 has no dark frame",
    ),
    "one light": (
        lambda r: without(r, (r.step == 2) & (r.frame_kind == "light") & (r.repeat == 0)),
        "level 2 has only one light frame",
    ),
    "no labels": (lambda r: r.assign_coords(step=("frame", np.full(r.sizes["frame"], -1))), "no frame is"),
    "no step": (lambda r: r.drop_vars("step"), "no 'step'"),
    "two gains": (lambda r: r.assign_coords(gain=("frame", 1.0 * (r.step.values > 4))), "gain varies"),
    "unequal exposures": (
        lambda r: r.assign_coords(exposure=r.exposure * xr.where(r.frame_kind == "dark", 1.1, 1.0)),
        "level 0 mixes exposures",
    ),
    "corrected frames": (lambda r: r.assign(counts=r.counts.astype(float)), "float64 refused"),
    "no light": (
        lambda r: r.assign(counts=r.counts.copy(data=np.full_like(r.counts, 300))),
        "no brighter than the darks",
    ),
}


@pytest.mark.parametrize(("damage", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_measured_is_refused_in_one_line(damage, message):
    with pytest.raises(AnalysisRefused, match=message) as refused:
        analysis.photon_transfer(damage(labelled()))
    assert "\n" not in str(refused.value)


def test_too_few_levels_say_how_many_to_add_and_relative_to_what():
    one_and_the_brightest = labelled(levels=2)
    with pytest.raises(
        AnalysisRefused, match=r"1 of 2 .* 70 % of the brightest level .* 2 are needed; add 1"
    ):
        analysis.photon_transfer(one_and_the_brightest)
    with pytest.raises(
        AnalysisRefused, match=r"1 of 2 .* 95 % of the brightest level .* 3 are needed; add 2"
    ):
        analysis.linearity(one_and_the_brightest)
    with pytest.raises(AnalysisRefused, match=r"0 of 4 .* saturation \(100 counts\): at least 3 .* add 3"):
        analysis.linearity_error(np.arange(4.0), np.arange(4.0), saturation=100.0)


BAD_ARGUMENTS = {
    "variance": {"variance": "R5"},
    "region name": {"region": "middle"},
    "region outside": {"region": Rectangle(0, 0, 5, 5)},
    "region not there": {"region": Region.HEADER},
    "mask of another shape": {"region": np.ones((2, 2), bool)},
}


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_an_argument_that_means_nothing_is_refused(arguments):
    with pytest.raises(AnalysisRefused, match="refused"):
        analysis.photon_transfer(labelled(), **arguments)


def test_linearity_without_any_measure_of_light_is_refused():
    run = labelled()
    dark_room = run.assign_coords(photons=run.photons * np.nan, exposure=run.exposure * 0 + 1.0)
    with pytest.raises(AnalysisRefused, match="photons are not known, and all exposures are alike"):
        analysis.linearity(dark_room)


def test_linearity_is_told_against_exposure_where_photons_are_not_known():
    run = labelled()
    found = analysis.linearity(run.assign_coords(photons=run.photons * np.nan))
    assert found.against == "exposure"
    assert found.slope.unit == "count/s"
    assert abs(found.slope.pull(1000 / 0.1)) < 4


def test_one_reading_serves_both_results():
    run = labelled()
    levels = analysis.levels(run)
    assert analysis.photon_transfer(levels).estimates == analysis.photon_transfer(run).estimates
    assert analysis.linearity(levels).estimates == analysis.linearity(run).estimates
    with pytest.raises(AnalysisRefused, match="reduced already"):
        analysis.linearity(levels, region="image")


def test_a_level_can_be_left_out_as_the_message_says():
    run = labelled()
    found = analysis.levels(run.isel(frame=run.step != 5))
    assert found["step"].values.tolist() == [0, 1, 2, 3, 4, 6, 7]


def test_analysis_needs_neither_ophyd_nor_bluesky_and_loads_no_compiler():
    assert importlib.util.find_spec("ophyd"), "otherwise this shows nothing"
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['ophyd', 'bluesky', 'event_model']));"
        "import qhy600_ophyd.analysis, qhy600_ophyd.views;"
        "print(*(m for m in ('numba', 'xarray', 'matplotlib.pyplot') if m in sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert loaded.stdout.split() == []
