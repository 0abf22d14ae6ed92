"""The cooler goes to a set point 5 K below where the sensor is, holds it, and goes off.

Disturbs: cools the sensor by 5 K, once for all of these, lets it warm up, and leaves the cooler as it was.
"""

from __future__ import annotations

import pytest
from cooling_course import TOO_COLD, drives, run_course, seconds, values

from qhy600_ophyd.backends.simulated.body import dew_point
from qhy600_ophyd.device.cooler import Cooler


@pytest.fixture(scope="module")
def course(shared, first_opening, chosen):
    """The whole course."""
    return run_course(shared.opened(), chosen)


def test_the_set_point_is_reached(course, measured):
    """Disturbs: cools by 5 K, as this whole file does."""
    measured("set point", course.target, None, "degC")
    measured("sensor temperature before", course.before.value, None, "degC")
    measured("coldest on the way", min(values(course.down)), None, "degC")
    measured("time until it had settled", course.seconds_down, None, "s", band=Cooler.band)
    if course.found is not None:
        measured("set point that it was found with", course.found, None, "degC")
    assert course.error is None, str(course.error)


def test_the_set_point_is_held(course, measured):
    """Disturbs: nothing more."""
    assert course.held, "it was never reached"
    held = values(course.held)
    measured("temperature while it is held", sum(held) / len(held), None, "degC", readings=len(held))
    measured("range of the temperature while it is held", max(held) - min(held), None, "K")
    # Readings are rounded to a tenth.
    assert max(abs(value - course.target) for value in held) <= Cooler.band + 0.1


def test_the_power_rises_to_cool_and_stays_up_to_hold(course, measured):
    """Disturbs: nothing more."""
    before, down, held = course.before.power, drives(course.down), drives(course.held)
    measured("cooler power: before", before, None, "percent")
    measured("cooler power: most on the way", max(down), None, "percent")
    measured("cooler power: to hold", held[-1] if held else None, None, "percent")
    assert max(down) > before
    assert held
    assert all(power > 0.0 for power in held)


def test_the_sensor_never_gets_much_colder_than_the_set_point(course, measured):
    """Disturbs: nothing more."""
    overshoot = course.target - min(values(course.down + course.held))
    measured("overshoot", overshoot, None, "K")
    assert overshoot < TOO_COLD
    assert {reading.setpoint for reading in course.held} <= {course.target}


def test_switched_off_it_has_no_power_and_the_sensor_warms_up(course, measured):
    """Disturbs: nothing more."""
    power, after = drives(course.after), values(course.after)
    duration = seconds(course.after)
    measured("warming up after switching off", after[-1] - after[0], None, "K", seconds=duration)
    assert power[-1] == 0.0
    assert course.after[-1].setpoint is None
    assert after[-1] > after[0]


def test_the_set_point_lies_above_the_dew_point_of_the_chamber(course, first_opening, measured):
    """Disturbs: nothing more."""
    humidity = first_opening["status"].humidity
    if humidity is None:
        pytest.skip("this camera does not say how humid its chamber is")
    if humidity == 0.0:
        pytest.skip("a humidity of exactly 0 has no dew point, and is hardly a reading")
    # The chamber is about as warm as the sensor was before.
    dew = dew_point(first_opening["cooler"].value, humidity)
    measured("dew point of the chamber", dew, None, "degC", humidity=humidity)
    assert course.target > dew, "the air in the chamber would leave dew on the sensor: renew its drying gel"
