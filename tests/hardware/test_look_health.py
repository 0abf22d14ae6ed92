"""How the camera is: supply, air, temperature, filter wheel. Disturbs nothing beyond opening it."""

from __future__ import annotations

import pytest

from qhy600_ophyd.contract import CarriesFilterWheel, SystemClock
from qhy600_ophyd.sensor.supply import undervoltage_code


def test_its_supply_is_good(camera, measured):
    """Disturbs: nothing."""
    code = camera.status().undervoltage
    measured("undervoltage code", code)
    if code is None:
        pytest.skip("this camera does not say how its supply is")
    known = undervoltage_code(code)
    assert not known.failed, f"{known.meaning}. {known.advice}"


def test_the_air_in_its_chamber_is_dry_and_of_this_planet(camera, measured):
    """Disturbs: nothing."""
    status = camera.status()
    if status.humidity is None and status.pressure is None:
        pytest.skip("this camera has no sensor for its air")
    measured("humidity", status.humidity, unit="percent")
    measured("pressure", status.pressure, unit="mbar")
    if status.humidity is not None:
        assert 0.0 <= status.humidity <= 60.0, "its drying gel is spent, or this is no reading"
    if status.pressure is not None:
        # Sealed at 0 to 5 km, and warmed or cooled by some tens of kelvin since.
        assert 400.0 <= status.pressure <= 1200.0


def test_the_temperature_of_its_sensor_is_one(camera, measured):
    """Disturbs: nothing."""
    values = []
    for _ in range(5):
        reading = camera.cooler.read()
        values.append(reading.value)
        assert 0.0 <= reading.power <= 100.0
        SystemClock().wait(0.2)
    measured("sensor temperature", values[-1], unit="degC")
    measured("range of five readings of the temperature", max(values) - min(values), unit="K")
    assert all(-45.0 < value < 60.0 for value in values)


def test_its_filter_wheel_says_how_many_slots_it_has(camera, measured):
    """Disturbs: nothing; the wheel does not turn."""
    if not isinstance(camera, CarriesFilterWheel):
        pytest.skip("this camera has no port for a filter wheel")
    slots = camera.filter_wheel.slots
    measured("slots of the filter wheel", slots)
    if slots == 0:
        pytest.skip("no filter wheel answers")
    assert 1 <= slots <= 16
    assert camera.filter_wheel.position() in (None, *range(1, slots + 1))
