import math
from importlib.resources import files
from itertools import pairwise

import pytest

from qhy600_ophyd.sensor import NotPublished
from qhy600_ophyd.sensor.cooling import cooling
from qhy600_ophyd.sensor.dark_current import dark_current
from qhy600_ophyd.sensor.quantum_efficiency import quantum_efficiency
from qhy600_ophyd.sensor.readout_modes import readout_mode, readout_modes
from qhy600_ophyd.sensor.response import (
    electrons_per_count,
    is_extrapolated,
    pixel_well,
    read_noise,
    response,
)
from qhy600_ophyd.sensor.tables import table
from qhy600_ophyd.sensor.timing import timing

WITH_RESPONSE = [mode.id for mode in readout_modes() if mode.has_response]


@pytest.mark.parametrize(
    ("mode", "gain", "system_gain", "noise"),
    [
        pytest.param("PhotoGraphic DSO 16BIT", 0, 1.2309, 7.68, id="photographic-first-row"),
        pytest.param("PhotoGraphic DSO 16BIT", 25, 0.5068, 6.88, id="photographic-below-switch"),
        pytest.param("PhotoGraphic DSO 16BIT", 26, 0.4217, 3.86, id="photographic-at-switch"),
        pytest.param("High Gain Mode 16BIT", 55, 0.3827, 3.49, id="high-gain-below-switch"),
        pytest.param("High Gain Mode 16BIT", 56, 0.3462, 1.75, id="high-gain-at-switch"),
        pytest.param("Extend Fullwell Mode", 100, 0.0742, 5.46, id="extended-last-row"),
        pytest.param("Extend Fullwell 2CMS", 50, 0.7254, 5.58, id="extended-2cms"),
        pytest.param("2CMS-0", 30, 0.3977, 2.17, id="library-mode-8-is-page-mode-4"),
        pytest.param("2CMS-1", 60, 0.3184, 1.59, id="library-mode-9-is-page-mode-5"),
    ],
)
def test_a_row_of_the_table_is_given_back_scaled_in_gain_and_unscaled_in_noise(
    mode, gain, system_gain, noise
):
    rounding = 0.5e-4 * (1 + 0.853)  # of the chart's fourth digit, and of the expected one
    assert abs(electrons_per_count(mode, gain) - system_gain) <= rounding
    assert read_noise(mode, gain) == noise


@pytest.mark.parametrize("mode", WITH_RESPONSE)
def test_a_pixel_holds_more_than_any_converter_counts_and_the_same_in_every_mode(mode):
    assert pixel_well(mode) == pixel_well("high_gain") > 65535 * electrons_per_count(mode, 0)


@pytest.mark.parametrize(
    ("mode", "electrons"), [("high_gain", 51_000), ("photographic", 73_000), ("extended_full_well", 80_000)]
)
def test_at_gain_0_the_converter_counts_what_the_makers_page_says_above_a_bias_of_500(mode, electrons):
    assert (65535 - 500) * electrons_per_count(mode, 0) > electrons


def test_between_two_rows_the_system_gain_is_a_straight_line():
    halfway = (electrons_per_count("high_gain", 10) + electrons_per_count("high_gain", 15)) / 2
    assert electrons_per_count("high_gain", 12.5) == pytest.approx(halfway, rel=1e-12)


@pytest.mark.parametrize(("mode", "switch"), [("photographic", 26), ("high_gain", 56)])
def test_the_switch_of_the_conversion_gain_jumps_and_is_not_smoothed(mode, switch):
    below, at = read_noise(mode, switch - 0.01), read_noise(mode, switch)
    assert below == read_noise(mode, switch - 1)
    assert below / at > 1.7


@pytest.mark.parametrize("mode", [mode.id for mode in readout_modes()])
def test_the_system_gain_falls_and_stays_positive_up_to_gain_200(mode):
    values = [electrons_per_count(mode, gain) for gain in range(201)]
    assert all(later < earlier for earlier, later in pairwise(values))
    assert values[-1] > 0


