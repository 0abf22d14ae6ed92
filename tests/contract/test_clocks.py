"""Clocks: the computer's, and the one that stands still."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting

import pytest

from qhy600_ophyd.contract import Clock, SystemClock
from qhy600_ophyd.testing import SteppedClock

PATIENCE = 10.0


@pytest.fixture
def sleeper():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.mark.parametrize("clock", [SystemClock(), SteppedClock()], ids=["system", "stepped"])
def test_it_is_a_clock(clock: Clock) -> None:
    assert isinstance(clock, Clock)


class TestSystemClock:
    def test_it_waits(self) -> None:
        clock = SystemClock()
        before = clock.monotonic()
        assert clock.wait(0.02) is False
        assert clock.wait(0.02, threading.Event()) is False
        assert clock.monotonic() - before >= 0.04 - 2 * time.get_clock_info("monotonic").resolution - 1e-3

    def test_a_cancelled_wait_ends_at_once_and_says_so(self) -> None:
        cancelled = threading.Event()
        cancelled.set()
        assert SystemClock().wait(3600.0, cancelled) is True

    def test_another_thread_ends_a_wait(self, sleeper: ThreadPoolExecutor) -> None:
        cancelled = threading.Event()
        waiting = sleeper.submit(SystemClock().wait, 3600.0, cancelled)
        cancelled.set()
        assert waiting.result(PATIENCE) is True

    def test_a_negative_wait_is_none(self) -> None:
        assert SystemClock().wait(-1.0) is False

    def test_utc_is_the_computers(self) -> None:
        before = time.time_ns()
        assert before <= SystemClock().utc_ns() <= time.time_ns()


class TestSteppedClock:
    def test_it_stands_still(self) -> None:
        clock = SteppedClock(start=5.0)
        assert clock.monotonic() == clock.monotonic() == 5.0

    def test_both_times_move_together(self) -> None:
        clock = SteppedClock(start=5.0, utc_ns=10**18)
        clock.advance(1.5)
        assert (clock.monotonic(), clock.utc_ns()) == (6.5, 10**18 + 1_500_000_000)

    def test_it_never_goes_back(self) -> None:
        clock = SteppedClock()
        with pytest.raises(ValueError, match="never goes back"):
            clock.advance(-1.0)

    def test_a_sleeper_wakes_when_its_time_has_come_and_not_before(self, sleeper: ThreadPoolExecutor) -> None:
        clock = SteppedClock()
        waiting = sleeper.submit(clock.wait, 10.0)
        clock.until_sleeping(1)
        clock.advance(9.0)
        with pytest.raises(StillWaiting):
            waiting.result(0.02)
        clock.advance(1.0)
        assert waiting.result(PATIENCE) is False
        assert clock.sleeping == 0

    def test_another_thread_ends_a_wait(self, sleeper: ThreadPoolExecutor) -> None:
        clock, cancelled = SteppedClock(), threading.Event()
        waiting = sleeper.submit(clock.wait, 10.0, cancelled)
        clock.until_sleeping(1)
        cancelled.set()
        assert waiting.result(PATIENCE) is True
        assert clock.monotonic() == 0.0

    def test_by_itself_it_moves_on_while_everybody_sleeps(self) -> None:
        clock = SteppedClock(auto=True)
        assert clock.wait(3600.0) is False
        assert clock.monotonic() == 3600.0

    def test_by_itself_it_moves_to_the_end_of_the_shortest_wait(self, sleeper: ThreadPoolExecutor) -> None:
        clock = SteppedClock(auto=True, sleepers=2)
        long = sleeper.submit(clock.wait, 10.0)
        clock.until_sleeping(1)
        with pytest.raises(StillWaiting):
            long.result(0.02)
        assert sleeper.submit(clock.wait, 4.0).result(PATIENCE) is False
        assert clock.monotonic() == 4.0
        clock.advance(6.0)
        assert long.result(PATIENCE) is False

    def test_waiting_for_sleepers_that_never_come_ends(self) -> None:
        with pytest.raises(TimeoutError, match="0 of 1 threads"):
            SteppedClock().until_sleeping(1, timeout=0.01)

    def test_by_itself_it_moves_on_no_further_than_it_may(self, sleeper: ThreadPoolExecutor) -> None:
        clock, cancelled = SteppedClock(auto=True, longest=60.0), threading.Event()
        assert clock.wait(60.0) is False
        waiting = sleeper.submit(clock.wait, 60.1, cancelled)
        clock.until_sleeping(1)
        with pytest.raises(StillWaiting):
            waiting.result(0.02)
        cancelled.set()
        assert waiting.result(PATIENCE) is True
        assert clock.monotonic() == 60.0

    def test_a_longer_wait_lets_a_shorter_one_end_that_was_there_before(self, sleeper) -> None:
        clock = SteppedClock()
        shorter = sleeper.submit(clock.wait, 1.0)
        clock.until_sleeping(1)
        clock.auto = True
        longer = sleeper.submit(clock.wait, 2.0)
        assert shorter.result(PATIENCE) is False
        assert longer.result(PATIENCE) is False
        assert clock.monotonic() == 2.0
