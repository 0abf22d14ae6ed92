"""The simulated lamp: what it can be told, and what it says of itself."""

from __future__ import annotations

import pytest

from qhy600_ophyd.backends.simulated.inputs import LightState
from qhy600_ophyd.backends.simulated.scene import SCENES, SimulatedLight, scene_named
from qhy600_ophyd.contract import Light, SettingRefused


def lamp(**parameters) -> SimulatedLight:
    return SimulatedLight(**{"irradiance": 123.0, "wavelength": 530.0, **parameters})


def test_it_is_a_light_that_is_flat_and_steady_unless_told():
    light = lamp()
    assert isinstance(light, Light)
    assert light.state() == LightState(irradiance=123.0, wavelength=530.0)
    assert (light.on, light.off, light.photons(2.0)) == (123.0, 0.0, 246.0)


def test_the_state_is_what_was_set():
    light = lamp(scene="stars", flicker_frequency=120, flicker_depth=0.5)
    light.set(light.off)
    light.scene = "gradient slope=-1"
    light.flicker_frequency, light.flicker_depth = 100, 0.25
    assert light.state() == LightState(
        irradiance=0.0,
        wavelength=530.0,
        scene="gradient slope=-1.0",
        flicker_frequency=100.0,
        flicker_depth=0.25,
    )


def test_photons_are_those_of_the_mean_over_flicker():
    assert lamp(flicker_frequency=100.0, flicker_depth=1.0).photons(0.001) == pytest.approx(0.123)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("scene", "moon", "flat, gradient, stars, beads, cells"),
        ("scene", None, "flat, gradient"),
        ("scene", "", "flat, gradient"),
        ("scene", "flat slope=1", "no parameter"),
        ("scene", "stars width=3", "density=number, fwhm=number, sky=number"),
        ("scene", "stars fwhm=3 fwhm=4", "at most once"),
        ("scene", "stars fwhm=wide", "a number after fwhm="),
        ("scene", "stars fwhm=0.5", "stars with fwhm 1–8 pixel"),
        ("scene", "gradient slope=nan", "slope -1.4–1.4"),
        ("flicker_frequency", -1.0, "0–100000 Hz"),
        ("flicker_frequency", "mains", "0–100000 Hz"),
        ("flicker_frequency", 0.0, "set flicker_depth to 0"),
        ("flicker_depth", 1.5, "0–1"),
        ("flicker_depth", None, "0–1"),
        ("flicker_depth", float("nan"), "0–1"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_by_name_and_changes_nothing(name, value, message):
    light = lamp(flicker_frequency=100.0, flicker_depth=0.1)
    before = light.state()
    with pytest.raises(SettingRefused, match=message) as refused:
        setattr(light, name, value)
    assert str(refused.value).startswith(name)
    assert "still at" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert light.state() == before


def test_a_flicker_without_a_frequency_is_refused():
    with pytest.raises(SettingRefused, match="Set flicker_frequency first"):
        lamp(flicker_depth=0.1)


@pytest.mark.parametrize(
    "parameters",
    [{"wavelength": 300.0}, {"irradiance": -1.0}, {"scene": "moon"}, {"flicker_depth": 2.0}],
    ids=str,
)
def test_an_impossible_lamp_is_refused_by_name(parameters):
    with pytest.raises(SettingRefused, match=next(iter(parameters)).replace("irradiance", "light")):
        lamp(**parameters)


@pytest.mark.parametrize("name", [*SCENES, "gradient slope=-0.1 angle=30.0", "stars fwhm=2.7182818284590451"])
def test_a_scene_is_found_again_by_what_it_calls_itself(name):
    scene = scene_named(name)
    assert scene_named(str(scene)) == scene
    assert scene_named(f"  {name.upper()} ") == scene


def test_a_parameter_at_its_usual_value_is_not_named():
    assert lamp(scene="Stars sky=0.5 fwhm=3").scene == "stars"
