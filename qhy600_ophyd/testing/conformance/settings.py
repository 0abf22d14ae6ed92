"""Claims about settings: what is offered is accepted, everything else is refused and changes nothing."""

# ruff: noqa: D102 (the name of a test is its claim)

from __future__ import annotations

import math

import pytest

from qhy600_ophyd.contract import Camera, Limits, SettingRefused, Settings
from qhy600_ophyd.sensor import Rectangle
from qhy600_ophyd.testing.conformance.taking import CameraClaims, frame_shape, prepare, take

NUMBERS = ("exposure", "gain", "offset", "usb_traffic")
CHOICES = {"binning": "binnings", "bit_depth": "bit_depths", "overscan": "overscan"}


def _limits(camera: Camera, name: str) -> Limits:
    limits = getattr(camera.capabilities, name)
    if limits is None:
        pytest.skip(f"this camera has no {name}")
    return limits


def _refuses(camera: Camera, asked: Settings) -> None:
    before = camera.settings
    with pytest.raises(SettingRefused) as refused:
        camera.configure(asked)
    assert "\n" not in str(refused.value), "a message is one line"
    assert camera.settings == before, "a refused setting leaves the camera as it was"


class SettingsClaims(CameraClaims):
    """`configure` applies all or nothing, and says what became of it."""

    def test_configure_returns_all_that_is_actual(self, camera: Camera) -> None:
        actual = prepare(camera)
        assert actual == camera.settings
        offered = camera.capabilities
        for name in NUMBERS:
            assert (getattr(actual, name) is None) == (getattr(offered, name) is None), name
        assert (actual.readout_mode is None) == (not offered.modes)
        for name in ("roi", *CHOICES):
            assert getattr(actual, name) is not None, name

    def test_settings_that_are_not_given_stay(self, camera: Camera) -> None:
        prepare(camera)
        before = camera.settings
        assert camera.configure(Settings(roi=before.roi)) == before

    def test_what_is_actual_can_be_asked_for(self, camera: Camera) -> None:
        actual = prepare(camera)
        assert camera.configure(actual) == actual

    @pytest.mark.parametrize("name", NUMBERS)
    @pytest.mark.parametrize("end", ["low", "high"])
    def test_both_ends_of_a_range_are_accepted(self, camera: Camera, name: str, end: str) -> None:
        limits = _limits(camera, name)
        asked = getattr(limits, end)
        actual = getattr(camera.configure(Settings().with_value(name, asked)), name)
        assert abs(actual - asked) <= (limits.step or 0.0) / 2 + 1e-9 * abs(asked)

    @pytest.mark.parametrize("name", NUMBERS)
    @pytest.mark.parametrize("beyond", ["below", "above", "nan", "infinite", "text"])
    def test_beyond_its_range_a_number_is_refused(self, camera: Camera, name: str, beyond: str) -> None:
        limits = _limits(camera, name)
        margin = 1e-6 * max(abs(limits.low), abs(limits.high), 1e-3)
        asked = {
            "below": limits.low - margin,
            "above": limits.high + margin,
            "nan": math.nan,
            "infinite": math.inf,
            "text": "much",
        }[beyond]
        _refuses(camera, Settings().with_value(name, asked))

    @pytest.mark.parametrize("name", NUMBERS)
    def test_a_setting_that_does_not_exist_is_refused(self, camera: Camera, name: str) -> None:
        if getattr(camera.capabilities, name) is not None:
            pytest.skip(f"this camera has {name}")
        _refuses(camera, Settings().with_value(name, 1.0))

    @pytest.mark.parametrize("name", CHOICES)
    def test_every_choice_that_is_offered_is_accepted(self, camera: Camera, name: str) -> None:
        for choice in getattr(camera.capabilities, CHOICES[name]):
            assert getattr(camera.configure(Settings().with_value(name, choice)), name) == choice

    @pytest.mark.parametrize(("name", "asked"), [("binning", 977), ("bit_depth", 3), ("overscan", "perhaps")])
    def test_a_choice_that_is_not_offered_is_refused(self, camera: Camera, name: str, asked: object) -> None:
        _refuses(camera, Settings().with_value(name, asked))

    def test_every_usable_mode_is_chosen_by_name_or_place(self, camera: Camera) -> None:
        usable = [m for m in camera.capabilities.modes if not m.refused]
        for mode in usable:
            assert camera.configure(Settings(readout_mode=mode.name)).readout_mode == mode.name
            assert (
                camera.configure(Settings().with_value("readout_mode", mode.index)).readout_mode == mode.name
            )
        assert bool(usable) == bool(camera.capabilities.modes), "a camera with modes can use one of them"

    def test_a_mode_that_it_has_not_or_cannot_use_is_refused(self, camera: Camera) -> None:
        refused = [m.name for m in camera.capabilities.modes if m.refused]
        for name in ["no such mode", *refused]:
            _refuses(camera, Settings(readout_mode=name))

    def test_one_bad_value_among_good_ones_changes_nothing(self, camera: Camera) -> None:
        prepare(camera)
        limits = camera.capabilities.exposure
        good = Settings(exposure=limits.high if camera.settings.exposure != limits.high else limits.low)
        for name, value in {
            "gain": math.inf,
            "binning": 977,
            "readout_mode": "no such mode",
            "roi": Rectangle(-1, 0, 4, 4),
        }.items():
            _refuses(camera, good.with_value(name, value))

    def test_an_area_off_the_sensor_is_refused(self, camera: Camera) -> None:
        total = camera.capabilities.geometry.total
        for area in (
            Rectangle(total.width - 1, 0, 2, 1),
            Rectangle(0, total.height - 1, 1, 2),
            Rectangle(0, 0, 0, 1),
            Rectangle(0, -1, 1, 1),
        ):
            _refuses(camera, Settings(roi=area))

    def test_without_overscan_an_area_outside_the_image_is_refused(self, camera: Camera) -> None:
        offered = camera.capabilities
        if offered.readable(True) == offered.readable(False) or False not in offered.overscan:
            pytest.skip("this camera reads image pixels only, or all always")
        _refuses(camera, Settings(overscan=False, roi=offered.geometry.total))

    def test_no_area_asks_for_all_that_overscan_leaves(self, camera: Camera) -> None:
        for overscan in camera.capabilities.overscan:
            for binning in camera.capabilities.binnings:
                prepare(camera)
                actual = camera.configure(Settings(overscan=overscan, binning=binning))
                assert actual.roi == camera.capabilities.readable(overscan).inwards(binning)
                assert take(camera)[1].shape == frame_shape(actual)

    def test_an_area_is_rounded_inwards_to_whole_binned_pixels(self, camera: Camera) -> None:
        for binning in camera.capabilities.binnings:
            prepare(camera)
            x, y, width, height = camera.capabilities.geometry.image
            asked = Rectangle(x + 1, y + 1, width - 2, height - 2)
            actual = camera.configure(Settings(roi=asked, binning=binning))
            assert actual.roi is not None
            assert asked.contains(actual.roi)
            assert all(v % binning == 0 for v in actual.roi)
            assert actual.roi == asked.inwards(binning), "nothing that fits is left out"
            assert take(camera)[1].shape == frame_shape(actual)

    def test_the_cooler_regulates_within_its_limits_only(self, camera: Camera) -> None:
        limits = camera.capabilities.temperature
        if camera.cooler is None or limits is None:
            pytest.skip("this camera has no cooler, or does not say how far it goes")
        for asked in (limits.low, limits.high):
            camera.cooler.regulate(asked)
            assert camera.cooler.read().setpoint == pytest.approx(asked, abs=(limits.step or 0.0) / 2 + 1e-9)
        for asked in (limits.low - 0.1, limits.high + 0.1, math.nan):
            before = camera.cooler.read().setpoint
            with pytest.raises(SettingRefused):
                camera.cooler.regulate(asked)
            assert camera.cooler.read().setpoint == before
        camera.cooler.off()
        assert camera.cooler.read().setpoint is None
