"""Where water settles: the Magnus formula against published tables."""

from __future__ import annotations

import math

import pytest

from qhy600_ophyd.sensor.moisture import dew_point, frost_point, settles_at, vapour_pressure


@pytest.mark.parametrize(
    ("temperature", "pressure"), [(-20.0, 1.254), (0.0, 6.107), (20.0, 23.37), (40.0, 73.78)]
)
def test_vapour_over_water_is_that_of_the_smithsonian_tables(temperature, pressure):
    # The formula without the enhancement by air is good to half a percent.
    assert vapour_pressure(temperature) == pytest.approx(pressure, rel=5e-3)
    assert dew_point(pressure) == pytest.approx(temperature, abs=0.1)


@pytest.mark.parametrize(("temperature", "pressure"), [(-40.0, 0.1283), (-20.0, 1.032), (-10.0, 2.597)])
def test_vapour_over_ice_is_that_of_the_smithsonian_tables(temperature, pressure):
    assert frost_point(pressure) == pytest.approx(temperature, abs=0.1)


def test_water_settles_as_dew_above_zero_and_as_frost_below_where_less_is_enough():
    assert settles_at(20.0, 50.0) == pytest.approx(9.3, abs=0.05)
    pressure = vapour_pressure(20.0) * 0.02
    assert settles_at(20.0, 2.0) == frost_point(pressure) > dew_point(pressure)
    assert math.isnan(settles_at(20.0, 0.0))
