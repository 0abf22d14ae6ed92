"""The memory between sensor and link."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from qhy600_ophyd.backends.simulated.body import FrameMemory
from qhy600_ophyd.contract import SettingRefused

FRAME = 9600 * 6422 * 2


def filled(memory, size=FRAME, first=0):
    """Put frames until one does not fit; how many did."""
    number = first
    while memory.put(number, size, float(number)):
        number += 1
    return number - first


@pytest.mark.parametrize(
    ("capacity", "frames"),
    [
        pytest.param(2 * 2**30, 17, id="2-GB-binary"),
        pytest.param(2**30, 8, id="1-GB-binary"),
        pytest.param(2 * 10**9, 16, id="2-GB-decimal"),
        pytest.param(10**9, 8, id="1-GB-decimal"),
    ],
)
def test_it_holds_as_many_whole_frames_as_its_bytes_allow(capacity, frames):
    memory = FrameMemory(capacity)
    assert memory.room_for(FRAME) == frames
    assert filled(memory) == frames
    assert memory.occupied == frames * FRAME
    assert memory.room_for(FRAME) == 0


def test_frames_come_in_the_order_they_were_exposed():
    memory = FrameMemory(2**31)
    for number in (3, 4, 7):
        memory.put(number, FRAME, 0.0)
    assert [memory.take(1.0).number for _ in range(3)] == [3, 4, 7]
    assert memory.take(1.0) is None
    assert memory.occupied == 0


def test_what_does_not_fit_is_lost_by_number_and_what_waits_is_kept():
    memory = FrameMemory(3 * FRAME)
    kept = [memory.put(number, FRAME, 0.0) for number in range(5)]
    assert kept == [True, True, True, False, False]
    assert memory.lost == (3, 4)
    memory.take(1.0)
    assert memory.put(5, FRAME, 1.0)
    assert [frame.number for frame in memory.held] == [1, 2, 5]


def test_a_frame_is_not_there_before_it_is_complete():
    memory = FrameMemory(2**31)
    memory.put(0, FRAME, 2.0)
    assert memory.take(1.999) is None
    assert memory.take(2.0).number == 0


def test_a_stalled_link_takes_nothing_and_loses_nothing_while_there_is_room():
    memory = FrameMemory(2**31)
    memory.stall(10.0)
    for number in range(5):
        memory.put(number, FRAME, float(number))
        assert memory.take(float(number)) is None
    assert memory.stalled(9.9)
    assert not memory.stalled(10.0)
    assert [memory.take(10.0).number for _ in range(5)] == [0, 1, 2, 3, 4]
    assert memory.lost == ()


def test_a_stall_longer_than_the_memory_loses_the_frames_that_came_after_it_was_full():
    memory = FrameMemory(2**31)
    memory.stall(100.0)
    for number in range(25):
        memory.put(number, FRAME, 0.4 * number)
    assert memory.lost == tuple(range(17, 25))


def test_a_frame_that_nobody_fetched_is_what_the_next_one_gets():
    memory = FrameMemory(2**31)
    memory.put(7, FRAME, 0.0)
    memory.put(8, FRAME, 5.0)
    assert memory.take(6.0).number == 7


def test_an_emptied_memory_gives_only_what_comes_later():
    memory = FrameMemory(2**31)
    memory.put(7, FRAME, 0.0)
    assert memory.clear() == (7,)
    memory.put(8, FRAME, 5.0)
    assert memory.take(6.0).number == 8
    assert memory.lost == ()


def test_two_threads_lose_and_double_nothing():
    memory = FrameMemory(100 * 10)
    taken = []

    def put():
        for number in range(3000):
            memory.put(number, 10, 0.0)

    def take():
        for _ in range(6000):
            frame = memory.take(1.0)
            if frame is not None:
                taken.append(frame.number)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(put), pool.submit(take)]:
            done.result()
    left = [frame.number for frame in memory.held]
    assert taken == sorted(taken)
    assert sorted([*taken, *left, *memory.lost]) == list(range(3000))
    assert memory.occupied == 10 * len(left)


def test_a_memory_of_nothing_is_refused():
    with pytest.raises(SettingRefused, match="frame memory"):
        FrameMemory(0)
