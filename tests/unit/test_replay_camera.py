"""Recorded frames are served one by one, as recorded, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from qhy600_ophyd.backends.replay.emva1288 import read_image
from qhy600_ophyd.contract import (
    CameraError,
    ExposureCancelled,
    FrameNotRecorded,
    SettingRefused,
    Settings,
)
from qhy600_ophyd.sensor import Rectangle

SHAPE = (4, 6)


def test_frames_come_in_the_order_of_the_descriptor(descriptor_folder, opened, take, counts_of):
    camera = opened(descriptor_folder)
    served = [take(camera)[0].copy() for _ in range(2)]
    camera.light.set("recorded")
    served += [take(camera)[0].copy() for _ in range(2)]
    for n, counts in enumerate(served):
        np.testing.assert_array_equal(counts, counts_of(n))


def test_levels_are_counted_apart(descriptor_folder, opened, take, counts_of):
    camera = opened(descriptor_folder)
    take(camera)
    camera.light.set("recorded")
    take(camera)
    camera.light.set("dark")
    np.testing.assert_array_equal(take(camera)[0], counts_of(1))


def test_sixteen_bits_are_not_scaled(descriptor_folder, opened, take):
    camera = opened(descriptor_folder)
    camera.light.set("recorded")
    camera.configure(Settings(exposure=0.005))
    assert np.unique(take(camera)[0]).tolist() == [4095]


def test_an_area_is_cut_out(descriptor_folder, opened, take, counts_of):
    camera = opened(descriptor_folder)
    camera.configure(Settings(roi=Rectangle(2, 1, 3, 2)))
    np.testing.assert_array_equal(take(camera)[0], counts_of(0)[1:3, 2:5])


def test_a_third_frame_of_a_pair_is_refused(descriptor_folder, opened, take):
    camera = opened(descriptor_folder)
    take(camera)
    take(camera)
    with pytest.raises(FrameNotRecorded) as refused:
        take(camera)
    assert str(refused.value) == (
        "frame 3 with light 'dark' at 0.001 s was not recorded: this level holds 2, all served, "
        "and none is repeated. Close and open the camera to begin again"
    )


def test_a_dark_of_an_exposure_that_only_brights_have_is_refused(descriptor_folder, opened, take):
    camera = opened(descriptor_folder)
    camera.configure(Settings(exposure=0.005))
    with pytest.raises(FrameNotRecorded) as refused:
        take(camera)
    assert str(refused.value) == (
        "a frame with light 'dark' at 0.005 s was not recorded: that light has 1 exposures, 0.001 s"
    )


def test_an_exposure_that_was_not_recorded_is_refused(descriptor_folder, opened):
    camera = opened(descriptor_folder)
    with pytest.raises(SettingRefused) as refused:
        camera.configure(Settings(exposure=0.002))
    assert str(refused.value) == (
        "exposure 0.002 refused: allowed is one of the recorded 0.001, 0.005 s (still at 0.001)"
    )


def test_a_gain_that_was_not_recorded_is_refused(descriptor_folder, opened):
    with pytest.raises(SettingRefused, match="no such setting, or none was recorded"):
        opened(descriptor_folder).configure(Settings(gain=56.0))


def test_a_recording_of_darks_refuses_light(descriptor_folder, opened, take):
    (descriptor_folder / "EMVA1288_Data.txt").write_text("n 12 6 4\nd 1000\ni images/d_0.png\n")
    camera = opened(descriptor_folder)
    camera.light.set("recorded")
    with pytest.raises(FrameNotRecorded, match=r"no frame has that light\. Set the light to 'dark'"):
        take(camera)


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        pytest.param(lambda p: p.unlink(), FrameNotRecorded, "is missing", id="gone"),
        pytest.param(lambda p: p.write_bytes(b"no image"), CameraError, "cannot be read", id="no image"),
        pytest.param(
            lambda p: p.write_bytes(p.read_bytes()[:50]), CameraError, "cannot be read", id="cut short"
        ),
        pytest.param(
            lambda p: Image.fromarray(np.zeros((3, 6), np.uint16)).save(p),
            CameraError,
            "its shape is (3, 6), the recording's frames are (4, 6)",
            id="another size",
        ),
        pytest.param(
            lambda p: Image.fromarray(np.full(SHAPE, 4096, np.uint16)).save(p),
            CameraError,
            "holds the count 4096, a frame of 12 bits ends at 4095",
            id="too many bits",
        ),
        pytest.param(
            lambda p: Image.new("RGB", (6, 4)).save(p), CameraError, "image mode 'RGB'", id="colour"
        ),
    ],
)
def test_a_spoilt_image_is_named(descriptor_folder, spoil, error, message, opened, take):
    camera = opened(descriptor_folder)
    spoil(descriptor_folder / "images" / "d_0.png")
    with pytest.raises(error) as refused:
        take(camera)
    assert message in str(refused.value)
    assert "d_0.png" in str(refused.value)
    assert camera.status().state == "idle"


def test_a_frame_cancelled_while_it_is_read_stays_the_next_one(
    descriptor_folder, monkeypatch, opened, take, counts_of
):
    camera = opened(descriptor_folder)

    def read_and_cancel(file):
        camera.cancel()
        return read_image(file)

    with monkeypatch.context() as patched:
        patched.setattr(camera, "_recording", replace(camera.recording, read=read_and_cancel))
        with pytest.raises(ExposureCancelled):
            take(camera)
    assert camera.status().state == "idle"
    np.testing.assert_array_equal(take(camera)[0], counts_of(0))


def test_a_buffer_with_gaps_is_refused(descriptor_folder, opened):
    camera = opened(descriptor_folder)
    camera.arm(1)
    with pytest.raises(CameraError, match="C-contiguous"):
        camera.grab(np.zeros((64, 64), np.uint16)[:, ::2], 1.0)
