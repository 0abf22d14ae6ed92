"""The supply against Ohm's law, and the undervoltage lockout."""

from __future__ import annotations

import pytest

from qhy600_ophyd.backends.simulated.body import Supply, ThermalPlant, volts_at_current
from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.sensor.supply import camera_volts
from qhy600_ophyd.sensor.supply import supply as needs
from qhy600_ophyd.testing import SteppedClock


def fed(*, voltage=12.0, resistance=0.1, **options):
    clock = SteppedClock()
    supply = Supply(voltage, resistance, **options)
    return clock, supply, ThermalPlant(clock, 20.0, False, supply, seed=1)


def failed(**options):
    """A camera whose cable was too thin for full power."""
    clock, supply, plant = fed(resistance=0.5, **options)
    plant.target(-40)
    clock.advance(600)
    return clock, supply, plant


def test_the_published_example_holds():
    assert volts_at_current(12.0, 0.2, 3.3) == pytest.approx(11.34, abs=1e-12)


@pytest.mark.parametrize("power", [13.8, 20.0, 40.0])
@pytest.mark.parametrize("resistance", [0.0, 0.1, 0.2, 0.6])
def test_voltage_and_current_hold_together(power, resistance):
    volts = camera_volts(12.0, resistance, power)
    assert volts_at_current(12.0, resistance, power / volts) == pytest.approx(volts, rel=1e-12)


def test_of_the_two_solutions_the_one_with_the_smaller_current_is_taken():
    assert camera_volts(12.0, 0.2, 1e-9) == pytest.approx(12.0)


def test_a_cable_that_cannot_carry_the_power_gives_nothing():
    # V0^2 / 4 R = 36 W is the most that comes through 1 ohm.
    assert camera_volts(12.0, 1.0, 35.9) > 5.9
    assert camera_volts(12.0, 1.0, 36.1) == 0.0


def test_power_at_a_voltage_undoes_the_voltage_at_a_power():
    supply = Supply(12.3, 0.25)
    assert supply.volts(supply.power_at(11.0)) == pytest.approx(11.0, rel=1e-12)


def test_the_advised_cable_stands_full_power():
    clock, supply, plant = fed(resistance=needs().cable_resistance)
    plant.target(-40)
    clock.advance(3600)
    assert (supply.code, supply.latched, plant.pwm) == (8, False, 255)
    assert needs().undervoltage < supply.volts(plant.power) < needs().warning


@pytest.mark.parametrize(
    ("indirect", "good", "bad"), [pytest.param(False, 8, 9, id="new"), pytest.param(True, 1, 3, id="old")]
)
def test_undervoltage_turns_the_cooler_off_and_is_latched(indirect, good, bad):
    clock, supply, plant = fed(resistance=0.5, indirect_detection=indirect)
    assert supply.code == 0
    clock.advance(1)
    assert plant.pwm == 0
    assert supply.code == good
    plant.target(-40)
    clock.advance(600)
    assert plant.setpoint is None
    assert plant.pwm == 0
    assert supply.code == bad
    assert supply.latched


def test_undervoltage_comes_in_the_first_second_in_which_the_power_is_too_high_even_when_asked_late():
    _, supply, plant = failed()
    watched_clock, watched, watched_plant = fed(resistance=0.5)
    watched_plant.target(-40)
    for second in range(1, 601):
        before = watched_plant.power
        watched_clock.advance(1)
        if not watched.latched and watched_plant.pwm:
            assert before < watched.power_at(needs().undervoltage)
        elif watched.latched:
            assert watched.latched_at == second
            break
    assert plant.pwm == 0
    assert supply.latched_at == watched.latched_at


def test_power_that_rises_at_constant_duty_is_watched_between_two_questions():
    # 255 takes 35.7 W with both nodes equally warm and 40 W in the end: a cable for 39 W fails on the way.
    resistance = 11.0 * (12.0 - 11.0) / 39.0
    clock, supply, plant = fed(resistance=resistance)
    plant.manual(255)
    clock.advance(1)
    assert plant.pwm == 255
    clock.advance(7200)
    assert plant.pwm == 0
    assert 1 < supply.latched_at < 1000


