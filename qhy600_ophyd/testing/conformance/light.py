"""Claims about the light that a camera brings along."""

# ruff: noqa: D102 (the name of a test is its claim)

from __future__ import annotations

import math
from typing import Any

import pytest
from numpy.typing import NDArray

from qhy600_ophyd.contract import Camera, Light, SettingRefused, Settings
from qhy600_ophyd.testing.conformance.taking import CameraClaims, choose, short_exposure, take


def _light(camera: Camera) -> Light:
    if camera.light is None:
        pytest.skip("this camera brings no light along")
    return camera.light


def _levels(light: Light) -> tuple[Any, ...]:
    return light.limits if isinstance(light.limits, tuple) else (light.limits.low, light.limits.high)


class LightClaims(CameraClaims):
    """`camera.light`, where there is one."""

    def test_the_light_satisfies_the_protocol(self, camera: Camera) -> None:
        assert isinstance(_light(camera), Light)

    def test_every_level_that_is_offered_can_be_set(self, camera: Camera) -> None:
        light = _light(camera)
        for level in (*_levels(light), light.on, light.off):
            assert light.set(level) == level
            assert light.level == level

    @pytest.mark.parametrize("asked", [-1e30, 1e30, "no such level", None])
    def test_a_level_that_is_not_offered_is_refused(self, camera: Camera, asked: object) -> None:
        light = _light(camera)
        before = light.level
        with pytest.raises(SettingRefused) as refused:
            light.set(asked)
        assert "\n" not in str(refused.value)
        assert light.level == before

    def test_no_photons_fall_when_it_is_off(self, camera: Camera) -> None:
        light = _light(camera)
        light.set(light.off)
        for exposure in (camera.capabilities.exposure.low, camera.capabilities.exposure.high):
            assert light.photons(exposure) == 0.0
        assert not light.irradiance

    def test_photons_fall_when_it_is_on_or_are_not_known(self, camera: Camera) -> None:
        light = _light(camera)
        light.set(light.on)
        photons = light.photons(camera.capabilities.exposure.high)
        assert photons is None or photons > 0
        if light.irradiance is not None:
            exposure = short_exposure(camera)
            assert light.photons(exposure) == pytest.approx(light.irradiance * exposure)

    def test_what_was_never_recorded_has_no_photons(self, camera: Camera) -> None:
        light = _light(camera)
        if camera.capabilities.recorded is None:
            pytest.skip("this camera exposes")
        light.set(light.on)
        assert light.photons(2 * camera.capabilities.exposure.high + 1) is None

    def test_bright_frames_have_more_counts_than_dark_ones(self, camera: Camera) -> None:
        light = _light(camera)
        levels = (light.off, light.on)
        recorded = camera.capabilities.recorded
        frames: list[NDArray[Any]] = []
        if recorded is None:
            exposure = min(1.0, camera.capabilities.exposure.high)
            for level in levels:
                light.set(level)
                camera.configure(Settings(exposure=exposure))
                frames.append(take(camera)[0])
        else:
            both = {r.exposure for r in recorded if r.light == levels[0]}
            both &= {r.exposure for r in recorded if r.light == levels[1]}
            if not both:
                pytest.skip("no exposure of this recording is dark and bright")
            for level in levels:
                entry = next(r for r in recorded if r.exposure == max(both) and r.light == level)
                choose(camera, entry)
                frames.append(take(camera)[0])
        dark, bright = frames
        # The pixels' own differences are in both variances, which makes the claim harder, not easier.
        error = math.sqrt(dark.var() / dark.size + bright.var() / bright.size)
        assert bright.mean() - dark.mean() > 4 * error
