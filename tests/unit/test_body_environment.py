"""Air in the chamber and dew on its window."""

from __future__ import annotations

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.body import Environment, dew_point
from qhy600_ophyd.contract import SettingRefused


def test_saturated_air_has_its_dew_point_where_it_is():
    assert dew_point(13.0, 100.0) == pytest.approx(13.0, abs=1e-9)


def test_the_dew_point_is_that_of_published_tables():
    # 20 °C and 50 %: 9.3 °C in psychrometric tables, given to a tenth.
    assert abs(dew_point(20.0, 50.0) - 9.3) < 0.05


@pytest.mark.parametrize("humidity", [0.0, -1.0, 100.1])
def test_an_impossible_humidity_is_refused(humidity):
    with pytest.raises(SettingRefused, match="humidity"):
        dew_point(20.0, humidity)


@pytest.mark.parametrize("seed", range(20))
def test_a_chamber_is_dry_enough_for_what_its_cooler_can_reach_in_most_cases(seed):
    air = Environment(seed, 20.0)
    assert 0 < air.humidity() < 5
    assert 900 < air.pressure() < 1100
    assert air.chamber_dew_point < -20
    # Humidity is given to 0.1 %, at most half of that off; a factor e of it moves the dew point by 14 K.
    assert abs(dew_point(20.0, air.humidity()) - air.chamber_dew_point) < 14 * 0.05 / (air.humidity() - 0.05)


def test_cameras_differ_and_the_same_camera_does_not():
    found = {(Environment(seed, 20.0).humidity(), Environment(seed, 20.0).pressure()) for seed in range(20)}
    assert len(found) > 10
    assert Environment(3, 20.0).pressure() == Environment(3, 20.0).pressure()


def test_the_pressure_of_a_closed_chamber_goes_with_the_absolute_temperature():
    air = Environment(1, 20.0)
    closed = air.pressure()
    air.ambient = 0.0
    assert abs(air.pressure() / closed - 273.15 / 293.15) < 0.2 / closed


def test_air_of_the_same_water_is_more_humid_in_the_cold():
    air = Environment(1, 20.0)
    warm = air.humidity()
    air.ambient = 0.0
    assert air.humidity() > warm


def test_a_cold_sensor_in_a_humid_room_leaves_dew_that_the_heater_prevents():
    air = Environment(1, 20.0)
    assert not air.dew_on_window(20.0, 60.0, heater=False)
    assert air.dew_on_window(-15.0, 90.0, heater=False)
    assert not air.dew_on_window(-15.0, 90.0, heater=True)


def test_the_window_is_colder_the_colder_the_sensor():
    air = Environment(1, 20.0)
    cold = [air.window_temperature(t, heater=False) for t in (25.0, 20.0, 0.0, -15.0)]
    assert cold[0] == cold[1] == 20.0
    assert (np.diff(cold[1:]) < 0).all()
