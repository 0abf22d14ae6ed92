"""A tiny recording of a camera that nobody built, and its camera; cameras in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from isolated_simulation import simulated
from numpy.typing import NDArray
from PIL import Image
from shaky_camera import SHAKY

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.backends.replay import ReplayCamera
from qhy600_ophyd.contract import FrameInfo

DESCRIPTOR = r"""# frames of a camera that nobody built
v 3.0
n 12 6 4
b 1000000.0 120.5
i images\b_0.png
i images\b_1.png
b 5000000.0 600.0
i images/b_2.png
d 1000000.0
i images\d_0.png
i images\d_1.png
"""


@pytest.fixture(scope="session")
def counts_of() -> Callable[[int], NDArray[np.uint16]]:
    """Counts of recorded frame `n`, shape (4, 6), no two alike."""

    def counts(n: int) -> NDArray[np.uint16]:
        return np.arange(24, dtype=np.uint16).reshape(4, 6) + np.uint16(1000 * n)

    return counts


@pytest.fixture
def descriptor_folder(tmp_path: Path, counts_of: Callable[[int], NDArray[np.uint16]]) -> Path:
    """Two darks and two brights of 1 ms, `counts_of` 0 to 3, and a saturated bright of 5 ms."""
    (tmp_path / "images").mkdir()
    for n, name in enumerate(["d_0", "d_1", "b_0", "b_1"]):
        Image.fromarray(counts_of(n)).save(tmp_path / "images" / f"{name}.png")
    Image.fromarray(np.full((4, 6), 4095, np.uint16)).save(tmp_path / "images" / "b_2.png")
    (tmp_path / "EMVA1288_Data.txt").write_text(DESCRIPTOR)
    return tmp_path


@pytest.fixture(scope="session")
def opened() -> Callable[[Path], ReplayCamera]:
    """Opens the camera that serves a folder."""

    def open_camera(folder: Path) -> ReplayCamera:
        camera = ReplayCamera(folder)
        camera.open()
        return camera

    return open_camera


@pytest.fixture(scope="session")
def take() -> Callable[[ReplayCamera], tuple[NDArray[np.unsignedinteger], FrameInfo]]:
    """Takes the next frame of a camera: its counts, and what was true of it."""

    def frame(camera: ReplayCamera) -> tuple[NDArray[np.unsignedinteger], FrameInfo]:
        camera.arm(1)
        buffer = np.zeros(1024, np.uint8)
        info = camera.grab(buffer, 1.0)
        size = info.shape[0] * info.shape[1] * np.dtype(info.dtype).itemsize
        return buffer[:size].view(info.dtype).reshape(info.shape), info

    return frame


@pytest.fixture
def shaky(tmp_path: Path) -> Iterator[IsolatedCamera]:
    """An open camera in a process of its own, which goes wrong when it is told to."""
    with closing(IsolatedCamera(Recipe(factory=SHAKY), folder=tmp_path)) as camera:
        camera.open()
        yield camera


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IsolatedCamera]:
    """A simulated camera in a process of its own; opening takes most of a second, so a module shares it."""
    with closing(simulated(tmp_path_factory.mktemp("log"))) as camera:
        camera.open()
        yield camera
