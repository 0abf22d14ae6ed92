"""What the thermal plant answers and refuses."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.body import Supply, ThermalPlant
from qhy600_ophyd.backends.simulated.body.thermometer import NOISE, RESOLUTION, Thermometer
from qhy600_ophyd.backends.simulated.clock import FreeClock
from qhy600_ophyd.contract import SettingRefused


@pytest.fixture
def clock():
    return FreeClock(start=0)


@pytest.fixture
def plant(clock):
    return ThermalPlant(clock, 20.0, False, Supply(), seed=3)


@pytest.mark.parametrize(("asked", "found"), [(-5, 0), (0, 0), (100, 100), (255, 255), (300, 255)])
def test_a_manual_power_is_taken_at_once_within_what_there_is(plant, asked, found):
    plant.manual(asked)
    assert plant.pwm == found


def test_a_manual_power_ends_the_regulation(plant, clock):
    plant.target(-5)
    clock.wait(300)
    plant.manual(40)
    clock.wait(300)
    assert (plant.setpoint, plant.pwm) == (None, 40)


def test_switching_the_cooler_off_is_power_0(plant, clock):
    plant.target(-5)
    clock.wait(300)
    plant.target(None)
    assert (plant.setpoint, plant.pwm) == (None, 0)


def test_the_power_ramps_by_3_of_255_a_second(plant, clock):
    plant.target(-40)
    for second in (1, 10, 60, 85, 100):
        clock.wait(second - clock.monotonic())
        assert plant.pwm == min(3 * second, 255)


def test_asking_again_for_the_same_temperature_changes_nothing(clock):
    once, often = (ThermalPlant(clock, 20.0, False, Supply(), seed=3) for _ in range(2))
    once.target(-10)
    for _ in range(900):
        often.target(-10)
        clock.wait(1)
    assert often.temperature() == once.temperature()


@pytest.mark.parametrize(("asked", "kept"), [(-80, -50), (90, 50), (-12.5, -12.5)])
def test_a_target_beyond_the_limits_is_taken_as_the_limit(plant, asked, kept):
    plant.target(asked)
    assert plant.setpoint == kept


@pytest.mark.parametrize("call", ["target", "manual"])
def test_what_is_not_a_number_is_refused_and_changes_nothing(plant, call):
    plant.target(-5)
    with pytest.raises(SettingRefused):
        getattr(plant, call)(float("nan"))
    assert plant.setpoint == -5


@pytest.mark.parametrize("ambient", [-51, 61, float("nan")])
def test_an_ambient_temperature_beyond_reason_is_refused(plant, clock, ambient):
    with pytest.raises(SettingRefused, match="ambient"):
        ThermalPlant(clock, ambient, False, Supply(), seed=0)
    with pytest.raises(SettingRefused, match="ambient"):
        plant.ambient = ambient
    assert plant.ambient == 20


def test_a_warmer_room_warms_the_sensor(plant, clock):
    before = plant.temperature()
    plant.ambient = 30.0
    clock.wait(3600)
    # With the cooler off every temperature rises as the room does, the heat being the same.
    assert abs(plant.temperature() - before - 10) < 1e-6


def test_readings_are_the_same_for_the_same_seed_and_second():
    assert [Thermometer(5).reading(-10.0, n) for n in range(50)] == [
        Thermometer(5).reading(-10.0, n) for n in range(50)
    ]
    assert [Thermometer(5).reading(-10.03, n) for n in range(50)] != [
        Thermometer(6).reading(-10.03, n) for n in range(50)
    ]


def test_readings_scatter_around_the_truth_by_noise_and_resolution():
    # Truth spread evenly over many steps, so that rounding adds RESOLUTION^2 / 12.
    true = np.linspace(-20, 20, 20_000)
    deviation = np.array([Thermometer(1).reading(t, n) for n, t in enumerate(true)]) - true
    expected = np.sqrt(NOISE**2 + RESOLUTION**2 / 12)
    assert abs(deviation.mean()) < 4 * expected / np.sqrt(true.size)
    # Of a standard deviation of n numbers no wider than normal ones: at most sigma / sqrt(2 n).
    assert abs(deviation.std() - expected) < 4 * expected / np.sqrt(2 * true.size)


def test_a_reading_is_a_multiple_of_its_resolution(plant):
    steps = plant.reading() / RESOLUTION
    assert abs(steps - round(steps)) < 1e-6


def test_weeks_cost_next_to_nothing(plant, clock):
    plant.target(-10)
    started = time.perf_counter()
    for _ in range(100):
        clock.wait(6 * 3600)
        plant.temperature()
    # Steps of a second for 25 days would be two million, some 20 s.
    assert time.perf_counter() - started < 2


def test_many_threads_may_ask_while_time_passes_and_targets_change(plant, clock):
    def ask(n):
        clock.wait(0.37)
        if n % 50 == 0:
            plant.target(-(n // 50) % 10)
        return plant.temperature(), plant.reading(), plant.pwm, plant.power

    with ThreadPoolExecutor(8) as pool:
        answers = np.array(list(pool.map(ask, range(2000))))
    assert np.isfinite(answers).all()
    assert (answers[:, 0] > -15.1).all()
    assert (answers[:, 0] < 24.8).all()


def test_a_supply_and_its_plant_changed_by_two_threads_do_not_wait_for_each_other(plant, clock):
    supply = plant._supply

    def change(n):
        clock.wait(0.5)
        if n % 2:
            supply.voltage = 12 + 0.001 * n
        else:
            plant.target(-n % 20)
        return plant.temperature()

    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(change, range(400), timeout=60))) == 400


def test_it_shows_itself_in_one_line(plant):
    plant.target(-10)
    assert repr(plant) == "<ThermalPlant 24.71 °C, to -10 °C with PWM 0, 13.8 W>"
