"""What can be wrong with single frames of the stand-in, and what its frames show of how they were taken."""

from __future__ import annotations

import time

import numpy as np
import pytest
from standin_camera import DDR, EXPOSURE, GAIN, HEIGHT, OFFSET, WIDTH, StandinCamera
from standin_library import ERROR, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")


@pytest.fixture
def camera(tmp_path):
    return StandinCamera(tmp_path)


def repeated_rows(counts) -> int:
    """How many rows are there already once before."""
    return len(counts) - len(np.unique(counts, axis=0))


def test_rows_and_frames_are_all_different_and_two_columns_are_0(camera):
    first, second = camera.take(), camera.take()
    assert first.shape == (HEIGHT, WIDTH)
    assert (repeated_rows(first), repeated_rows(second)) == (0, 0)
    assert not (first == second).all(axis=1).any()
    assert np.flatnonzero(~first.any(axis=0)).tolist() == [22, 23]


def test_the_rows_of_a_whole_chip_are_all_different(tmp_path):
    camera = StandinCamera(tmp_path, width=9600, height=6422)
    camera.area(30, 0, 64, 6422)
    assert repeated_rows(camera.take()) == 0


def level(camera) -> float:
    """Median count of the next frame."""
    return float(np.median(camera.take()))


def test_gain_and_offset_show_in_the_counts(camera):
    before = level(camera)
    camera.write(GAIN, 56.0)
    assert level(camera) - before == pytest.approx(2 * 26, abs=1.5)
    camera.write(OFFSET, 40.0)
    assert level(camera) - before == pytest.approx(2 * 26 + 4 * 10, abs=1.5)


def test_an_initialisation_takes_gain_and_offset_from_the_sensor_and_reports_them_on(camera):
    camera.write(GAIN, 56.0)
    camera.write(OFFSET, 40.0)
    camera.initialise()
    assert (camera.read(GAIN), camera.read(OFFSET)) == (56.0, 40.0)
    camera.take()
    assert (camera.standin["frame_gain"], camera.standin["frame_offset"]) == (30, 30)


def test_light_falls_on_the_image_alone(tmp_path):
    camera = StandinCamera(tmp_path, light=20000)
    counts = camera.take()
    assert counts[:48, 24:].min() > 20000
    assert counts[48:].max() < 20000
    assert counts[:, :24].max() < 20000


@pytest.mark.parametrize(("bits", "most"), [(8, 2**8 - 1), (16, 2**16 - 1), (32, 2**32 - 1)])
@pytest.mark.parametrize("binning", [1, 2, 3, 4])
def test_pixels_are_summed_and_sums_saturate_in_their_bits(tmp_path, binning, bits, most):
    camera = StandinCamera(tmp_path, light=20000)
    single = camera.take().astype(np.uint64)
    camera.standin["repeat_frame"] = 1
    camera.call("SetQHYCCDBinMode", binning, binning)
    camera.call("SetQHYCCDBitsMode", bits)
    rows, columns = HEIGHT // binning, WIDTH // binning
    camera.area(0, 0, columns, rows)
    pixels = single[: rows * binning, : columns * binning] >> (8 if bits == 8 else 0)
    sums = pixels.reshape(rows, binning, columns, binning).sum((1, 3))
    assert np.array_equal(camera.take(), np.minimum(sums, most))


def test_a_part_of_the_chip_shows_what_the_whole_would_show_there(camera):
    whole = camera.take()
    camera.standin["repeat_frame"] = 1
    camera.area(10, 20, 40, 30)
    assert np.array_equal(camera.take(), whole[20:50, 10:50])


def test_a_zero_frame_is_a_success(camera):
    camera.standin["zero_frame"] = 1
    assert not camera.take().any()
    assert camera.take().any()


def test_a_shifted_frame_has_its_empty_columns_elsewhere(camera):
    camera.standin["shift_frame"] = 1
    assert np.flatnonzero(~camera.take().any(axis=0)).tolist() == [17, 18]


def test_a_blocky_frame_has_rows_twice(camera):
    camera.standin["blocky_frame"] = 1
    assert repeated_rows(camera.take()) == HEIGHT // 4


def test_a_repeated_frame_is_the_one_before(camera):
    before, number = camera.take(), camera.standin["frame_number"]
    camera.standin["repeat_frame"] = 1
    assert np.array_equal(camera.take(), before)
    assert camera.standin["frame_number"] == number
    assert not np.array_equal(camera.take(), before)


def test_a_late_frame_gives_zeros_and_comes_as_the_next_one(camera):
    camera.call("SetQHYCCDSingleFrameTimeOut", 20)
    camera.standin["late_frame"] = 1
    assert not camera.take().any()
    camera.take()
    assert camera.standin["frame_number"] == 1


def test_the_frame_of_a_cancelled_exposure_comes_as_the_next_one(camera):
    camera.call("ExpQHYCCDSingleFrame")
    camera.call("CancelQHYCCDExposingAndReadout")
    assert camera.standin["frames_in_memory"] == 1
    camera.take()
    assert camera.standin["frame_number"] == 1


def test_unless_the_memory_is_emptied_before(camera):
    camera.call("ExpQHYCCDSingleFrame")
    camera.call("CancelQHYCCDExposingAndReadout")
    assert camera.write(DDR, 1.0) == 0
    camera.take()
    assert camera.standin["frame_number"] == 2


@pytest.mark.parametrize("what", ["mode", "stream"])
def test_a_camera_that_was_not_initialised_after_a_choice_gives_zeros_when_the_time_is_over(camera, what):
    camera.call("SetQHYCCDSingleFrameTimeOut", 20)
    camera.call("SetQHYCCDReadMode", 1) if what == "mode" else camera.call("SetQHYCCDStreamMode", 1)
    assert not camera.take().any()


def test_with_a_pace_a_frame_takes_its_exposure_and_its_readout(tmp_path):
    camera = StandinCamera(tmp_path, exposure_paced=1, readout_ms=50)
    camera.write(EXPOSURE, 100e3)
    began = time.monotonic()
    camera.take()
    assert time.monotonic() - began >= 0.15


def test_an_old_library_waits_for_ever_for_a_frame_that_was_not_exposed(tmp_path):
    camera = StandinCamera(tmp_path, variant="old", sdk_year=21)
    camera.start("fetch", "GetQHYCCDSingleFrame", 0)
    camera.await_hanging()
    camera.call("CancelQHYCCDExposingAndReadout")
    assert camera.finish("fetch")[0] == ERROR
