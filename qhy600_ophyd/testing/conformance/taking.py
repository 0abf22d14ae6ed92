"""How the claims take frames: from any camera, by what it offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qhy600_ophyd.contract import Camera, Clock, FrameInfo, RecordedLevel, Settings
from qhy600_ophyd.testing.stepped_clock import SteppedClock

MakeCamera = Callable[[Clock], Camera]
PATIENCE = 10.0
"""Real seconds after which a camera that does not answer has failed."""


class CameraClaims:
    """The fixture that all claims share; `make_camera` comes from the subclass."""

    @pytest.fixture
    def camera(self, make_camera: MakeCamera) -> Iterator[Camera]:
        """An open, idle camera whose exposures take no real time."""
        camera = make_camera(SteppedClock(auto=True))
        camera.open()
        yield camera
        camera.close()


def prepare(camera: Camera, *, frames: int = 1) -> Settings:
    """Choose an exposure of which so many frames can be had, or skip."""
    recorded = camera.capabilities.recorded
    if recorded is None:
        return camera.configure(Settings(exposure=short_exposure(camera)))
    return choose(camera, level_of(recorded, frames))


def level_of(recorded: tuple[RecordedLevel, ...], frames: int) -> RecordedLevel:
    """The first recorded level that holds so many frames, or skip."""
    for level in recorded:
        if level.frames >= frames:
            return level
    pytest.skip(f"no level of this recording holds {frames} frames")


def choose(camera: Camera, level: RecordedLevel) -> Settings:
    """Set a recorded level."""
    assert camera.light is not None, "a recording offers a light, dark or recorded"
    camera.light.set(level.light)
    return camera.configure(Settings(exposure=level.exposure))


def short_exposure(camera: Camera) -> float:
    """A millisecond, or what comes nearest to it [s]."""
    limits = camera.capabilities.exposure
    return min(max(1e-3, limits.low), limits.high)


def frame_shape(settings: Settings) -> tuple[int, int]:
    """Rows and columns that a frame with these settings has."""
    assert settings.roi is not None
    assert settings.binning is not None
    return settings.roi.height // settings.binning, settings.roi.width // settings.binning


def frame_bytes(camera: Camera) -> int:
    """Bytes that certainly hold a frame with the present settings."""
    rows, columns = frame_shape(camera.settings)
    return rows * columns * 4


def grab(camera: Camera) -> tuple[NDArray[Any], FrameInfo]:
    """The next frame of an armed camera, shape ``(rows, columns)``."""
    buffer = np.zeros(frame_bytes(camera), np.uint8)
    info = camera.grab(buffer, PATIENCE)
    size = info.shape[0] * info.shape[1] * np.dtype(info.dtype).itemsize
    return buffer[:size].view(info.dtype).reshape(info.shape), info


def take(camera: Camera) -> tuple[NDArray[Any], FrameInfo]:
    """One frame."""
    camera.arm(1)
    return grab(camera)


@contextmanager
def other_thread() -> Iterator[ThreadPoolExecutor]:
    """A thread that is not this one."""
    with ThreadPoolExecutor(1, thread_name_prefix="conformance") as pool:
        yield pool
