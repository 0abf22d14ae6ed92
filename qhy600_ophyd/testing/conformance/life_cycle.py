"""Claims about opening, arming, cancelling and closing."""

# ruff: noqa: D102 (the name of a test is its claim)

from __future__ import annotations

import threading
from contextlib import closing

import numpy as np
import pytest

from qhy600_ophyd.contract import (
    Camera,
    CameraNotReady,
    Clock,
    Cooler,
    ExposureCancelled,
    SettingRefused,
    Settings,
    SystemClock,
)
from qhy600_ophyd.testing.conformance.taking import (
    PATIENCE,
    CameraClaims,
    MakeCamera,
    grab,
    other_thread,
    prepare,
    take,
)
from qhy600_ophyd.testing.stepped_clock import SteppedClock


class LifeCycleClaims(CameraClaims):
    """closed → idle → armed → idle → closed."""

    def test_a_new_camera_is_closed(self, make_camera: MakeCamera) -> None:
        assert make_camera(SteppedClock(auto=True)).status().state == "closed"

    def test_an_open_camera_satisfies_the_protocol(self, camera: Camera) -> None:
        # Python 3.11 reads every property for this, and a camera never opened refuses some of them.
        assert isinstance(camera, Camera)
        assert isinstance(camera.clock, Clock)
        assert camera.cooler is None or isinstance(camera.cooler, Cooler)

    def test_constructing_starts_no_thread(self, make_camera: MakeCamera) -> None:
        before = threading.active_count()
        make_camera(SteppedClock(auto=True))
        assert threading.active_count() == before

    @pytest.mark.parametrize("name", ["capabilities", "settings"])
    def test_before_the_first_opening_it_is_not_known(self, make_camera: MakeCamera, name: str) -> None:
        camera = make_camera(SteppedClock(auto=True))
        with pytest.raises(CameraNotReady):
            getattr(camera, name)

    def test_a_closed_camera_refuses_to_work(self, make_camera: MakeCamera) -> None:
        camera = make_camera(SteppedClock(auto=True))
        with pytest.raises(CameraNotReady):
            camera.configure(Settings())
        with pytest.raises(CameraNotReady):
            camera.arm(1)
        with pytest.raises(CameraNotReady):
            camera.grab(np.zeros(8, np.uint8), PATIENCE)

    def test_opening_an_open_camera_changes_nothing(self, camera: Camera) -> None:
        prepare(camera)
        before = camera.settings
        camera.open()
        assert camera.settings == before
        assert camera.status().state == "idle"

    def test_closing_a_closed_camera_does_nothing(self, make_camera: MakeCamera) -> None:
        camera = make_camera(SteppedClock(auto=True))
        camera.close()
        camera.open()
        camera.close()
        camera.close()
        assert camera.status().state == "closed"

    def test_a_closed_camera_opens_again_and_takes_a_frame(self, camera: Camera) -> None:
        camera.close()
        assert camera.status().state == "closed"
        camera.open()
        prepare(camera)
        counts, info = take(camera)
        assert counts.shape == info.shape

    def test_closing_an_armed_camera_cancels_first(self, camera: Camera) -> None:
        prepare(camera)
        camera.arm(None)
        camera.close()
        assert camera.status().state == "closed"
        camera.open()
        assert camera.status().state == "idle"

    def test_the_status_follows_a_frame(self, camera: Camera) -> None:
        prepare(camera)
        before = camera.status()
        camera.arm(1)
        armed = camera.status()
        grab(camera)
        after = camera.status()
        assert (before.state, armed.state, after.state) == ("idle", "armed", "idle")
        assert after.frames_delivered == before.frames_delivered + 1

    def test_an_armed_camera_refuses_to_be_armed_or_configured(self, camera: Camera) -> None:
        settings = prepare(camera)
        camera.arm(1)
        with pytest.raises(CameraNotReady):
            camera.arm(1)
        with pytest.raises(CameraNotReady):
            camera.configure(settings)
        assert camera.status().state == "armed"
        grab(camera)

    @pytest.mark.parametrize("frames", [0, -1])
    def test_arming_for_no_frame_is_refused(self, camera: Camera, frames: int) -> None:
        prepare(camera)
        with pytest.raises(SettingRefused, match="frames"):
            camera.arm(frames)
        assert camera.status().state == "idle"

    def test_an_idle_camera_gives_no_frame(self, camera: Camera) -> None:
        prepare(camera)
        with pytest.raises(CameraNotReady):
            grab(camera)

    def test_a_camera_armed_for_one_frame_gives_one(self, camera: Camera) -> None:
        prepare(camera)
        take(camera)
        with pytest.raises(CameraNotReady):
            grab(camera)

    def test_a_camera_armed_without_end_gives_frames_until_cancelled(self, camera: Camera) -> None:
        prepare(camera, frames=2)
        camera.arm(None)
        grab(camera)
        grab(camera)
        assert camera.status().state == "armed"
        camera.cancel()
        assert camera.status().state == "idle"
        with pytest.raises(CameraNotReady):
            grab(camera)

    def test_cancelling_an_idle_camera_does_nothing(self, camera: Camera) -> None:
        settings = prepare(camera)
        camera.cancel()
        camera.cancel()
        assert camera.status().state == "idle"
        assert camera.settings == settings
        take(camera)

    def test_cancelling_a_closed_camera_does_nothing(self, make_camera: MakeCamera) -> None:
        camera = make_camera(SteppedClock(auto=True))
        camera.cancel()
        assert camera.status().state == "closed"

    def test_a_frame_can_be_taken_after_a_cancelled_one(self, camera: Camera) -> None:
        prepare(camera)
        camera.arm(1)
        camera.cancel()
        counts, info = take(camera)
        assert counts.shape == info.shape

    def test_another_thread_ends_a_long_exposure(self, make_camera: MakeCamera) -> None:
        # Opening and configuring may take time on the clock; the exposure shall not end by itself. Nobody
        # moves the clock by hand: a camera in another process has its own.
        at_once = 60.0
        camera = make_camera(SteppedClock(auto=True, longest=at_once))
        with closing(camera), other_thread() as owner:
            owner.submit(camera.open).result(PATIENCE)
            if camera.capabilities.recorded is not None:
                pytest.skip("a recording does not expose")
            longest = min(camera.capabilities.exposure.high, 600.0)
            if longest <= at_once:
                pytest.skip("this camera has no long exposures")
            owner.submit(camera.configure, Settings(exposure=longest)).result(PATIENCE)
            owner.submit(camera.arm, 1).result(PATIENCE)
            exposing = owner.submit(grab, camera)
            SystemClock().wait(0.3)
            assert not exposing.done(), "the exposure ended before it was cancelled"
            camera.cancel()
            with pytest.raises(ExposureCancelled):
                exposing.result(PATIENCE)
            assert camera.status().state == "idle"
