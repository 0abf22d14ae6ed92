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


def test_a_response_below_the_bend_is_left_alone():
    charge = np.array([0, 0.3, linearity().onset]) * linearity().saturation
    assert (linearity().signal(charge) == charge).all()
    assert (linearity().local_gain(charge) == 1).all()


MEANS_OF_THE_CHART = [
    (0.8206, 0.0002, 4),
    (0.8752, -0.0068, 4),
    (0.9235, -0.0107, 3),
    (0.9708, -0.0204, 4),
    (1.0230, -0.0337, 4),
]
"""Charge over saturation, relative deviation from the straight part, number of points in this mean."""


@pytest.mark.parametrize(("fraction", "deviation", "points"), MEANS_OF_THE_CHART)
def test_the_bend_falls_short_by_what_the_chart_shows(fraction, deviation, points):
    """Single points scatter by 230 e-; the straight line is good to 117 e-."""
    charge = fraction * linearity().saturation
    error = np.hypot(230 / np.sqrt(points), 117)
    assert abs(linearity().signal(charge) - charge * (1 + deviation)) < 4 * error


@pytest.mark.parametrize(("electrons", "within"), [(51_000, 0.0), (73_000, 0.01)])
def test_the_response_is_as_straight_as_the_makers_page_says(electrons, within):
    assert abs(linearity().signal(electrons) / electrons - 1) <= within


@given(st.floats(0, 120_000), st.floats(0, 120_000))
def test_more_charge_never_gives_less_signal_nor_more_of_it_per_electron(one, other):
    low, high = sorted((one, other))
    assert linearity().signal(low) <= linearity().signal(high)
    assert 1 >= linearity().local_gain(low) >= linearity().local_gain(high) >= 0


@given(st.floats(0, 120_000))
def test_the_local_gain_is_the_slope_of_the_signal(charge):
    """A central difference of a parabola is exact; across its two ends it is off by the curvature."""
    step = 1.0
    slope = (linearity().signal(charge + step) - linearity().signal(charge - step)) / (2 * step)
    error = linearity().compression * step / linearity().saturation + 1e-9
    assert abs(linearity().local_gain(charge) - slope) <= error


def test_the_signal_ends_at_the_vertex():
    law = linearity()
    assert law.signal([law.vertex, 2 * law.vertex]) == pytest.approx(law.largest_signal)
    assert law.local_gain(law.vertex) == pytest.approx(0, abs=1e-12)


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
