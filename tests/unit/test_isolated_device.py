"""The ophyd device over a camera in a process of its own."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from shaky_camera import until

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.contract import CameraProcessLost, SystemClock
from qhy600_ophyd.device import QHY600

PATIENCE = 10.0


@pytest.fixture
def device(tmp_path: Path) -> Iterator[QHY600]:
    recipe = Recipe(factory="shaky_camera:ShakyCamera", clock=SystemClock())
    with QHY600(
        IsolatedCamera(recipe, folder=tmp_path), sink=tmp_path / "runs", name="camera", frame_timeout=5.0
    ) as device:
        yield device


def test_frames_are_stored_from_memory_that_the_camera_has_lent(
    device: QHY600, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device.backend._crossing, "_copied", lambda *_: pytest.fail("it was copied"))
    device.stage()
    for _ in range(3):
        device.trigger().wait(PATIENCE)
    device.unstage()
    (file,) = (tmp_path / "runs").rglob("*.h5")
    with h5py.File(file) as stored:
        counts = stored["counts"][:]
    assert (counts == np.array([1, 2, 3])[:, None, None]).all()
    device.close()
    gc.collect()
    assert device.backend.ring_bytes == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX systems")
def test_a_killed_camera_fails_the_exposure_at_once_and_the_next_one_after_reconnecting_is_stored(
    device: QHY600, tmp_path: Path
) -> None:
    device.stage()
    device.trigger().wait(PATIENCE)
    device.exposure.set(60.0)
    exposing = device.trigger()
    until(lambda: device.backend.status().state == "armed", within=PATIENCE)
    os.kill(device.backend.process_id, signal.SIGKILL)
    began = time.monotonic()
    with pytest.raises(Exception) as failed:  # noqa: PT011  (ophyd's own, with ours inside)
        exposing.wait(PATIENCE)
    assert time.monotonic() - began < 1.0
    assert isinstance(exposing.exception(), CameraProcessLost), failed.value
    device.reconnect()
    device.exposure.set(0.0)
    device.trigger().wait(PATIENCE)
    device.unstage()
    (file,) = (tmp_path / "runs").rglob("*.h5")
    with h5py.File(file) as stored:
        assert stored["counts"].shape[0] == 2
