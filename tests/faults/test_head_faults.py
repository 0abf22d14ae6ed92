"""Faults of the connection and of what is written, each switched on by its name."""

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.head import EVIDENCE, KNOWN_FAULTS, pace
from qhy600_ophyd.contract import Fault, ProfileError
from qhy600_ophyd.driver.head import LOST, Control, Fetched, HeadError

WIDTH, HEIGHT = 96, 64
WHOLE = Fetched(width=WIDTH, height=HEIGHT, bit_depth=16)


def test_every_fault_says_when_it_strikes_what_it_means_and_what_can_be_seen_of_it():
    assert set(EVIDENCE) == set(KNOWN_FAULTS)
    assert all(calls and meaning for calls, meaning in KNOWN_FAULTS.values())


def test_an_unknown_fault_is_refused_with_the_known_ones(rig):
    with pytest.raises(ProfileError) as refused:
        rig("coffee_spilled")
    assert all(name in str(refused.value) for name in KNOWN_FAULTS)


def test_faults_strike_by_exposure_time_or_call_and_as_often_as_they_may(rig):
    it = rig(Fault(name="zero_frame", at=("frame", 2), times=2)).ready()
    for _ in range(5):
        it.take()
    assert it.fates == ["delivered", "delivered", "zeroed", "zeroed", "delivered"]
    assert it.head.happened == {"zero_frame": 2}

    it = rig(Fault(name="zero_frame", at=("time", 100.0))).ready()
    it.take()
    it.clock.wait(100.0)
    it.take()
    assert it.fates == ["delivered", "zeroed"]

    it = rig(Fault(name="write_fails", at=("call", 3))).ready()
    it.head.write(Control.GAIN, 1)
    with pytest.raises(HeadError):
        it.head.write(Control.GAIN, 2)


def test_chances_are_kept_and_alike_for_one_seed(rig):
    def struck(seed):
        it = rig(Fault(name="zero_frame", probability=0.25, times=None), seed=seed).ready()
        for _ in range(200):
            it.take()
        return [record.inputs.frame for record in it.head.log if record.fate == "zeroed"]

    frames = struck(3)
    assert abs(len(frames) - 50) < 4 * np.sqrt(200 * 0.25 * 0.75)
    assert frames == struck(3)
    assert frames != struck(4)


def test_connect_fails_and_the_next_attempt_succeeds(rig):
    it = rig("connect_fails")
    with pytest.raises(HeadError, match="no camera found"):
        it.head.connect()
    it.ready()


@pytest.mark.parametrize("name", ["camera_lost", "power_cycle"])
def test_a_camera_that_is_gone_reads_all_the_same_number_and_fails_every_call_until_reconnected(rig, name):
    it = rig(Fault(name=name, at=("frame", 1))).ready()
    it.take()
    with pytest.raises(HeadError, match="does not answer"):
        it.take()
    assert {it.head.read(control) for control in Control} == {LOST}
    for call in (
        it.head.expose,
        it.head.initialise,
        lambda: it.head.write(Control.GAIN, 1.0),
        lambda: it.head.fetch(it.out, 1.0),
        lambda: it.head.set_area(0, 0, 1, 1),
        lambda: it.head.select_mode(0),
    ):
        with pytest.raises(HeadError, match="does not answer"):
            call()
    it.head.disconnect()
    it.ready()
    assert it.take() == WHOLE
    assert it.head.log[-1].delivered


def test_an_unplugged_camera_goes_on_in_its_readings_and_gives_zeros_until_reconnected(rig):
    it = rig(Fault(name="unplugged", at=("frame", 1))).ready()
    it.take()
    it.head.write(Control.COOLER_TARGET, 0.0)
    power = it.head.read(Control.COOLER_POWER)
    it.clock.wait(300.0)
    assert it.head.read(Control.COOLER_POWER) == power
    it.head.write(Control.GAIN, 60)
    assert it.head.read(Control.GAIN) == 60
    exposed = len(it.head.log)
    it.out[:] = 7
    assert it.take(timeout=3.0) == WHOLE
    assert not it.counts.any()
    assert len(it.head.log) == exposed
    it.head.disconnect()
    it.ready()
    it.take()
    assert it.is_frame(it.head.log[-1].inputs.frame)


