"""A light as an ophyd device, and what a camera says of the light that it stands under."""

from __future__ import annotations

import math

import pytest
from ophyd.sim import SynAxis

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.device import QHY600, Light


class Unlit(SimulatedCamera):
    """A camera that has no light of its own, as real ones."""

    light = None


class Named:
    """A light of two named levels, not calibrated."""

    limits = ("closed", "open")
    off, on, level = "closed", "open", "closed"
    irradiance = wavelength = None

    def set(self, level):
        self.level = level
        return level

    def photons(self, exposure):
        return None


@pytest.fixture
def lamp():
    return Light(SimulatedCamera(width=64, height=48).light, name="light", pixel_size=3.76)


def test_the_level_is_read_as_requested_and_actual_with_what_falls_on_a_pixel(lamp):
    lamp.set(100.0).wait(1)
    values = {key: reading["value"] for key, reading in lamp.read().items()}
    assert values == {
        "light": 100.0,
        "light_requested": 100.0,
        "light_irradiance": 100.0,
        "light_wavelength": 530.0,
        "light_power_density": lamp.power_density,
    }
    assert set(values) == set(lamp.describe())
    assert lamp.describe()["light"]["limits"]["control"]["low"] == 0.0
    assert lamp.locate() == {"setpoint": 100.0, "readback": 100.0}


def test_the_power_density_is_photons_times_their_energy_over_the_pixel(lamp):
    lamp.set(1e6)
    planck, light_speed = 6.62607015e-34, 299792458.0
    expected = 1e6 * planck * light_speed / 530e-9 / (3.76e-6) ** 2
    assert math.isclose(lamp.power_density, expected, rel_tol=1e-8)


@pytest.mark.parametrize("level", [-1, math.nan, math.inf, "bright", None], ids=str)
def test_a_level_that_the_light_does_not_have_is_refused(lamp, level):
    before = lamp.get()
    with pytest.raises(SettingRefused, match="light"):
        lamp.set(level)
    assert lamp.get() == before


def test_a_light_of_named_levels_offers_them_as_choices():
    lamp = Light(Named(), name="shutter")
    assert lamp.describe()["shutter"]["choices"] == ["closed", "open"]
    lamp.set("open")
    assert lamp.read()["shutter"]["value"] == "open"
    assert math.isnan(lamp.read()["shutter_power_density"]["value"])
    with pytest.raises(SettingRefused, match="'closed', 'open'"):
        lamp.set("ajar")


@pytest.mark.parametrize("own", [None, Named()], ids=["no-light", "uncalibrated"])
def test_without_calibration_photons_are_missing(tmp_path, own):
    motor = SynAxis(name="lamp")
    with QHY600(Unlit(width=64, height=48), sink=tmp_path, name="camera", light=own) as camera:
        motor.set(3)
        camera.stage()
        camera.trigger().wait(10)
        for name in ("photons", "irradiance", "wavelength"):
            assert math.isnan(camera.read()[f"camera_{name}"]["value"])
        camera.unstage()


def test_photons_are_the_irradiance_times_the_actual_exposure(tmp_path):
    backend = SimulatedCamera(width=64, height=48)
    with QHY600(backend, sink=tmp_path, name="camera") as camera:
        backend.light.set(250.0)
        camera.exposure.set(0.5)
        camera.stage()
        camera.trigger().wait(10)
        values = {key: reading["value"] for key, reading in camera.read().items()}
        assert values["camera_photons"] == 250.0 * values["camera_exposure"]
        assert values["camera_photons"] == pytest.approx(125.0, abs=250.0 * 2.1e-5)
        camera.unstage()
