"""Faults of single frames, each switched on by its name."""

import threading

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.head import pace
from qhy600_ophyd.contract import Fault
from qhy600_ophyd.driver.head import Control, Fetched, HeadError
from qhy600_ophyd.testing import SteppedClock

WIDTH, HEIGHT = 96, 64
WHOLE = Fetched(width=WIDTH, height=HEIGHT, bit_depth=16)


def test_the_memory_command_fails_and_what_it_holds_stays(rig):
    it = rig("memory_command_fails").ready()
    it.take(timeout=0.001)
    it.clock.wait(5.0)
    with pytest.raises(HeadError, match="frames stay"):
        it.head.write(Control.FRESH_MEMORY, 1.0)
    it.take()
    assert it.is_frame(0)
    assert it.fates[0] == "stale"


@pytest.mark.parametrize("emptied", [False, True], ids=["left", "emptied"])
def test_fetch_fails_at_once_and_the_frame_is_the_next_one_unless_the_memory_is_emptied(rig, emptied):
    it = rig("fetch_fails").ready()
    it.head.expose()
    before = it.clock.monotonic()
    with pytest.raises(HeadError, match="stays in the camera"):
        it.head.fetch(it.out, 60.0)
    assert it.clock.monotonic() == before
    it.clock.wait(5.0)
    if emptied:
        it.head.write(Control.FRESH_MEMORY, 1.0)
    it.take()
    assert it.is_frame(1 if emptied else 0)


def test_a_lost_frame_is_an_error_at_the_end_of_its_readout(rig):
    it = rig(Fault(name="frame_lost", at=("frame", 1))).ready()
    it.take()
    before = it.clock.monotonic()
    with pytest.raises(HeadError, match="end of the readout"):
        it.take()
    assert it.clock.monotonic() - before > 0.35 + it.head.actual_exposure()
    it.take()
    assert it.fates == ["delivered", "lost", "delivered"]
    assert it.is_frame(2)


def test_a_frame_that_never_comes_is_zeros_when_the_time_is_over(rig):
    it = rig("frame_timeout").ready()
    before = it.clock.monotonic()
    assert it.take(timeout=2.0) == WHOLE
    assert it.clock.monotonic() - before == pytest.approx(
        pace.start_delay(0, 0) + it.head.actual_exposure() + 2.0
    )
    assert not it.counts.any()
    it.clock.wait(100.0)
    it.take()
    assert it.is_frame(1)
    assert it.fates == ["timed_out", "delivered"]


@pytest.mark.parametrize(
    ("name", "delay", "timeout", "fate"),
    [
        ("slow_frame", 10.0, 60.0, "delivered"),
        ("slow_frame", 10.0, 5.0, "timed_out"),
        ("link_stalls", 4.0, 60.0, "delivered"),
        ("link_stalls", 4.0, 2.0, "timed_out"),
    ],
)
def test_a_late_frame_comes_if_there_is_time(rig, name, delay, timeout, fate):
    it = rig(name).ready()
    before = it.clock.monotonic()
    it.take(timeout=timeout)
    assert it.fates == [fate]
    if fate == "delivered":
        assert it.clock.monotonic() - before > delay
        assert it.is_frame(0)
    else:
        assert not it.counts.any()


def test_a_zero_frame_comes_in_its_time_with_success(rig):
    it = rig("zero_frame").ready()
    before = it.clock.monotonic()
    assert it.take() == WHOLE
    assert it.clock.monotonic() - before < 0.35 + 0.5 + 0.1
    assert not it.counts.any()
    assert it.fates == ["zeroed"]
    it.take()
    assert it.is_frame(1)


def test_a_hanging_readout_fails_after_an_hour(rig):
    it = rig("readout_hangs").ready()
    before = it.clock.monotonic()
    with pytest.raises(HeadError, match="after an hour"):
        it.take()
    assert it.clock.monotonic() - before == pytest.approx(3600.0)
    it.take()
    assert it.is_frame(1)


def test_a_hanging_readout_ends_when_it_is_cancelled(rig):
    clock = SteppedClock(auto=True)
    it = rig("readout_hangs", clock=clock).ready()
    clock.auto = False
    ended = []

    def take():
        try:
            it.take()
        except HeadError as error:
            ended.append(str(error))

    thread = threading.Thread(target=take)
    thread.start()
    clock.until_sleeping()
    clock.advance(100.0)
    it.head.cancel()
    thread.join(5.0)
    assert ended == ["fetch ended: the exposure was cancelled; there is no frame"]


@pytest.mark.parametrize("emptied", [False, True], ids=["left", "emptied"])
def test_a_fetched_frame_that_stays_in_the_memory_comes_again_unless_that_is_emptied(rig, emptied):
    it = rig("stale_frame").ready()
    it.take()
    if emptied:
        it.head.write(Control.FRESH_MEMORY, 1.0)
    it.take()
    assert it.is_frame(1 if emptied else 0)
    assert it.fates[0] == ("delivered" if emptied else "repeated")


@pytest.mark.parametrize("live", [False, True], ids=["single", "live"])
@pytest.mark.parametrize("name", ["shifted_frame", "blocky_frame"])
@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_frame_comes_with_success_and_its_record_says_so(rig, name, live, seed):
    it = rig(name, seed=seed).ready(live=live)
    found = it.next_live() if live else it.take()
    record = it.head.log[-1]
    assert found == WHOLE
    assert (record.fate, record.faults) == ("damaged", (name,))
    assert (it.counts != it.head.reproduce(record)).any()
    if name == "shifted_frame":
        true = it.head.reproduce(record).reshape(-1)
        by = [n for n in range(1, WIDTH) if (np.roll(true, -n) == it.counts.reshape(-1)).all()]
        assert len(by) == 1
    else:
        assert len(np.unique(it.counts, axis=0)) < HEIGHT


@pytest.mark.parametrize("live", [False, True], ids=["single", "live"])
def test_a_frame_of_the_wrong_size_says_so_and_is_part_of_the_true_one(rig, live):
    it = rig("wrong_size").ready(live=live)
    found = it.next_live() if live else it.take()
    assert (found.width, found.height) == (WIDTH - 24, HEIGHT // 2)
    part = it.counts.reshape(-1)[: found.width * found.height].reshape(found.height, found.width)
    assert (part == it.head.reproduce(it.head.log[-1])[: found.height, 24:]).all()
    assert it.head.area() == (0, 0, WIDTH, HEIGHT)
