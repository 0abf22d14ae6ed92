"""Plots say what they show, leave nothing open, and cards are safe to show."""

from typing import ClassVar

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from qhy600_ophyd import analysis, views
from qhy600_ophyd.analysis import Estimate
from qhy600_ophyd.contract import AnalysisRefused


@pytest.fixture(scope="module")
def run():
    rng = np.random.default_rng(11)
    step, repeat = np.repeat(np.arange(14), 2), np.tile([0, 1], 14)
    electrons = np.minimum(rng.poisson(5000.0 * (step + 0.5)[:, None, None], (28, 24, 32)), 55_000)
    light = 100 + electrons + 3 * rng.normal(size=electrons.shape)
    dark = 100 + 3 * rng.normal(size=electrons.shape)
    return xr.Dataset(
        {"counts": (("frame", "y", "x"), np.rint(np.concatenate([dark, light])).astype(np.uint16))},
        coords={
            "frame_kind": ("frame", np.repeat(["dark", "light"], 28)),
            "step": ("frame", np.tile(step, 2)),
            "repeat": ("frame", np.tile(repeat, 2)),
            "exposure": ("frame", np.tile(0.1 * (step + 0.5), 2), {"units": "s"}),
            "photons": ("frame", np.r_[np.zeros(28), 1e4 * (step + 0.5)], {"units": "photon/pixel"}),
            "x_region": ("x", np.zeros(32, np.int8)),
            "y_region": ("y", np.zeros(24, np.int8)),
            "gain": ("frame", np.full(56, 26.0)),
            "offset": ("frame", np.full(56, np.nan)),
            "readout_mode": ("frame", np.full(56, "<High> Gain")),
            "roi": (("frame", "roi_axis"), np.tile([24, 0, 32, 24], (56, 1))),
            "temperature": ("frame", -10 + 0.1 * rng.normal(size=56), {"units": "degC"}),
            "exposure_start": ("frame", 1_700_000_000_000_000_000 + 10**9 * np.arange(56)),
        },
        attrs={"uid": "0123456789abcdef", "plan_name": "linearity", "operator": "<script>"},
    )


PLOTS = {
    "photon transfer": (
        views.photon_transfer_plot,
        analysis.photon_transfer,
        "mean signal [count]",
        "variance less dark [count²]",
    ),
    "linearity": (
        views.linearity_plot,
        analysis.linearity,
        "photons [photon/pixel]",
        "residual of the line [%]",
    ),
}


@pytest.mark.parametrize(("plot", "measure", "x", "y"), PLOTS.values(), ids=PLOTS)
def test_axes_carry_names_and_units(run, plot, measure, x, y):
    ax = plot(measure(run))
    assert (ax.get_xlabel(), ax.get_ylabel()) == (x, y)
    assert ax.get_legend() is not None


@pytest.mark.parametrize(("plot", "measure", "x", "y"), PLOTS.values(), ids=PLOTS)
def test_every_level_used_is_a_point(run, plot, measure, x, y):
    result = measure(run)
    drawn = plot(result).containers[0].lines[0].get_xdata()
    name = "signal" if x.startswith("mean") else "light"
    used = result.levels["used"].values
    np.testing.assert_array_equal(drawn, result.levels[name].values[used])


@pytest.mark.parametrize(("plot", "measure", "x", "y"), PLOTS.values(), ids=PLOTS)
def test_a_plot_draws_where_it_is_told_and_takes_a_run(run, plot, measure, x, y):
    ax = Figure().add_subplot()
    assert plot(run, ax) is ax


def test_linearity_against_exposure_says_so(run):
    ax = views.linearity_plot(run.assign_coords(photons=run.photons * np.nan))
    assert ax.get_xlabel() == "exposure [s]"


def test_the_figure_is_written_and_shown_without_pyplot(run, tmp_path):
    figure = views.linearity_figure(analysis.photon_transfer(run), analysis.linearity(run))
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert len(figure.axes) == 2


def gain_transfer_of(read_noises):
    def estimate(value, unit):
        return Estimate(value=value, standard_error=0.05 * value, unit=unit)

    points = tuple(
        analysis.GainPoint(
            gain=20.0 * i,
            electrons_per_count=estimate(0.8 / (i + 1), "e-/count"),
            read_noise=noise and estimate(noise, "e-"),
            dark_level=estimate(300.0, "count"),
            light_level=estimate(9000.0, "count"),
        )
        for i, noise in enumerate(read_noises)
    )
    return analysis.GainTransfer(points=points, levels=xr.Dataset())


def test_the_gain_figure_draws_each_setting_with_its_error_and_not_what_was_left_out():
    upper, lower = views.gain_figure(gain_transfer_of([3.5, None, 1.5])).axes
    assert upper.get_ylabel() == "electrons per count [e-/count]"
    assert (lower.get_xlabel(), lower.get_ylabel()) == ("gain [register value]", "read noise [e-]")
    for ax, gains, values in ((upper, [0, 20, 40], [0.8, 0.4, 0.8 / 3]), (lower, [0, 40], [3.5, 1.5])):
        line, _, (bars,) = ax.containers[0].lines
        np.testing.assert_allclose(line.get_xydata(), np.stack([gains, values], axis=1))
        heights = [np.ptp(segment[:, 1]) for segment in bars.get_segments()]
        np.testing.assert_allclose(heights, 2 * 0.05 * np.array(values))


