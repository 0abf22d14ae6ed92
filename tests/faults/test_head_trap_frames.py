"""What is wrong with the single frames of every QHY600: late ones, left ones, zeros."""

import threading
from hashlib import blake2b

import pytest

from qhy600_ophyd.backends.simulated.head import pace
from qhy600_ophyd.driver.head import Control, Fetched, HeadError
from qhy600_ophyd.sensor import QHY600_GEOMETRY, Rectangle
from qhy600_ophyd.sensor.gps_header import decode
from qhy600_ophyd.testing import SteppedClock

WIDTH, HEIGHT = 96, 64
TOTAL = Rectangle(0, 0, WIDTH, HEIGHT)


def test_a_mode_selected_during_an_exposure_loses_its_frame(rig):
    it = rig().start()
    it.head.expose()
    it.head.select_mode(1)
    with pytest.raises(HeadError, match="no response from camera"):
        it.head.fetch(it.out, 10.0)


def test_a_first_exposure_that_was_cancelled_leaves_the_default_gain_to_the_next(rig):
    it = rig().ready()
    it.head.write(Control.GAIN, 60)
    it.head.expose()
    it.head.cancel()
    it.take()
    assert it.head.log[-1].inputs.gain == 30


def test_an_area_without_pixels_is_accepted_and_gives_a_frame_without_pixels(rig):
    it = rig().start()
    it.head.set_area(0, 0, 0, 0)
    it.out[:] = 7
    assert it.take() == Fetched(width=0, height=0, bit_depth=16)
    assert (it.out == 7).all()


def test_a_second_exposure_ends_the_first_and_succeeds(rig):
    it = rig().start()
    it.head.expose()
    it.take()
    assert [record.fate for record in it.head.log[-2:]] == ["restarted", "delivered"]
    assert (it.counts == it.head.reproduce(it.head.log[-1])).all()


def test_a_fetch_with_nothing_exposed_fails_at_once(rig):
    it = rig().start()

    def fetch():
        with pytest.raises(HeadError, match="nothing was exposed"):
            it.head.fetch(it.out, 60.0)

    assert it.elapsed(fetch) == 0
    it.head.expose()
    it.head.cancel()
    assert it.elapsed(fetch) == 0


def test_cancel_from_another_thread_ends_a_blocked_fetch(rig):
    it = rig(clock=SteppedClock(auto=True)).start()
    it.clock.auto = False
    it.head.write(Control.EXPOSURE, 1000.0)
    it.head.expose()
    ended = []

    def fetch():
        try:
            it.head.fetch(it.out, 60.0)
        except HeadError as error:
            ended.append(str(error))

    thread = threading.Thread(target=fetch)
    thread.start()
    it.clock.until_sleeping()
    assert it.head.read(Control.GAIN) == 30
    it.head.cancel()
    thread.join(5.0)
    assert ended == ["fetch ended: the exposure was cancelled; there is no frame"]
    assert it.head.log[-1].fate == "cancelled"


def test_a_single_frame_takes_its_delay_its_exposure_and_its_readout(rig):
    it = rig().start()
    readout = pace.single_readout(TOTAL, 16)
    took = it.elapsed(it.take)
    assert took == pytest.approx(pace.start_delay(0, 1) + it.head.actual_exposure() + readout)
    assert pace.single_readout(QHY600_GEOMETRY.total, 16) == pytest.approx(1.75)
    assert pace.sensor_readout(TOTAL) <= readout < 1.75


def test_an_exposure_is_a_whole_number_of_lines_which_the_traffic_lengthens(rig):
    it = rig().start()
    for traffic in (0, 30, 60):
        it.head.write(Control.USB_TRAFFIC, traffic)
        it.head.write(Control.EXPOSURE, 0.01)
        lines = it.head.actual_exposure() / it.head.line_time()
        assert lines == pytest.approx(round(lines))
        it.take()
        assert it.head.log[-1].inputs.exposure == it.head.actual_exposure()
        assert it.head.log[-1].inputs.line_time == it.head.line_time()


