import math

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated import FreeClock, SimulatedCamera
from qhy600_ophyd.contract import CameraNotReady, SettingRefused, Settings
from qhy600_ophyd.sensor.cooling import cooling

TAU = cooling().time_constant


@pytest.fixture
def camera():
    camera = SimulatedCamera(width=32, height=32, ambient=20.0, clock=FreeClock(start=0))
    camera.open()
    return camera


def test_the_sensor_nears_its_coldest_exponentially_however_often_it_is_read(camera):
    camera.cooler.regulate(-15.0)
    for _ in range(7):
        camera.clock.wait(TAU / 7)
        reading = camera.cooler.read()
    assert reading.value == pytest.approx(-15 + 35 * math.exp(-1), abs=1e-9)
    assert reading.power == 100
    assert reading.time == camera.clock.monotonic()


def test_it_is_held_at_the_set_point_with_part_of_the_power(camera):
    camera.cooler.regulate(-5.0)
    camera.clock.wait(3600)
    reading = camera.cooler.read()
    assert (reading.value, reading.setpoint) == (-5.0, -5.0)
    assert 25 < reading.power < 50


def test_a_set_point_below_what_ambient_allows_is_never_reached(camera):
    camera.cooler.regulate(-30.0)
    camera.clock.wait(36000)
    assert camera.cooler.read().value == pytest.approx(-15.0)


def test_switched_off_it_warms_to_ambient(camera):
    camera.cooler.regulate(-10.0)
    camera.clock.wait(3600)
    camera.cooler.off()
    camera.clock.wait(TAU)
    reading = camera.cooler.read()
    assert reading.value == pytest.approx(20 - 30 * math.exp(-1))
    assert (reading.setpoint, reading.power) == (None, 0.0)


def test_a_refused_set_point_leaves_the_cooler_as_it_was(camera):
    camera.cooler.regulate(-10.0)
    with pytest.raises(SettingRefused, match="-50–50 degC"):
        camera.cooler.regulate(-51.0)
    assert camera.cooler.read().setpoint == -10.0


def test_a_closed_camera_has_no_reading(camera):
    camera.close()
    with pytest.raises(CameraNotReady):
        camera.cooler.read()


def test_a_frame_carries_the_temperatures_at_both_ends_of_its_exposure(camera):
    camera.configure(Settings(exposure=TAU))
    camera.cooler.regulate(-15.0)
    camera.arm(1)
    info = camera.grab(np.empty(camera.capabilities.geometry.shape, np.uint16), 1.0)
    assert info.temperature_start.value == 20.0
    delay = camera.log[0].exposure_start / 1e9
    assert info.temperature_end.value == pytest.approx(-15 + 35 * math.exp(-1 - delay / TAU))
