"""The cooler of the real camera is told its set point every second, and its power is left alone."""

from __future__ import annotations

import threading

import pytest
from sdk_rig import closed, opened, taken
from standin_library import why_not

from qhy600_ophyd.backends.sdk import keeping_cold
from qhy600_ophyd.contract import SystemClock

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")

POWER = "writes.16"
"""Writes of the cooler's power by hand."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(keeping_cold, "PERIOD", 0.02)
    monkeypatch.setattr(keeping_cold, "_PATIENCE", 0.01)


def reaches(condition, within=3.0):
    clock = SystemClock()
    end = clock.monotonic() + within
    while clock.monotonic() < end:
        if condition():
            return True
        clock.wait(0.01)
    return False


def test_the_set_point_is_told_again_and_again_and_power_never_written(tmp_path):
    camera, standin = opened(tmp_path)
    camera.cooler.regulate(-10.0)
    assert reaches(lambda: standin["calls.ControlQHYCCDTemp"] >= 5)
    assert standin[POWER] == 0
    assert camera.cooler.read().setpoint == -10.0
    camera.close()


def test_switching_it_off_writes_its_power_once_and_ends_the_telling(tmp_path):
    camera, standin = opened(tmp_path)
    camera.cooler.regulate(-10.0)
    camera.cooler.off()
    told = standin["calls.ControlQHYCCDTemp"]
    SystemClock().wait(0.2)
    assert (standin["calls.ControlQHYCCDTemp"], standin[POWER]) == (told, 1)


def test_nothing_is_told_before_a_set_point_and_after_closing(tmp_path):
    camera, standin = closed(tmp_path)
    threads = threading.active_count()
    camera.open()
    SystemClock().wait(0.1)
    assert (standin["calls.ControlQHYCCDTemp"], threading.active_count()) == (0, threads)
    camera.cooler.regulate(-10.0)
    camera.close()
    told = standin["calls.ControlQHYCCDTemp"]
    SystemClock().wait(0.1)
    assert (standin["calls.ControlQHYCCDTemp"], threading.active_count()) == (told, threads)


def test_a_camera_that_is_opened_again_goes_on_to_its_set_point(tmp_path):
    camera, standin = opened(tmp_path)
    camera.cooler.regulate(-10.0)
    camera.close()
    camera.open()
    told = standin["calls.ControlQHYCCDTemp"]
    assert reaches(lambda: standin["calls.ControlQHYCCDTemp"] > told + 2)
    camera.close()


def test_a_readout_is_not_disturbed_by_it(tmp_path):
    camera, standin = opened(tmp_path, readout_ms=150)
    camera.cooler.regulate(-10.0)
    for _ in range(3):
        taken(camera)
    camera.close()
    assert standin["overlaps"] == 0
    assert standin["calls.ControlQHYCCDTemp"] >= 2


def test_a_camera_that_is_gone_does_not_end_the_program(tmp_path):
    camera, standin = opened(tmp_path)
    camera.cooler.regulate(-10.0)
    standin["lost"] = 1
    SystemClock().wait(0.1)
    standin["lost"] = 0
    told = standin["calls.ControlQHYCCDTemp"]
    assert reaches(lambda: standin["calls.ControlQHYCCDTemp"] > told)
    camera.close()


@pytest.mark.parametrize("firmware", [0, 1], ids=["new", "old"])
def test_the_sensor_gets_cold_with_firmware_that_has_to_be_told_again_and_with_one_that_has_not(
    tmp_path, firmware
):
    camera, _ = opened(tmp_path, thermal_speed=2000, needs_resend=firmware)
    camera.cooler.regulate(0.0)
    assert reaches(lambda: abs(camera.cooler.read().value) < 0.5, within=6.0)
    camera.close()
