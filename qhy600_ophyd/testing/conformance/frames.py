"""Claims about frames: whose memory, which numbers, what is said of them."""

# ruff: noqa: D102 (the name of a test is its claim)

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from qhy600_ophyd.contract import BufferTooSmall, Camera, Settings
from qhy600_ophyd.testing.conformance.taking import (
    PATIENCE,
    CameraClaims,
    frame_bytes,
    frame_shape,
    grab,
    other_thread,
    prepare,
    take,
)

PATTERN = 0xA5


def _patterned(size: int) -> NDArray[np.uint8]:
    return np.full(size, PATTERN, np.uint8)


class FrameClaims(CameraClaims):
    """`grab` fills the caller's buffer and tells what was true."""

    def test_a_frame_has_the_shape_type_and_settings_that_were_configured(self, camera: Camera) -> None:
        for depth in camera.capabilities.bit_depths:
            camera.configure(Settings(bit_depth=depth))
            actual = prepare(camera)
            counts, info = take(camera)
            assert info.settings == actual
            assert info.shape == frame_shape(actual) == counts.shape
            assert np.dtype(info.dtype).kind == "u"
            assert np.dtype(info.dtype).itemsize * 8 >= depth

    def test_the_frame_fills_its_bytes_and_the_rest_of_the_buffer_stays(self, camera: Camera) -> None:
        prepare(camera)
        buffer = _patterned(frame_bytes(camera) + 64)
        camera.arm(1)
        info = camera.grab(buffer, PATIENCE)
        size = info.shape[0] * info.shape[1] * np.dtype(info.dtype).itemsize
        rows = buffer[:size].reshape(info.shape[0], -1)
        assert not (rows == PATTERN).all(axis=1).any(), "a row of the frame was not written"
        assert (buffer[size:] == PATTERN).all(), "something was written behind the frame"

    def test_a_buffer_of_exactly_the_frame_is_large_enough(self, camera: Camera) -> None:
        prepare(camera, frames=2)
        camera.arm(2)
        _, info = grab(camera)
        buffer = np.zeros(info.shape, info.dtype)
        assert camera.grab(buffer, PATIENCE).shape == info.shape

    def test_the_first_of_a_stack_of_frames_is_filled_alone(self, camera: Camera) -> None:
        prepare(camera, frames=2)
        camera.arm(2)
        _, info = grab(camera)
        stack = np.zeros((2, *info.shape), info.dtype)
        camera.grab(stack, PATIENCE)
        assert stack[0].any()
        assert not stack[1].any()

    def test_a_frame_too_large_for_the_buffer_is_kept(self, camera: Camera) -> None:
        prepare(camera)
        camera.arm(1)
        small = _patterned(max(frame_bytes(camera) // 4 - 1, 1))  # less than a byte for each count
        with pytest.raises(BufferTooSmall) as refused:
            camera.grab(small, PATIENCE)
        assert "\n" not in str(refused.value)
        assert (small == PATTERN).all(), "nothing is written into a buffer that is refused"
        assert camera.status().state == "armed"
        counts, _ = grab(camera)
        assert counts.any()

    def test_frames_are_numbered_one_after_the_other(self, camera: Camera) -> None:
        prepare(camera, frames=2)
        camera.arm(2)
        _, first = grab(camera)
        _, second = grab(camera)
        assert second.sequence == first.sequence + 1
        assert first.sequence_source == second.sequence_source == camera.capabilities.counter

    def test_a_frame_stays_what_it_was_when_the_next_one_comes(self, camera: Camera) -> None:
        prepare(camera, frames=2)
        camera.arm(2)
        first, _ = grab(camera)
        kept = first.copy()
        grab(camera)
        assert (first == kept).all()

    def test_the_times_of_a_frame_are_in_order(self, camera: Camera) -> None:
        actual = prepare(camera)
        _, info = take(camera)
        assert info.trigger_monotonic <= info.arrival_monotonic
        if info.exposure_start == -1:
            assert info.exposure_end == -1
            return
        assert info.time_source, "a known time comes from somewhere"
        assert actual.exposure is not None
        length = (info.exposure_end - info.exposure_start) * 1e-9
        assert length == pytest.approx(actual.exposure, abs=1e-6)

    def test_an_exposure_takes_its_time_on_the_cameras_clock(self, camera: Camera) -> None:
        actual = prepare(camera)
        if camera.capabilities.recorded is not None:
            pytest.skip("a recording does not expose")
        _, info = take(camera)
        assert actual.exposure is not None
        assert (info.arrival_monotonic - info.trigger_monotonic) * 1e-9 >= actual.exposure - 1e-6

    def test_temperature_is_read_where_there_is_a_cooler(self, camera: Camera) -> None:
        if camera.cooler is None:
            pytest.skip("this camera has no cooler")
        prepare(camera)
        _, info = take(camera)
        for reading in (info.temperature_start, info.temperature_end):
            assert reading.value is not None
            assert reading.time is not None
            assert reading.time <= info.arrival_monotonic * 1e-9 + 1e-6

    def test_no_count_exceeds_the_saturation_code(self, camera: Camera) -> None:
        prepare(camera)
        counts, info = take(camera)
        assert counts.max() <= info.saturation_code <= np.iinfo(info.dtype).max

    def test_frames_are_read_in_another_thread(self, camera: Camera) -> None:
        prepare(camera)
        camera.arm(1)
        with other_thread() as owner:
            counts, info = owner.submit(grab, camera).result(PATIENCE)
        assert counts.shape == info.shape
