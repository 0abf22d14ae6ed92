"""The conformance suite finds the fault of a camera that has one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from qhy600_ophyd.backends.replay import ReplayCamera
from qhy600_ophyd.contract import (
    BufferTooSmall,
    FrameInfo,
    FrameNotRecorded,
    QHY600Error,
    SettingRefused,
    Settings,
)
from qhy600_ophyd.testing import CameraConformance, SteppedClock

CLAIMS = CameraConformance()
ROWS, COLUMNS = 3, 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    noise = np.random.default_rng(1)
    lines = ["n 12 5 3"]
    for letter, exposures in (("b", (1000, 2000)), ("d", (1000,))):
        for exposure in exposures:
            lines.append(f"{letter} {exposure}" + (f" {exposure / 10}" if letter == "b" else ""))
            for k in range(2):
                name = f"{letter}_{exposure}_{k}.png"
                counts = noise.poisson(exposure + (500 if letter == "b" else 0), (ROWS, COLUMNS))
                Image.fromarray(counts.astype(np.uint16)).save(tmp_path / name)
                lines.append(f"i {name}")
    (tmp_path / "data.txt").write_text("\n".join(lines))
    return tmp_path


class RepeatsTheLast(ReplayCamera):
    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        with suppress(FrameNotRecorded):
            self.last = super().grab(out, timeout)
        return self.last


class StaysArmed(ReplayCamera):
    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        try:
            return super().grab(out, timeout)
        except FrameNotRecorded:
            self.arm(None)
            raise


class WritesBehind(ReplayCamera):
    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        info = super().grab(out, timeout)
        out.reshape(-1)[-1] = 0
        return info


class LeavesTheLastRow(ReplayCamera):
    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        buffer = np.empty_like(out)
        info = super().grab(buffer, timeout)
        written = (ROWS - 1) * COLUMNS * 2
        out[:written] = buffer[:written]
        return info


class DropsWhatDoesNotFit(ReplayCamera):
    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        try:
            return super().grab(out, timeout)
        except BufferTooSmall:
            super().grab(np.zeros(1024, np.uint8), timeout)
            raise


class CountsInTwos(ReplayCamera):
    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        info = super().grab(out, timeout)
        return replace(info, sequence=2 * info.sequence)


class ForgetsTheSettings(ReplayCamera):
    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        return replace(super().grab(out, timeout), settings=Settings())


class TurnsTheShape(ReplayCamera):
    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        info = super().grab(out, timeout)
        return replace(info, shape=info.shape[::-1])


class AppliesHalf(ReplayCamera):
    def configure(self, settings: Settings) -> Settings:
        before = self.settings
        try:
            return super().configure(settings)
        except SettingRefused:
            super().configure(Settings(exposure=settings.exposure, roi=before.roi))
            raise


class KnowsBeforeOpening(ReplayCamera):
    @property
    def settings(self) -> Settings:
        return Settings()


class Shines(ReplayCamera):
    def open(self) -> None:
        super().open()
        self.light.photons = lambda exposure: 5.0  # type: ignore[method-assign]


class StuckShutter(ReplayCamera):
    def open(self) -> None:
        super().open()
        self.light.set = lambda level: level  # type: ignore[method-assign]


FLAWS = [
    (RepeatsTheLast, CLAIMS.test_a_frame_beyond_the_last_is_refused_and_none_is_repeated),
    (StaysArmed, CLAIMS.test_a_refused_frame_leaves_the_camera_idle),
    (WritesBehind, CLAIMS.test_the_frame_fills_its_bytes_and_the_rest_of_the_buffer_stays),
    (LeavesTheLastRow, CLAIMS.test_the_frame_fills_its_bytes_and_the_rest_of_the_buffer_stays),
    (DropsWhatDoesNotFit, CLAIMS.test_a_frame_too_large_for_the_buffer_is_kept),
    (CountsInTwos, CLAIMS.test_frames_are_numbered_one_after_the_other),
    (ForgetsTheSettings, CLAIMS.test_a_frame_has_the_shape_type_and_settings_that_were_configured),
    (TurnsTheShape, CLAIMS.test_a_frame_has_the_shape_type_and_settings_that_were_configured),
    (AppliesHalf, CLAIMS.test_one_bad_value_among_good_ones_changes_nothing),
    (Shines, CLAIMS.test_no_photons_fall_when_it_is_off),
    (StuckShutter, CLAIMS.test_bright_frames_have_more_counts_than_dark_ones),
    (StuckShutter, CLAIMS.test_every_level_that_is_offered_can_be_set),
]


IDS = [f"{flawed.__name__}-{claim.__name__.removeprefix('test_')}" for flawed, claim in FLAWS]


@pytest.mark.parametrize(("make", "claim"), FLAWS, ids=IDS)
def test_a_flawed_camera_fails_its_claim(
    folder: Path, make: type[ReplayCamera], claim: Callable[..., None]
) -> None:
    camera = make(folder, clock=SteppedClock(auto=True))
    camera.open()
    with pytest.raises((AssertionError, QHY600Error, pytest.fail.Exception)):
        claim(camera=camera)


@pytest.mark.parametrize("claim", [claim for _, claim in FLAWS], ids=IDS)
def test_the_sound_camera_passes_the_same_claim(folder: Path, claim: Callable[..., None]) -> None:
    camera = ReplayCamera(folder, clock=SteppedClock(auto=True))
    camera.open()
    claim(camera=camera)


def test_a_camera_that_knows_too_early_fails(folder: Path) -> None:
    with pytest.raises(pytest.fail.Exception):
        CLAIMS.test_before_the_first_opening_it_is_not_known(
            lambda clock: KnowsBeforeOpening(folder, clock=clock), "settings"
        )


def test_importing_the_testing_room_imports_no_test_library() -> None:
    heavy = ("pytest", "hypothesis", "event_model", "ophyd", "bluesky", "astropy", "qhy600_ophyd.backends")
    program = f"import sys, qhy600_ophyd.testing; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