def test_a_run_card_tells_plan_frames_times_settings_and_errors(run):
    rows = {name: (value, unit) for name, value, unit in views.run_card(run).rows}
    assert rows["frames"] == ("56 (28 dark, 28 light)", "")
    assert rows["gain"] == ("26", "")
    assert rows["exposure"] == ("0.05 … 1.35", "s")
    assert rows["first exposure"] == ("2023-11-14T22:13:20.000", "UTC")
    assert rows["roi"][0] == "(24, 0, 32, 24)"
    assert rows["temperature"][0].endswith(")")
    assert rows["temperature"][1] == "degC"
    assert "offset" not in rows, "what is not known is left out, not shown as a number"


def test_cards_are_escaped(run):
    html = views.run_card(run).html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;High&gt; Gain" in html


def test_a_run_card_does_not_read_the_pixels(run):
    lazy = run.chunk(frame=1)

    def refuse(block):
        raise AssertionError("pixels were read")

    lazy["counts"] = (
        run["counts"].dims,
        lazy["counts"].data.map_blocks(refuse, dtype=np.uint16, meta=np.empty((0, 0, 0), np.uint16)),
    )
    rows = {name: value for name, value, _ in views.run_card(lazy).rows}
    assert rows["frame"] == "24 × 32 uint16"


class Device:
    """What answers as an ophyd device does."""

    name = "cam"
    readings: ClassVar = {
        "cam_gain": (26.0, {"units": "1"}),
        "cam_exposure": (np.float64(0.5), {"units": "s"}),
        "cam_readout_mode": ("High <Gain>", {"units": None}),
        "cam_photons": (float("nan"), {"units": "photon/pixel"}),
        "other_cam_power": (3, {}),
    }

    def read(self):
        return {key: {"value": value, "timestamp": 1.0} for key, (value, _) in self.readings.items()}

    def describe(self):
        frames = {"cam_counts": {"shape": [2, 4, 6], "dtype": "array", "external": "STREAM:"}}
        return {key: {"source": "cam", **key_of} for key, (_, key_of) in self.readings.items()} | frames


def test_a_card_of_a_device_shows_its_readings_by_their_own_names_and_no_frames():
    card = views.camera_card(Device())
    assert card.title == "cam"
    assert card.rows == (
        ("gain", "26", ""),
        ("exposure", "0.5", "s"),
        ("readout mode", "High <Gain>", ""),
        ("other cam power", "3", ""),
    )
    assert "High &lt;Gain&gt;" in card.html
    assert views.camera_card(Device(), title="QHY600M").title == "QHY600M"


@pytest.mark.parametrize("given", [None, 5, "cam", [1], Device], ids=["None", "int", "str", "list", "class"])
def test_a_card_of_neither_a_device_nor_a_mapping_is_refused(given):
    with pytest.raises(AnalysisRefused, match=r"camera_card refused .*read\(\) and describe\(\)") as refused:
        views.camera_card(given)
    assert "\n" not in str(refused.value)


def wrong_things(run):
    transfer, linear = analysis.photon_transfer(run), analysis.linearity(run)
    return {
        "linearity_figure, swapped": lambda: views.linearity_figure(linear, transfer),
        "linearity_figure, a run": lambda: views.linearity_figure(transfer, run),
        "gain_figure, a run": lambda: views.gain_figure(run),
        "run_card, a path": lambda: views.run_card("run/1"),
        "photon_transfer, a path": lambda: views.photon_transfer_plot("run/1"),
        "photon_transfer, the other": lambda: views.photon_transfer_plot(linear),
        "linearity, the other": lambda: views.linearity_plot(transfer),
    }


def test_what_is_not_to_be_drawn_is_refused_by_saying_what_is(run):
    for name, draw in wrong_things(run).items():
        asking = name.split(",")[0]
        with pytest.raises(AnalysisRefused, match=rf"^{asking} refused .*open_run\(path\)") as refused:
            draw()
        assert "\n" not in str(refused.value), name


def test_the_curve_of_a_run_that_never_saturates_marks_no_saturation(run):
    dim = analysis.photon_transfer(run.isel(frame=run.step < 8))
    assert dim.saturation_signal is None
    said, marked = (
        " ".join(text.get_text() for text in views.photon_transfer_plot(result).get_legend().get_texts())
        for result in (dim, analysis.photon_transfer(run))
    )
    assert "70 % of the brightest level" in said
    assert "largest variance" not in said
    assert "70 % of saturation" in marked
    assert "largest variance" in marked


CAMERA = {
    "number": (("gain", (26.0, "1")), ("gain", "26", "")),
    "with unit": (("exposure", (0.5, "s")), ("exposure", "0.5", "s")),
    "estimate": (
        ("read_noise", Estimate(value=1.234, standard_error=0.012, unit="e-")),
        ("read noise", "1.234(12)", "e-"),
    ),
    "unknown": (("humidity", (None, "%")), ("humidity", "—", "")),
    "bare": (("model", "QHY600M"), ("model", "QHY600M", "")),
}


@pytest.mark.parametrize(("item", "row"), CAMERA.values(), ids=CAMERA)
def test_a_camera_card_shows_values_with_units(item, row):
    card = views.camera_card(dict([item]), title="QHY600M")
    assert card.rows == (row,)
    assert repr(card).startswith("QHY600M\n")
