"""A supply that fails switches the cooler off: whoever takes frames is told, once, in words."""

from __future__ import annotations

import warnings

import pytest

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.device import QHY600, SupplyFailed
from qhy600_ophyd.device.supply_watch import SupplyWatch
from qhy600_ophyd.sensor.supply import undervoltage_codes


@pytest.fixture
def camera(tmp_path):
    with QHY600(SimulatedCamera(width=64, height=48, seed=1), sink=tmp_path, name="camera") as camera:
        camera.stage()
        yield camera
        camera.unstage()


def take(camera, *, after=0.0):
    camera.backend.clock.wait(after)
    camera.trigger().wait(10)
    return camera.row


@pytest.mark.parametrize("code", undervoltage_codes(), ids=lambda code: str(code.code))
def test_every_code_that_means_a_failure_is_told_once_with_its_meaning_and_advice(code):
    watch = SupplyWatch()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for _ in range(2):
            watch.note(code.code, cooler_power=0.0)
    assert len(told) == int(code.failed)
    for warning in told:
        assert warning.category is SupplyFailed
        for words in (code.meaning, code.advice, "The cooler is off", "camera.reset_undervoltage()"):
            assert words in str(warning.message)
        assert "\n" not in str(warning.message)


def test_a_second_failure_is_told_again_in_the_same_words():
    watch = SupplyWatch()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for code in (8, 9, 9, 8, 9):
            watch.note(code, cooler_power=0.0)
    assert len(told) == 2


@pytest.mark.parametrize("code", [None, 77], ids=["none", "unknown"])
def test_a_camera_without_a_code_or_with_one_that_nobody_knows_tells_nothing(code):
    SupplyWatch().note(code, cooler_power=0.0)


def test_a_supply_that_fails_is_told_and_after_the_reset_the_camera_cools_again(camera):
    camera.temperature.set(10).wait(30)
    supply = camera.backend.supply
    assert take(camera)["cooler_power"] > 0
    supply.voltage = 10.5
    with pytest.warns(SupplyFailed, match="The cooler is off"):
        row = take(camera, after=60.0)
    assert (row["undervoltage"], row["cooler_power"]) == (9, 0.0)
    warmer = take(camera, after=60.0)["temperature"]
    supply.voltage = 12.0
    assert take(camera, after=60.0)["undervoltage"] == 9, "a good supply alone heals nothing"
    camera.reset_undervoltage()
    row = take(camera, after=300.0)
    assert (row["undervoltage"], row["temperature_setpoint"]) == (8, 10.0)
    assert row["cooler_power"] > 0
    assert row["temperature"] < warmer
    supply.voltage = 10.5
    with pytest.warns(SupplyFailed):
        take(camera, after=60.0)