def test_a_camera_unplugged_during_a_readout_gives_zeros_when_the_time_is_over(rig):
    it = rig(Fault(name="unplugged", at=("call", 4))).ready()
    it.head.expose()
    began = it.clock.monotonic()
    it.head.fetch(it.out, 3.0)
    assert it.clock.monotonic() - began == pytest.approx(
        pace.start_delay(0, 0) + it.head.actual_exposure() + 3.0
    )
    assert not it.counts.any()
    assert it.fates == ["zeroed"]


def test_a_sagging_supply_ends_the_cooling_and_leaves_its_code_and_the_latch(rig):
    it = rig(Fault(name="undervoltage", at=("frame", 0))).ready()
    it.head.write(Control.COOLER_TARGET, 0.0)
    it.take()
    it.take()
    assert it.head.read(Control.UNDERVOLTAGE) == 9
    assert it.supply.latched
    assert it.supply.voltage == 12.0
    assert it.fates == ["delivered", "delivered"]


def test_an_undervoltage_during_an_exposure_turns_the_cooler_off(rig):
    it = rig(Fault(name="undervoltage", at=("call", 3))).ready()
    it.head.write(Control.COOLER_TARGET, 0.0)
    it.clock.wait(60.0)
    assert it.head.read(Control.COOLER_POWER) > 0
    it.head.expose()
    assert it.head.read(Control.COOLER_POWER) == 0
    assert it.plant.setpoint is None


def test_initialise_fails_after_its_time_and_leaves_the_camera_uninitialised(rig):
    it = rig("initialise_fails")
    it.head.connect()
    with pytest.raises(HeadError, match="initialise failed"):
        it.head.initialise()
    assert it.clock.monotonic() == pytest.approx(4.5)
    with pytest.raises(HeadError, match="initialise first"):
        it.head.write(Control.GAIN, 1.0)
    it.head.initialise()
    it.take()
    assert it.fates == ["delivered"]


def test_initialise_forgets_more_and_says_so(rig):
    it = rig(Fault(name="initialise_forgets_more", at=("call", 1))).ready()
    for control, value in ((Control.GAIN, 60), (Control.OFFSET, 70), (Control.USB_TRAFFIC, 10)):
        it.head.write(control, value)
    it.head.set_area(0, 0, 4, 4)
    it.head.initialise()
    said = [it.head.read(c) for c in (Control.GAIN, Control.OFFSET, Control.USB_TRAFFIC)]
    assert said == [30, 30, 50]
    assert it.head.area() == (0, 0, WIDTH, HEIGHT)


@pytest.mark.parametrize("name", ["write_fails", "configure_fails"])
def test_a_write_that_fails_keeps_the_old_value(rig, name):
    it = rig(Fault(name=name, at=("call", 2))).ready()
    with pytest.raises(HeadError, match="kept the old value"):
        it.head.write(Control.GAIN, 60)
    assert it.head.read(Control.GAIN) == 30
    it.head.write(Control.GAIN, 60)
    assert it.head.read(Control.GAIN) == 60


def test_a_write_that_is_ignored_succeeds_and_reads_back_as_before(rig):
    it = rig(Fault(name="write_ignored", at=("call", 2))).ready()
    it.head.write(Control.GAIN, 60)
    assert it.head.read(Control.GAIN) == 30
    for _ in range(2):
        it.take()
    assert it.head.log[-1].inputs.gain == 30


def test_a_late_read_back_is_old_once_though_the_value_was_taken(rig):
    it = rig(Fault(name="read_back_late", at=("call", 2))).ready()
    it.head.write(Control.GAIN, 60)
    assert [it.head.read(Control.GAIN) for _ in range(2)] == [30, 60]
    for _ in range(2):
        it.take()
    assert it.head.log[-1].inputs.gain == 60


@pytest.mark.parametrize("call", ["set_binning", "set_area"])
def test_the_area_becomes_that_of_the_image_and_reads_back_so(rig, call):
    it = rig("areas_change").ready()
    if call == "set_binning":
        it.head.set_binning(2)
        assert it.head.area() == (12, 0, 36, 15)
    else:
        it.head.set_area(0, 0, 4, 4)
        assert it.head.area() == (24, 0, 72, 30)
    it.head.set_area(0, 0, 4, 4)
    assert it.head.area() == (0, 0, 4, 4)


def test_expose_fails_and_nothing_was_exposed(rig):
    it = rig("expose_fails").ready()
    with pytest.raises(HeadError, match="expose failed"):
        it.head.expose()
    assert it.head.log == []
    it.take()
    assert it.fates == ["delivered"]
