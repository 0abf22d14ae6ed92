"""A gain sweep is reduced setting by setting, and what it cannot tell is refused or left out."""

import importlib

import numpy as np
import pytest
import xarray as xr

from qhy600_ophyd import analysis
from qhy600_ophyd.contract import AnalysisRefused
from qhy600_ophyd.sensor.response import pixel_well

SHAPE = (12, 16)
GAINS = (0.0, 30.0, 60.0)


@pytest.fixture
def run():
    rng = np.random.default_rng(5)
    labels = [(s, kind, r) for s in range(len(GAINS)) for kind in ("dark", "light") for r in range(2)]
    step, kind, repeat = (np.array(column) for column in zip(*labels, strict=True))
    counts = 300 + 3 * rng.normal(size=(step.size, *SHAPE))
    counts += rng.poisson(np.where(kind == "light", 2000.0, 0.0)[:, None, None], counts.shape)
    return xr.Dataset(
        {"counts": (("frame", "y", "x"), np.rint(counts).astype(np.uint16))},
        coords={
            "frame_kind": ("frame", kind),
            "step": ("frame", step),
            "repeat": ("frame", repeat),
            "gain": ("frame", np.array(GAINS)[step]),
            "saturation_code": ("frame", np.full(step.size, 65535.0)),
            "x_region": ("x", np.zeros(SHAPE[1], np.int8)),
            "y_region": ("y", np.zeros(SHAPE[0], np.int8)),
        },
    )


def saturated(run):
    """All but the brightest counts of the last gain fit the scale."""
    bright = run["counts"].values[run["step"] == 2].max()
    return run.assign_coords(saturation_code=xr.where(run.gain == 60, float(bright), 65535.0))


REFUSALS = {
    "no light source": (lambda r: r.isel(frame=r.frame_kind == "light"), "no dark frame: .*light=light"),
    "one dark": (
        lambda r: r.isel(frame=~((r.step == 1) & (r.frame_kind == "dark") & (r.repeat == 1)).values),
        "level 1 has only one dark frame",
    ),
    "no gain": (lambda r: r.drop_vars("gain"), "no 'gain'; take the run with plans.gain_sweep"),
    "gain not known": (lambda r: r.assign_coords(gain=r.gain * np.nan), "gain of 4 frames is not known"),
    "gain varies within a step": (
        lambda r: r.assign_coords(gain=xr.where(r.repeat == 1, 7.0, r.gain)),
        r"gain varies within level 0 \(0.0, 7.0\)",
    ),
    "another setting varies": (
        lambda r: r.assign_coords(offset=("frame", 1.0 * (r.step.values == 2))),
        "offset varies within the run",
    ),
    "lights as dark as darks": (
        lambda r: r.assign(counts=r.counts.copy(data=np.full_like(r.counts, 300))),
        "at gain 0 the light adds 0 counts",
    ),
    "saturated": (saturated, r"at gain 60 .* saturated.*run.gain != 60"),
    "no labels": (lambda r: r.drop_vars("frame_kind"), "no 'frame_kind'; take the run with plans.gain_sweep"),
}