def test_a_frame_that_comes_too_late_is_zeros_with_success(rig):
    it = rig().start()
    it.out[:] = 7
    it.head.expose()
    began = it.clock.monotonic()
    assert it.head.fetch(it.out, 0.001) == Fetched(width=WIDTH, height=HEIGHT, bit_depth=16)
    assert it.clock.monotonic() - began == pytest.approx(
        pace.start_delay(0, 1) + it.head.actual_exposure() + 0.001
    )
    assert not it.out[: 2 * WIDTH * HEIGHT].any()
    assert it.head.log[-1].fate == "timed_out"


@pytest.mark.parametrize("emptied", [False, True], ids=["left", "emptied"])
def test_a_frame_that_came_too_late_is_the_next_one_unless_the_memory_is_emptied(rig, emptied):
    it = rig().start()
    it.take(timeout=0.001)
    late = it.head.log[-1]
    it.clock.wait(5.0)
    if emptied:
        it.head.write(Control.FRESH_MEMORY, 1.0)
    it.take()
    old, new = it.head.log[late.inputs.frame], it.head.log[-1]
    if emptied:
        assert (old.fate, new.fate) == ("timed_out", "delivered")
        assert (it.counts == it.head.reproduce(new)).all()
    else:
        assert old.fate == "stale"
        assert (it.counts == it.head.reproduce(old)).all()


def test_a_stale_frame_puts_every_later_frame_one_late(rig):
    it = rig().start()
    it.take(timeout=0.001)
    it.clock.wait(5.0)
    for _ in range(3):
        it.take()
        it.clock.wait(5.0)
    assert [record.fate for record in it.head.log[1:]] == ["stale", "stale", "stale"]


@pytest.mark.parametrize(
    ("waited", "fate"), [(0.1, "delivered"), (30.0, "stale")], ids=["exposing", "already read"]
)
def test_a_cancelled_exposure_leaves_its_frame_only_if_it_was_read(rig, waited, fate):
    it = rig().start()
    it.head.expose()
    it.clock.wait(waited)
    it.head.cancel()
    it.take()
    handed = [record for record in it.head.log if record.handed_over == 1]
    assert [record.fate for record in handed] == [fate]
    assert (it.counts == it.head.reproduce(handed[0])).all()


@pytest.mark.parametrize("depth", [8, 16, 32])
def test_a_frame_takes_exactly_its_bytes_at_the_beginning(rig, depth):
    it = rig().start()
    it.head.write(Control.BIT_DEPTH, depth)
    it.head.set_area(0, 0, 10, 6)
    it.out[:] = 0
    assert it.take() == Fetched(width=10, height=6, bit_depth=depth)
    size = 60 * depth // 8
    assert it.out[:size].any()
    assert not it.out[size:].any()


def test_memory_too_small_for_a_frame_would_be_written_beyond(rig):
    it = rig().start()
    it.head.expose()
    with pytest.raises(HeadError, match="beyond its end"):
        it.head.fetch(it.out[:100], 60.0)


@pytest.mark.parametrize("locked", [False, True])
def test_a_header_stands_in_the_first_pixels_when_asked_for(rig, locked):
    it = rig(gps_locked=locked).start()
    it.head.write(Control.GPS_HEADER, 1.0)
    it.take()
    record = it.head.log[-1]
    found = decode(it.out[:44].tobytes())
    assert (found.sequence, found.width, found.height) == (record.sequence, WIDTH, HEIGHT)
    assert found.trusted == locked
    assert abs(found.start.utc_ns - record.exposure_start) <= 100
    assert (it.counts == it.head.reproduce(record)).all()


def test_the_log_tells_what_was_true_and_each_frame_can_be_made_again(rig):
    it = rig().start()
    it.head.write(Control.GAIN, 56)
    it.light.set(250.0)
    it.head.set_area(24, 0, 20, 10)
    it.take()
    record = it.head.log[-1]
    assert (record.irradiance, record.settings.gain) == (250.0, 56)
    assert record.settings.overscan is False
    assert record.settings.readout_mode == "PhotoGraphic DSO 16BIT"
    assert (it.counts == it.head.reproduce(record)).all()
    assert record.digest == blake2b(it.head.reproduce(record).data, digest_size=16).digest()
    assert record.temperature == pytest.approx(it.plant.temperature(), abs=0.01)
