"""Facts about the pixels: their noise, how their response bends, their filters, where they lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhy600_ophyd.sensor import Geometry, NotPublished, Region
from qhy600_ophyd.sensor.colour import CHANNELS, mosaic, phase, transmission
from qhy600_ophyd.sensor.linearity import linearity
from qhy600_ophyd.sensor.noise import read_noise_distribution


def test_the_read_noise_of_the_pixels_has_the_measured_median_mean_and_rms():
    known = read_noise_distribution()
    assert (known.median, known.mean, known.rms) == (1.25, 1.46, 1.67)
    assert known.rms_corrected < known.rms


@pytest.mark.parametrize("name", ["jump", "side_weight", "core", "tail"])
def test_quantiles_rise(name):
    at, value = np.array(getattr(read_noise_distribution(), name)).T
    assert (np.diff(at) > 0).all()
    assert (np.diff(value) > 0).all() or (name == "tail" and (np.diff(value) < 0).all())


def test_the_jumps_are_as_wide_as_a_log_normal_of_the_given_width():
    """Quartiles of ln d lie 0.6745 sd from the mean if it is normal; within sampling: 885 pixels."""
    known = read_noise_distribution()
    quartile = dict(known.jump)
    half = (np.log(quartile[75]) - np.log(quartile[25])) / 2
    error = 1.36 * known.jump_log_sd / np.sqrt(885)  # of a quartile of a normal distribution
    middle = (np.log(quartile[75]) + np.log(quartile[25])) / 2
    assert abs(middle - known.jump_log_mean) < 4 * error
    assert abs(half - 0.6745 * known.jump_log_sd) < 4 * error


def test_a_straight_response_below_the_bend_is_left_alone():
    assert (linearity().deviation([0, 0.3, linearity().onset]) == 0).all()
    assert linearity().onset >= 73_000 / 81_240.6 - 0.1


def test_the_bend_falls_short_by_what_the_chart_shows():
    """Its last points lie 3.7 and 3.8 % low; single ones scatter by 296 e- of 81 000, 0.4 %."""
    assert linearity().deviation(1.0397) == pytest.approx(-0.0382, abs=0.004)


def test_at_its_end_the_bend_meets_saturation():
    fraction, deviation = linearity().rows[-1]
    assert fraction * (1 + deviation) == pytest.approx(1, abs=1e-4)


@given(st.floats(0, 1.2), st.floats(0, 1.2))
def test_more_charge_never_gives_less_signal(one, other):
    low, high = sorted((one, other))
    signal = np.array([low, high]) * (1 + linearity().deviation([low, high]))
    assert signal[0] <= signal[1]


@pytest.mark.parametrize(
    ("x0", "y0", "filters"),
    [(0, 0, "RGGB"), (1, 0, "GRBG"), (0, 1, "GBRG"), (1, 1, "BGGR"), (-24, 0, "RGGB"), (-1, 0, "GRBG")],
)
def test_an_area_that_starts_at_an_odd_pixel_has_another_phase(x0, y0, filters):
    assert phase(x0, y0) == filters


@given(st.integers(-30, 9575), st.integers(0, 6387), st.floats(400, 1000))
def test_the_filters_before_an_area_are_those_of_its_phase(x0, y0, nanometres):
    known = dict(zip(CHANNELS, transmission(nanometres), strict=True))
    assert mosaic(nanometres, x0=x0, y0=y0).ravel().tolist() == [known[c] for c in phase(x0, y0)]


@pytest.mark.parametrize(("nanometres", "strongest"), [(450, "B"), (535, "G"), (630, "R")])
def test_each_filter_passes_its_own_colour_best(nanometres, strongest):
    passed = dict(zip(CHANNELS, transmission(nanometres), strict=True))
    assert max(passed, key=lambda colour: passed[colour]) == strongest
    assert all(0 < value < 1 for value in passed.values())


@pytest.mark.parametrize("nanometres", [399, 1001])
def test_beyond_its_table_no_transmission_is_known(nanometres):
    with pytest.raises(NotPublished, match="400 to 1000"):
        transmission(nanometres)


def test_the_mode_that_bins_in_the_chip_has_the_layout_of_the_vendor_library():
    layout = Geometry.hardware_3x3()
    assert tuple(layout.image) == (8, 0, 3192, 2124)
    assert layout.shape == (2144, 3200)
    assert (layout.x_region(layout.total)[:6] == Region.DARK).all()
    assert (layout.y_region(layout.total)[-18:] == Region.OVERSCAN).all()


def test_an_image_of_another_size_keeps_the_dark_columns_and_the_overscan_of_that_mode():
    layout = Geometry.hardware_3x3(120, 60)
    assert tuple(layout.image) == (8, 0, 120, 60)
    assert layout.shape == (80, 128)
