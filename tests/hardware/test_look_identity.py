"""Who the camera is. Disturbs nothing beyond opening it, which initialises it."""

from __future__ import annotations

import re
from datetime import date

import pytest


def test_opening_it_exposes_nothing_and_does_not_touch_the_cooler(first_opening, measured):
    """Disturbs: opens the camera."""
    status, cooler = first_opening["status"], first_opening["cooler"]
    for name in ("humidity", "pressure", "undervoltage"):
        measured(f"{name} at opening", getattr(status, name))
    measured("cooler power at opening", cooler.power, unit="percent")
    assert (status.state, status.frames_delivered, cooler.setpoint) == ("idle", 0, None)


def test_it_is_a_qhy600_and_has_a_serial_number(camera, measured):
    """Disturbs: nothing."""
    identity = camera.capabilities.identity
    measured("FPGA", identity.fpga)
    assert identity.model.startswith("QHY600")
    assert identity.sensor == "IMX455"
    assert identity.serial


def test_its_firmware_has_a_date_that_has_been(camera, chosen):
    """Disturbs: nothing."""
    firmware = camera.capabilities.identity.firmware
    if chosen.kind == "simulated":
        pytest.skip("a simulated camera has no firmware")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", firmware), f"firmware {firmware!r} is no date"
    assert date(2019, 1, 1) < date.fromisoformat(firmware) <= date.today()


def test_its_library_is_from_2021_or_later(camera, chosen):
    """Disturbs: nothing."""
    if chosen.kind == "simulated":
        pytest.skip("a simulated camera has no library")
    sdk = camera.capabilities.identity.sdk
    assert int(sdk.partition(".")[0]) >= 21, f"SDK {sdk}"


def test_it_is_on_usb_3(camera):
    """Disturbs: nothing."""
    usb = camera.capabilities.identity.usb
    if usb not in ("USB 2", "USB 3"):
        pytest.skip(f"nothing says how fast its link is (it says {usb!r})")
    assert usb == "USB 3", "plug it into a USB 3 port, with a USB 3 cable"