def test_the_latch_survives_a_power_cycle_and_limits_the_cooler_to_70_percent():
    clock, supply, plant = failed()
    supply.cable_resistance = 0.1
    supply.power_cycle()
    assert (supply.code, supply.latched) == (0, True)
    plant.target(-40)
    clock.advance(7200)
    assert (plant.pwm, supply.code) == (178, 8)  # 0.7 of 255 is 178.5
    assert abs(20 - plant.temperature() - 31.6) < 0.05
    plant.manual(255)
    assert plant.pwm == 178


def test_the_code_of_an_undervoltage_stays_until_the_next_start():
    clock, supply, plant = failed()
    supply.cable_resistance = 0.1
    plant.target(-10)
    clock.advance(5)
    assert supply.code == 9
    assert plant.pwm > 0
    supply.power_cycle()
    clock.advance(1)
    assert (plant.pwm, supply.code) == (0, 8)


def test_only_a_reset_ends_the_latch():
    clock, supply, plant = failed()
    supply.cable_resistance = 0.1
    supply.reset()
    plant.target(-40)
    clock.advance(3600)
    assert (supply.latched, supply.code, plant.pwm) == (False, 8, 255)


def test_a_reset_lets_a_cooler_that_stood_at_70_percent_go_on():
    clock, supply, plant = failed()
    supply.cable_resistance = 0.1
    plant.target(-40)
    clock.advance(36_000)
    supply.reset()
    clock.advance(3600)
    assert plant.pwm == 255


def test_each_start_is_counted_and_forgets_what_the_cooler_was_told():
    clock, supply, plant = fed()
    plant.target(-10)
    clock.advance(100)
    assert supply.boots == 1
    supply.power_cycle()
    assert supply.boots == 2
    assert (plant.pwm, plant.setpoint) == (0, None)
    supply.off()
    assert (supply.boots, supply.powered, supply.volts(13.8)) == (2, False, 0.0)
    plant.target(-10)
    clock.advance(100)
    assert plant.pwm == 0
    supply.on()
    assert (supply.boots, supply.powered) == (3, True)


def test_power_that_breaks_the_voltage_down_starts_the_camera_anew_and_writes_nothing():
    clock, supply, plant = fed(resistance=0.8)  # 9 V at 33.75 W
    plant.manual(255)
    clock.advance(1)
    assert (plant.pwm, supply.boots, supply.latched, supply.powered) == (0, 2, False, True)


def test_a_battery_that_runs_down_stops_the_cooler_and_at_last_the_camera():
    clock, supply, plant = fed(voltage=13.8)
    plant.target(-5)
    clock.advance(1200)
    codes = {}
    for tenths in range(138, 85, -1):
        supply.voltage = tenths / 10
        clock.advance(60)
        codes[tenths] = (plant.pwm > 0, supply.code, supply.powered)
    assert codes[125] == (True, 8, True)
    assert codes[105] == (False, 9, True)
    assert codes[86][2] is False
    supply.voltage = 12.0
    assert (supply.powered, supply.boots, supply.latched) == (True, 2, True)


@pytest.mark.parametrize("code", [3, 9])
def test_a_false_alarm_acts_like_a_true_one(code):
    clock, supply, plant = fed()
    plant.target(-10)
    clock.advance(100)
    supply.fault = code
    clock.advance(1)
    assert (plant.pwm, supply.code, supply.latched) == (0, code, True)


def test_a_failed_check_is_reported_and_stops_nothing():
    clock, supply, plant = fed()
    plant.target(-10)
    clock.advance(100)
    supply.fault = 2
    clock.advance(3600)
    assert plant.pwm > 0
    assert (supply.code, supply.latched) == (2, False)
    supply.fault = None
    clock.advance(1)
    assert plant.pwm > 0
    assert supply.code == 8


@pytest.mark.parametrize(
    ("setting", "value"), [("voltage", -1.0), ("cable_resistance", float("nan")), ("fault", 7)]
)
def test_an_impossible_supply_is_refused_and_nothing_changes(setting, value):
    supply = Supply()
    before = getattr(supply, setting)
    with pytest.raises(SettingRefused):
        setattr(supply, setting, value)
    assert getattr(supply, setting) == before
