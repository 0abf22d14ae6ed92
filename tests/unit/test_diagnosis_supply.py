"""The arithmetic of cable and supply."""

from __future__ import annotations

import pytest

from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.diagnosis import Status
from qhy600_ophyd.diagnosis.supply import supply_voltage, undervoltage
from qhy600_ophyd.sensor.supply import camera_volts, supply


@pytest.mark.parametrize("ohms", [0.0, 0.2, 0.8])
@pytest.mark.parametrize("watts", [13.8, 40.0])
def test_what_arrives_and_what_the_cable_keeps_make_up_the_supply(ohms, watts):
    volts = camera_volts(12.0, ohms, watts)
    assert volts + ohms * watts / volts == pytest.approx(12.0, rel=1e-12)


def test_a_cable_that_cannot_carry_the_power_lets_nothing_arrive():
    # At most V0^2 / 4 R comes out of it.
    assert camera_volts(12.0, 1.0, 36.01) == 0.0
    assert camera_volts(12.0, 1.0, 36.0) == 6.0


@pytest.mark.parametrize(
    ("voltage", "ohms", "status", "words"),
    [
        pytest.param(None, None, Status.NOT_CHECKED, "0.2 ohm", id="not-given"),
        pytest.param(12.0, 0.05, Status.OK, "11.83 V at 100 %", id="good"),
        pytest.param(11.9, 0.2, Status.WARNING, "Below 11.5 V from 58 % of drive on", id="near"),
        pytest.param(12.0, None, Status.WARNING, "12 V over 0.2 ohm", id="advised-cable"),
        pytest.param(12.0, 0.4, Status.FAILED, "Below 11 V from 69 % of drive on", id="too-thin"),
        pytest.param(None, 0.4, Status.FAILED, "12 V over 0.4 ohm", id="only-the-cable"),
        pytest.param(10.9, 0.0, Status.FAILED, "Below 11 V whatever the cooler does", id="too-low"),
        pytest.param(11.2, 0.0, Status.WARNING, "Below 11.5 V whatever the cooler does", id="low"),
        pytest.param(14.0, 0.1, Status.FAILED, "More than 13.8 V", id="too-high"),
        pytest.param(13.5, 0.3, Status.WARNING, "12.54 V at 100 %", id="thin-and-high"),
    ],
)
def test_a_supply_is_judged_at_every_drive_of_the_cooler(voltage, ohms, status, words):
    check = supply_voltage(voltage, ohms)
    assert check.status is status
    assert words in check.found
    assert bool(check.advice) is (status in (Status.FAILED, Status.WARNING))


def test_at_the_drive_that_is_told_the_limit_is_met():
    needs = supply()
    drive = float(supply_voltage(12.0, 0.4).found.partition("from ")[2].partition(" %")[0])
    # Told to a percent, which is up to 0.4 W, or 0.4 W / 11 V x 0.4 ohm.
    assert camera_volts(12.0, 0.4, needs.power_at(drive)) == pytest.approx(needs.undervoltage, abs=0.015)


@pytest.mark.parametrize(
    ("voltage", "ohms"),
    [(0.0, None), (-12.0, None), (float("nan"), None), (None, -0.1), (None, float("inf"))],
)
def test_numbers_that_no_supply_has_are_refused(voltage, ohms):
    with pytest.raises(SettingRefused, match="refused: allowed is"):
        supply_voltage(voltage, ohms)


def test_a_camera_that_has_not_looked_at_its_supply_is_not_called_well():
    check = undervoltage(0)
    assert check.status is Status.NOT_CHECKED
    assert "has not looked at its supply yet" in check.found
