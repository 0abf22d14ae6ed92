"""When rows are exposed and how long a frame takes to arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhy600_ophyd.sensor.timing import timing

FULL_ROWS, COLUMNS = 6422, 9600


FITTED = 0.067
"""Largest relative deviation of the law from the page's frame times, as it was fitted."""


@pytest.mark.parametrize(
    ("rows", "rate"),
    [(6422, 4.0), (3194, 7.2), (1080, 22.5), (768, 28.0), (480, 47.0), (100, 160.0)],
    ids=str,
)
def test_8_bit_frames_come_at_the_published_rates_as_well_as_the_law_was_fitted(rows, rate):
    assert timing().frame_time(rows, COLUMNS) * rate == pytest.approx(1, abs=FITTED)


def test_16_bit_frames_of_the_whole_chip_come_at_the_published_rate():
    """The link's rate is that frame rate, rounded to its fourth digit."""
    assert timing().frame_time(FULL_ROWS, COLUMNS * 2) * 2.5 == pytest.approx(1, abs=0.5 / 3083)


@pytest.mark.parametrize(("traffic", "longer"), [(0, 0.0), (30, 0.150), (60, 0.400)])
def test_traffic_lengthens_a_whole_16_bit_frame_by_what_was_measured(traffic, longer):
    difference = timing().frame_time(FULL_ROWS, COLUMNS * 2, traffic) - timing().frame_time(
        FULL_ROWS, COLUMNS * 2
    )
    assert difference == pytest.approx(longer, abs=1e-12)


def test_without_traffic_the_line_is_the_shortest():
    assert timing().line_time_at(0) == timing().line_time == 40.55e-6
    assert timing().line_time_at(-1) == timing().line_time


@given(st.floats(0, 300), st.floats(0, 300))
def test_more_traffic_never_shortens_the_line(one, other):
    low, high = sorted((one, other))
    assert timing().line_time_at(low) <= timing().line_time_at(high) * (1 + 1e-12)


def test_beyond_the_last_measured_register_the_line_goes_on_growing():
    step = timing().line_time_at(60) - timing().line_time_at(45)
    assert timing().line_time_at(75) - timing().line_time_at(60) == pytest.approx(step, rel=1e-9)


def test_fewer_columns_speed_up_the_link_and_not_the_sensor():
    sensor_limited = timing().frame_time(1000, 100)
    assert timing().frame_time(1000, 50) == sensor_limited
    assert timing().frame_time(FULL_ROWS, COLUMNS) < timing().frame_time(FULL_ROWS, COLUMNS * 2)


@given(st.floats(1e-6, 3600), st.floats(40e-6, 200e-6))
def test_an_exposure_of_whole_lines_stays_as_it_is(asked, line_time):
    once = timing().exposure_lines(asked, line_time)
    assert timing().exposure_lines(once, line_time) == once


@given(st.floats(1e-6, 0.999), st.floats(40e-6, 200e-6))
def test_a_short_exposure_is_the_nearest_number_of_lines_and_at_least_one(asked, line_time):
    actual = timing().exposure_lines(asked, line_time)
    assert actual == round(actual / line_time) * line_time >= line_time
    assert abs(actual - max(asked, line_time)) <= line_time / 2 * (1 + 1e-9)


@given(st.floats(1, 3600))
def test_a_long_exposure_is_as_asked(asked):
    assert timing().exposure_lines(asked, 40.55e-6) == asked


def test_single_frames_streams_and_starting_take_what_was_measured():
    t = timing()
    assert (t.single_frame_delay, t.single_frame_readout, t.live_delay) == (0.35, 1.75, 0.45)
    assert t.initialisation == 4.5
    assert t.long_exposure == 1.0