@pytest.mark.parametrize(("damage", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_a_sweep_cannot_tell_is_refused_in_one_line(run, damage, message):
    with pytest.raises(AnalysisRefused, match=message) as refused:
        analysis.gain_transfer(damage(run))
    assert "\n" not in str(refused.value)


def in_mode(run, mode, **settings):
    frames = run.sizes["frame"]
    return run.assign_coords(
        {
            name: ("frame", np.full(frames, value))
            for name, value in {"readout_mode": mode, **settings}.items()
        }
    )


def electrons(run, at):
    point = analysis.gain_transfer(run).points[at]
    return point.electrons_per_count.value * (point.light_level.value - point.dark_level.value)


@pytest.fixture
def brightest(run):
    """The electrons that the run is measured to have at the gain where it has most."""
    return max(electrons(run, at) for at in range(len(GAINS)))


MODE = "High Gain Mode 16BIT"


@pytest.mark.parametrize(("part", "refused"), [(0.71, False), (0.73, True)], ids=["71 %", "73 %"])
def test_light_near_the_pixel_well_is_refused_since_noise_shrinks_there(
    run, brightest, part, refused, monkeypatch
):
    module = importlib.import_module("qhy600_ophyd.analysis.gain_transfer")  # hidden behind its function
    monkeypatch.setattr(module, "pixel_well", {MODE: brightest / part}.get)
    taken = in_mode(run, MODE)
    if not refused:
        assert len(analysis.gain_transfer(taken).points) == len(GAINS)
        return
    with pytest.raises(AnalysisRefused, match=r"at gain .* 72 % of the pixel well") as no:
        analysis.gain_transfer(taken)
    assert "\n" not in str(no.value)
    # pixels summed two by two hold four times as much
    assert len(analysis.gain_transfer(in_mode(run, MODE, binning=2.0)).points) == len(GAINS)


def test_the_well_is_that_of_the_sensor_tables_and_unknown_modes_are_not_checked(run):
    """The same frames with counts so coarse that a tenth of their noise makes 200 000 electrons of them."""
    mean = run.counts.mean(("y", "x"))
    flat = (mean + (run.counts - mean) / 10).round().astype(np.uint16)
    quiet = run.assign(counts=flat.transpose(*run.counts.dims))
    assert electrons(quiet, 0) > pixel_well("High Gain Mode 16BIT")
    for mode in ("a mode of another camera", ""):
        assert len(analysis.gain_transfer(in_mode(quiet, mode)).points) == len(GAINS)
    with pytest.raises(AnalysisRefused, match="pixel well"):
        analysis.gain_transfer(in_mode(quiet, "High Gain Mode 16BIT"))


def test_a_setting_can_be_left_out_as_the_message_says(run):
    found = analysis.gain_transfer(saturated(run).isel(frame=run.gain != 60))
    assert [point.gain for point in found.points] == [0.0, 30.0]


def test_a_setting_gives_what_photon_transfer_would_take_its_levels_for(run):
    """One setting alone is a run of one level: the rows of both are the same."""
    one = run.isel(frame=run.gain == 30)
    row = analysis.gain_transfer(run).levels.isel(level=[1]).drop_vars("gain")
    xr.testing.assert_identical(row, analysis.levels(one))


def test_errors_are_those_of_the_formulae_by_their_partial_derivatives(run):
    """e-/count and read noise share the dark variance, which moves read noise in two ways."""
    found = analysis.gain_transfer(run)
    for at, point in enumerate(found.points):
        row = found.levels.sel(form="R4").isel(level=at)
        light, dark, signal = (float(row[n]) for n in ("variance_light", "variance_dark", "signal"))
        n, noise = int(np.prod(SHAPE)), light - dark
        heavy = {k: max(float(row[f"kurtosis_{k}"]) - 1, 2.0) for k in ("light", "dark")}
        of_light, of_dark = light * np.sqrt(heavy["light"] / n), dark * np.sqrt(heavy["dark"] / n)
        of_signal = np.sqrt((light + dark) / (2 * n)) / signal
        assert point.dark_level.standard_error == pytest.approx(np.sqrt(dark / (2 * n)), rel=1e-9)
        assert point.light_level.standard_error == pytest.approx(np.sqrt(light / (2 * n)), rel=1e-9)
        per_count = np.linalg.norm([of_signal, of_light / noise, of_dark / noise])
        assert point.electrons_per_count.standard_error == pytest.approx(
            per_count * point.electrons_per_count.value, rel=1e-9
        )
        both = of_dark * (1 / noise + 1 / (2 * (dark - 1 / 12)))
        drawn = np.sqrt(max(float(row["kurtosis_dark"]) / 3 - 1, 0.0) / n) / 2
        assert point.read_noise.standard_error == pytest.approx(
            np.linalg.norm([of_signal, of_light / noise, both, drawn]) * point.read_noise.value, rel=1e-9
        )


def test_read_noise_that_rounding_hides_is_left_out(run):
    still = run.counts.where(run.frame_kind == "light", 300).astype(np.uint16)
    found = analysis.gain_transfer(run.assign(counts=still.transpose(*run.counts.dims)))
    assert all(point.read_noise is None for point in found.points)
    assert "left out" in repr(found)
    assert "left out" in found._repr_html_()


def test_the_table_has_a_row_for_each_setting_and_names_its_units(run):
    found = analysis.gain_transfer(run)
    _, head, *rows = repr(found).splitlines()
    assert [name in head for name in ("[e-/count]", "[e-]", "[count]")] == [True] * 3
    assert [float(row.split()[0]) for row in rows] == list(GAINS)
    assert found.points[1].read_noise.number() in rows[1]
    assert found._repr_html_().count("<tr>") == 1 + len(GAINS)