@pytest.mark.parametrize("mode", WITH_RESPONSE)
def test_beyond_the_table_the_system_gain_follows_the_decibels_of_the_library(mode):
    rows = response(mode)
    last = float(rows.gain[-1])
    assert not is_extrapolated(mode, last)
    assert is_extrapolated(mode, last + 1)
    register, decibels = (list(column) for column in rows.decibels.T)
    difference = decibels[register.index(200)] - decibels[register.index(150)]
    ratio = electrons_per_count(mode, 150) / electrons_per_count(mode, 200)
    assert 20 * math.log10(ratio) == pytest.approx(difference, rel=1e-9)
    assert read_noise(mode, 200) == read_noise(mode, last)


@pytest.mark.parametrize("gain", [-1, 200.5, math.nan])
def test_a_gain_that_the_register_does_not_have_has_no_response(gain):
    with pytest.raises(NotPublished, match="0 to 200"):
        electrons_per_count("high_gain", gain)


@pytest.mark.parametrize("mode", ["12bit mode (Fiber Only)", "Bin3*3Mode (hardware)", "Mode 7"])
def test_a_mode_without_published_response_has_none(mode):
    with pytest.raises(NotPublished):
        response(mode)


def test_the_eleven_modes_stand_in_the_order_of_the_vendor_library():
    assert len(readout_modes()) == 11
    assert [mode.name for mode in readout_modes() if mode.fibre] == [
        "14bit mode (Fiber Only)",
        "12bit mode (Fiber Only)",
        "12bit raw mode (Fiber Only)",
        "14bit mode high gain(Fiber Only)",
    ]
    assert readout_modes()[8] == readout_mode("photographic_2cms") == readout_mode("2CMS-0")
    assert readout_mode("Bin3*3Mode (hardware)").binning == 3


@pytest.mark.parametrize(
    ("celsius", "electrons"), [(-19.92, 0.002236), (0.07, 0.011164), (19.97, 0.223213)], ids=str
)
def test_the_dark_current_is_that_of_the_chart(celsius, electrons):
    assert dark_current(celsius) == pytest.approx(electrons, rel=1e-12)


def test_between_two_points_the_dark_current_is_their_geometric_mean():
    assert dark_current((-10.05 - 4.92) / 2) == pytest.approx(math.sqrt(0.005801 * 0.00737), rel=1e-12)


def test_the_dark_current_rises_with_temperature_beyond_the_chart_too():
    values = [dark_current(celsius) for celsius in range(-50, 51)]
    assert all(later > earlier for earlier, later in pairwise(values))


@pytest.mark.parametrize(("nanometres", "efficiency"), [(452.97, 0.9157), (697.69, 0.4625)], ids=str)
def test_the_quantum_efficiency_is_that_of_the_chart(nanometres, efficiency):
    assert quantum_efficiency(nanometres) == pytest.approx(efficiency, rel=1e-12)


@pytest.mark.parametrize("nanometres", [399, 1001])
def test_a_wavelength_outside_the_chart_has_no_quantum_efficiency(nanometres):
    with pytest.raises(NotPublished, match="400 to 1000"):
        quantum_efficiency(nanometres)


def test_a_full_frame_comes_at_the_published_rate():
    assert 1 / timing().readout_time(6422, 9600 * 2) == pytest.approx(2.5, rel=1e-3)
    assert 1 / timing().readout_time(6422, 9600) == pytest.approx(4, rel=0.06)


def test_the_start_delay_is_rectangular_between_its_two_published_values():
    assert timing().best_start_delay == pytest.approx(0.47)
    assert timing().start_delay_uncertainty == pytest.approx(0.24 / math.sqrt(12))


def test_full_drive_holds_the_greatest_depth():
    assert cooling().power(cooling().depth) == 100
    assert cooling().power(25.8) == 50


@pytest.mark.parametrize(
    "name",
    sorted(
        path.name.removesuffix(".toml")
        for path in files("qhy600_ophyd.sensor").joinpath("data").iterdir()
        if path.name.endswith(".toml")
    ),
)
def test_every_table_names_its_source_date_and_conditions(name):
    header = files("qhy600_ophyd.sensor").joinpath("data", f"{name}.toml").read_text("utf-8")
    assert all(word in header for word in ("# Source", "# Date", "# Conditions"))
    assert any(mark in header for mark in ("(read", "(computed", "assumed"))
    assert table(name)
