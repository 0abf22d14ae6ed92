"""What is wrong with the streams of every QHY600."""

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.head import pace
from qhy600_ophyd.driver.head import LIVE_NOTHING, Control, HeadError
from qhy600_ophyd.sensor import QHY600_GEOMETRY, Rectangle
from qhy600_ophyd.sensor.timing import timing

WIDTH, HEIGHT = 96, 64
TOTAL = Rectangle(0, 0, WIDTH, HEIGHT)


def test_the_first_frame_of_a_stream_never_arrives(rig):
    it = rig().start(live=True)
    it.head.write(Control.GAIN, 60)
    it.head.begin_live()
    it.next_live()
    first, second = it.head.log
    assert (first.fate, second.fate) == ("skipped", "delivered")
    assert (first.inputs.gain, second.inputs.gain) == (30, 60)
    assert (it.counts == it.head.reproduce(second)).all()


def test_frames_of_a_stream_come_with_its_period(rig):
    it = rig().start(live=True)
    it.head.write(Control.EXPOSURE, 0.5)
    it.head.begin_live()
    for _ in range(4):
        it.next_live()
    starts = np.diff([record.exposure_start for record in it.head.log]) / 1e9
    assert starts == pytest.approx(it.head.actual_exposure())
    period = timing().frame_time(6422, 9600 * 2, 0)
    assert pace.live_period(QHY600_GEOMETRY.total, 16, 0.01, 0) == pytest.approx(period)


def test_asking_a_stream_in_vain_costs_forty_milliseconds_and_says_nothing_or_how_much_has_come(rig):
    it = rig().start(live=True)
    it.head.write(Control.EXPOSURE, 2.0)
    it.head.begin_live()
    assert it.elapsed(lambda: it.head.fetch_live(it.out)) == pytest.approx(0.040)
    it.next_live()
    assert it.head.fetch_live(it.out) == LIVE_NOTHING
    whole = pace.raw_bytes(TOTAL, 16)
    due = it.head.log[-1].exposure_start + round(6.0e9) - it.clock.utc_ns()
    on_the_link = pace.transfer(TOTAL, 16)
    # Frame 2 is in the camera 4 s after frame 1 started and comes a period later.
    it.clock.wait(due / 1e9 + pace.sensor_readout(TOTAL) - on_the_link / 2)
    assert it.head.fetch_live(it.out) == pytest.approx(whole / 2, abs=2)


def test_an_exposure_changed_during_a_stream_damages_its_frames(rig):
    it = rig().start(live=True)
    it.head.begin_live()
    it.next_live()
    it.head.write(Control.EXPOSURE, 0.1)
    for _ in range(4):
        it.next_live()
    assert it.head.log[-1].fate == "damaged"
    assert (it.counts != it.head.reproduce(it.head.log[-1])).any()
    it.head.end_live()
    it.head.write(Control.FRESH_MEMORY, 1.0)
    it.head.begin_live()
    it.next_live()
    assert it.head.log[-1].fate == "delivered"


@pytest.mark.parametrize(("initialised", "fate"), [(False, "damaged"), (True, "delivered")])
def test_a_single_frame_after_a_stream_is_damaged_unless_the_camera_was_initialised(rig, initialised, fate):
    it = rig().start(live=True)
    it.head.begin_live()
    it.next_live()
    it.head.end_live()
    it.head.write(Control.FRESH_MEMORY, 1.0)
    it.head.select_stream(live=False)
    if initialised:
        it.head.initialise()
    it.take()
    assert it.head.log[-1].fate == fate
    same = (it.counts == it.head.reproduce(it.head.log[-1])).all()
    assert same == initialised


def test_single_frames_and_streams_each_want_their_own_mode(rig):
    it = rig().start()
    with pytest.raises(HeadError, match="not in live mode"):
        it.head.begin_live()
    it.start(live=True)
    with pytest.raises(HeadError, match="not in single frame mode"):
        it.head.expose()
    assert it.head.fetch_live(it.out) == LIVE_NOTHING


def test_a_full_memory_loses_frames_while_their_numbers_go_on(rig):
    it = rig(memory=3 * pace.raw_bytes(TOTAL, 16)).start(live=True)
    it.head.begin_live()
    it.clock.wait(1.0)
    for _ in range(4):
        it.next_live()
    came = [record for record in it.head.log if record.fate == "delivered"]
    lost = [record for record in it.head.log if record.fate == "overflow"]
    assert [record.sequence for record in came[:3]] == [2, 3, 4]
    assert lost
    assert came[3].sequence == came[2].sequence + len(lost) + 1


def test_frames_that_a_stream_left_come_first_in_the_next_unless_the_memory_is_emptied(rig):
    def first_of_second_stream(empty):
        it = rig().start(live=True)
        it.head.begin_live()
        it.clock.wait(1.0)
        it.head.end_live()
        if empty:
            it.head.write(Control.FRESH_MEMORY, 1.0)
        it.head.begin_live()
        it.next_live()
        return next(record for record in it.head.log if record.handed_over == 0).fate

    assert first_of_second_stream(False) == "stale"
    assert first_of_second_stream(True) == "delivered"
