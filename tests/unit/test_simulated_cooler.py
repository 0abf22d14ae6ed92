import numpy as np
import pytest

from qhy600_ophyd.backends.simulated import FreeClock, SimulatedCamera
from qhy600_ophyd.contract import CameraNotReady, SettingRefused, Settings
from qhy600_ophyd.sensor.cooling import thermal_constants

STEP = 0.1
"""Of the thermometer [K]; a reading may be one off for its noise."""


@pytest.fixture
def camera():
    camera = SimulatedCamera(width=32, height=32, ambient=20.0, clock=FreeClock(start=0))
    camera.open()
    return camera


def test_it_is_held_at_the_set_point_with_part_of_the_power(camera):
    camera.cooler.regulate(-5.0)
    camera.clock.wait(3600)
    reading = camera.cooler.read()
    assert reading.value == pytest.approx(-5.0, abs=2 * STEP)
    assert reading.setpoint == -5.0
    assert 25 < reading.power < 75
    assert reading.time == camera.clock.monotonic()


def test_a_set_point_below_what_ambient_allows_is_never_reached(camera):
    camera.cooler.regulate(-30.0)
    camera.clock.wait(36000)
    coldest, _ = thermal_constants().equilibrium(1.0, 20.0)
    reading = camera.cooler.read()
    assert reading.value == pytest.approx(coldest, abs=2 * STEP)
    assert reading.power == 100.0


def test_switched_off_it_warms_to_a_little_above_ambient(camera):
    camera.cooler.regulate(-10.0)
    camera.clock.wait(3600)
    camera.cooler.off()
    camera.clock.wait(36000)
    reading = camera.cooler.read()
    warmest, _ = thermal_constants().equilibrium(0.0, 20.0)
    assert reading.value == pytest.approx(warmest, abs=2 * STEP)
    assert warmest > 20.0
    assert (reading.setpoint, reading.power) == (None, 0.0)


def test_a_liquid_cooled_model_reaches_ten_kelvin_lower():
    def coldest(model):
        camera = SimulatedCamera(width=32, height=32, ambient=20.0, clock=FreeClock(start=0), model=model)
        camera.open()
        camera.cooler.regulate(-50.0)
        camera.clock.wait(36000)
        return camera.cooler.read().value

    assert coldest("QHY600M-Pro I LQ") == pytest.approx(coldest("QHY600M-Pro I") - 10.0, abs=1.0 + 2 * STEP)


def test_a_refused_set_point_leaves_the_cooler_as_it_was(camera):
    camera.cooler.regulate(-10.0)
    with pytest.raises(SettingRefused, match="-50–50 degC"):
        camera.cooler.regulate(-51.0)
    assert camera.cooler.read().setpoint == -10.0


def test_a_closed_camera_has_no_reading(camera):
    camera.close()
    with pytest.raises(CameraNotReady):
        camera.cooler.read()


def test_an_opened_again_camera_goes_on_to_its_set_point(camera):
    camera.cooler.regulate(-10.0)
    camera.close()
    camera.open()
    camera.clock.wait(3600)
    assert camera.cooler.read().value == pytest.approx(-10.0, abs=2 * STEP)


def test_a_frame_carries_the_temperatures_at_both_ends_of_its_exposure(camera):
    camera.configure(Settings(exposure=155.0))
    camera.cooler.regulate(-15.0)
    camera.arm(1)
    info = camera.grab(np.empty(camera.capabilities.geometry.shape, np.uint16), 1.0)
    true = camera.presented[-1].temperature
    assert info.temperature_end.value < true < info.temperature_start.value
    assert info.temperature_start.value - info.temperature_end.value > 10
