"""Claims about cameras that serve what was recorded: every frame once, and nothing else."""

# ruff: noqa: D102 (the name of a test is its claim)

from __future__ import annotations

import itertools

import numpy as np
import pytest

from qhy600_ophyd.contract import Camera, FrameNotRecorded, RecordedLevel, SettingRefused, Settings
from qhy600_ophyd.testing.conformance.taking import CameraClaims, choose, grab, level_of, take


def _recorded(camera: Camera) -> tuple[RecordedLevel, ...]:
    recorded = camera.capabilities.recorded
    if recorded is None:
        pytest.skip("this camera exposes")
    return recorded


class RecordedClaims(CameraClaims):
    """What holds where `Capabilities.recorded` is given."""

    def test_a_frame_beyond_the_last_is_refused_and_none_is_repeated(self, camera: Camera) -> None:
        level = min(_recorded(camera), key=lambda r: r.frames)
        choose(camera, level)
        camera.arm(None)
        for _ in range(level.frames):
            grab(camera)
        with pytest.raises(FrameNotRecorded) as refused:
            grab(camera)
        assert str(level.frames) in str(refused.value), "it says how many were recorded"
        camera.cancel()
        with pytest.raises(FrameNotRecorded):
            take(camera)
        assert camera.status().frames_delivered == level.frames

    def test_a_refused_frame_leaves_the_camera_idle(self, camera: Camera) -> None:
        level = min(_recorded(camera), key=lambda r: r.frames)
        choose(camera, level)
        camera.arm(level.frames + 1)
        for _ in range(level.frames):
            grab(camera)
        with pytest.raises(FrameNotRecorded):
            grab(camera)
        assert camera.status().state == "idle"

    def test_frames_come_in_the_same_order_after_opening_again(self, camera: Camera) -> None:
        level = level_of(_recorded(camera), 2)
        runs = []
        for _ in range(2):
            choose(camera, level)
            runs.append([take(camera)[0] for _ in range(2)])
            camera.close()
            camera.open()
        assert all((a == b).all() for a, b in zip(*runs, strict=True))
        assert (runs[0][0] != runs[0][1]).any(), "two frames of a level are two frames"

    def test_a_frame_that_did_not_fit_its_buffer_is_not_passed_over(self, camera: Camera) -> None:
        level = min(_recorded(camera), key=lambda r: r.frames)
        choose(camera, level)
        camera.arm(level.frames)
        for _ in range(level.frames):
            with pytest.raises(ValueError, match="buffer"):
                camera.grab(np.zeros(1, np.uint8), 0.0)
            grab(camera)
        assert camera.status().frames_delivered == level.frames

    def test_an_exposure_that_was_never_recorded_is_refused(self, camera: Camera) -> None:
        times = sorted({r.exposure for r in _recorded(camera)})
        never = [0.0 if times[0] > 0 else -1.0, 2 * times[-1] + 1.0]
        never += [(a + b) / 2 for a, b in itertools.pairwise(times)][:1]
        before = camera.settings
        for exposure in never:
            with pytest.raises(SettingRefused):
                camera.configure(Settings(exposure=exposure))
        assert camera.settings == before

    def test_a_light_that_was_never_recorded_at_an_exposure_gives_no_frame(self, camera: Camera) -> None:
        recorded = _recorded(camera)
        assert camera.light is not None
        held = {(r.exposure, r.light) for r in recorded}
        gaps = [
            (exposure, light)
            for exposure in {r.exposure for r in recorded}
            for light in (camera.light.off, camera.light.on)
            if (exposure, light) not in held
        ]
        if not gaps:
            pytest.skip("every exposure of this recording is dark and bright")
        exposure, light = gaps[0]
        camera.light.set(light)
        camera.configure(Settings(exposure=exposure))
        with pytest.raises(FrameNotRecorded):
            take(camera)

    def test_its_limits_are_what_was_recorded(self, camera: Camera) -> None:
        recorded = _recorded(camera)
        assert camera.capabilities.exposure.values is not None
        assert set(camera.capabilities.exposure.values) == {r.exposure for r in recorded}
        assert len({(r.exposure, r.light) for r in recorded}) == len(recorded)
