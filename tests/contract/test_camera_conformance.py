"""The conformance suite, on every camera of this package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from qhy600_ophyd.backends.replay import ReplayCamera
from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import Camera, Clock
from qhy600_ophyd.testing import CameraConformance

SET001 = Path(__file__).parents[3] / "shared" / "data" / "emva1288-set001"

LEVELS = [("b", 1e-3, 100.0), ("b", 2e-3, 200.0), ("d", 1e-3, 0.0), ("d", 2e-3, 0.0)]
BRIGHT_ONLY = ("b", 4e-3, 400.0)


def frames_of(level: tuple[str, float, float], seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.poisson(50 + level[2], (12, 16)).astype(np.uint16) for _ in range(2)]


@pytest.fixture
def descriptor_folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    lines = ["# a small recording", "v 3.0", "n 12 16 12"]
    for n, level in enumerate([*LEVELS, BRIGHT_ONLY]):
        letter, exposure, photons = level
        lines.append(f"{letter} {exposure * 1e9:.1f}" + (f" {photons}" if letter == "b" else ""))
        for k, counts in enumerate(frames_of(level, n)):
            Image.fromarray(counts).save(tmp_path / "images" / f"{n}_{k}.png")
            lines.append(rf"i images\{n}_{k}.png")
    (tmp_path / "data.txt").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def fits_folder(tmp_path: Path) -> Path:
    for n, level in enumerate(LEVELS):
        letter, exposure, photons = level
        for k, counts in enumerate(frames_of(level, n)):
            header = fits.Header()
            header["EXPTIME"] = exposure
            header["IMAGETYP"] = "light" if letter == "b" else "dark"
            header["GAIN"] = 26
            header["OFFSET"] = 10
            header["READMODE"] = "High Gain Mode"
            header["CCD-TEMP"] = -10.0
            header["PHOTONS"] = photons
            header["DATE-OBS"] = f"2024-01-01T00:00:{2 * n + k:02d}.5"
            fits.PrimaryHDU(counts, header).writeto(tmp_path / f"{n}_{k}.fits")
    return tmp_path


class TestSimulatedCamera(CameraConformance):
    @pytest.fixture
    def make_camera(self) -> Callable[[Clock], Camera]:
        return lambda clock: SimulatedCamera(width=64, height=48, seed=1, clock=clock)


class TestReplayOfADescriptor(CameraConformance):
    @pytest.fixture
    def make_camera(self, descriptor_folder: Path) -> Callable[[Clock], Camera]:
        return lambda clock: ReplayCamera(descriptor_folder, clock=clock)


class TestReplayOfFits(CameraConformance):
    @pytest.fixture
    def make_camera(self, fits_folder: Path) -> Callable[[Clock], Camera]:
        return lambda clock: ReplayCamera(fits_folder, clock=clock)


@pytest.mark.set001
@pytest.mark.skipif(not SET001.is_dir(), reason="the Set001 frames are not beside the project")
class TestReplayOfSet001(CameraConformance):
    @pytest.fixture
    def make_camera(self) -> Callable[[Clock], Camera]:
        return lambda clock: ReplayCamera(SET001, clock=clock)


def test_a_claim_of_the_suite_cannot_be_overridden() -> None:
    with pytest.raises(TypeError, match="test_an_idle_camera_gives_no_frame"):

        class Lenient(CameraConformance):
            def test_an_idle_camera_gives_no_frame(self, camera: Camera) -> None:
                """Nothing."""


def test_a_claim_of_the_suite_cannot_be_overridden_by_another_base() -> None:
    class Lenient:
        test_frames_are_read_in_another_thread = None

    with pytest.raises(TypeError, match="test_frames_are_read_in_another_thread"):

        class Mixed(Lenient, CameraConformance):
            """Nothing."""
