"""Faults of streams, each switched on by its name."""

import pytest

from qhy600_ophyd.contract import Fault
from qhy600_ophyd.driver.head import LIVE_NOTHING, Control, Fetched, HeadError

WIDTH, HEIGHT = 96, 64
WHOLE = Fetched(width=WIDTH, height=HEIGHT, bit_depth=16)


def test_a_lost_camera_fails_a_stream_as_well(rig):
    it = rig(Fault(name="camera_lost", at=("frame", 3))).ready(live=True)
    it.next_live()
    it.next_live()
    with pytest.raises(HeadError, match="does not answer"):
        it.next_live()
    it.head.cancel()
    it.head.disconnect()


def test_an_unplugged_stream_gives_zeros(rig):
    it = rig(Fault(name="unplugged", at=("frame", 2))).ready(live=True)
    for _ in range(3):
        it.next_live()
    assert not it.counts.any()


def test_a_stalled_link_delays_a_stream_and_loses_nothing(rig):
    it = rig("link_stalls").ready(live=True)
    for _ in range(8):
        it.next_live()
    delivered = [record.sequence for record in it.head.log if record.delivered]
    assert delivered == list(range(2, 10))


def test_a_stream_that_does_not_begin_is_an_error_and_the_next_attempt_succeeds(rig):
    it = rig("live_begin_fails")
    with pytest.raises(HeadError, match="begin_live failed"):
        it.ready(live=True)
    it.head.begin_live()
    it.next_live()
    assert it.fates == ["skipped", "delivered"]


@pytest.mark.parametrize(
    ("name", "nothing"), [("live_stream_dies", True), ("live_partial_forever", False)], ids=["dead", "stuck"]
)
def test_a_stream_that_stops_says_the_same_for_ever_until_it_is_begun_again(rig, name, nothing):
    it = rig(Fault(name=name, at=("frame", 2))).ready(live=True)
    it.next_live()
    said = [it.head.fetch_live(it.out) for _ in range(1000)][-500:]
    assert set(said) == {said[0]}
    assert (said[0] == LIVE_NOTHING) == nothing
    it.head.end_live()
    it.head.write(Control.FRESH_MEMORY, 1.0)
    it.head.begin_live()
    it.next_live()
    assert it.is_frame(max(record.inputs.frame for record in it.head.log if record.delivered))


def test_zeros_come_in_a_stream_with_success(rig):
    it = rig(Fault(name="live_zero_frame", at=("frame", 2))).ready(live=True)
    it.next_live()
    assert it.next_live() == WHOLE
    assert not it.counts.any()
    it.next_live()
    assert it.is_frame(3)
    assert it.fates[:4] == ["skipped", "delivered", "zeroed", "delivered"]


def test_frames_dropped_from_a_stream_leave_a_gap_in_the_counter(rig):
    it = rig(Fault(name="live_frames_dropped", at=("frame", 2))).ready(live=True)
    for _ in range(3):
        it.next_live()
    delivered = [record.sequence for record in it.head.log if record.delivered]
    assert delivered == [2, 6, 7]
    assert it.fates[2:5] == ["dropped"] * 3


def test_a_repeated_frame_of_a_stream_is_the_one_before(rig):
    it = rig(Fault(name="live_frame_repeated", at=("frame", 2))).ready(live=True)
    it.next_live()
    it.next_live()
    assert it.is_frame(1)
    assert it.fates[1:3] == ["repeated", "dropped"]
    it.next_live()
    assert it.is_frame(3)
