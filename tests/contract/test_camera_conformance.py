"""The conformance suite, on every camera of this package."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image
from ready_python import ReadyPython
from sdk_rig import GEOMETRY
from standin_library import VARIABLE, fresh, setting, why_not

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe, starting
from qhy600_ophyd.backends.replay import ReplayCamera
from qhy600_ophyd.backends.sdk import SdkCamera
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


needs_standin = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the vendor's library, with a small chip in this process and in others."""
    total = GEOMETRY.total
    monkeypatch.setenv(VARIABLE, setting(width=total.width, height=total.height))
    return fresh(tmp_path)


@needs_standin
class TestSdkOnTheStandin(CameraConformance):
    @pytest.fixture
    def make_camera(self, standin: Path) -> Callable[[Clock], Camera]:
        return lambda clock: SdkCamera(library=standin, geometry=GEOMETRY, clock=clock)


WARM = """
from astropy.io import fits
from PIL import Image
from qhy600_ophyd.backends.isolated import child
from qhy600_ophyd.backends.replay import ReplayCamera
from qhy600_ophyd.backends.sdk import SdkCamera
from qhy600_ophyd.backends.simulated import SimulatedCamera
import numpy as np
camera = SimulatedCamera(width=64, height=48, threads=1)
camera.open()
camera.arm(1)
camera.grab(np.empty(10**6, np.uint8), 10.0)
camera.close()
"""


@pytest.fixture(scope="module")
def ready_python() -> Iterator[ReadyPython | None]:
    """An interpreter that has imported what the cameras need; elsewhere each starts its own."""
    if sys.platform == "win32":
        yield None
        return
    ready = ReadyPython(WARM)
    yield ready
    ready.close()


class Isolated(CameraConformance):
    """The suite on a camera in a process of its own: `recipe` says which."""

    @pytest.fixture
    def make_camera(
        self,
        recipe: Recipe,
        tmp_path: Path,
        ready_python: ReadyPython | None,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Callable[[Clock], Camera]:
        if ready_python is not None:
            monkeypatch.setattr(starting, "Popen", ready_python.popen)
        return lambda clock: IsolatedCamera(replace(recipe, clock=clock), folder=tmp_path)


class TestIsolatedSimulatedCamera(Isolated):
    @pytest.fixture
    def recipe(self) -> Recipe:
        return Recipe(
            factory="qhy600_ophyd.backends.simulated:SimulatedCamera",
            arguments={"width": 64, "height": 48, "seed": 1},
        )


class TestIsolatedReplayOfFits(Isolated):
    @pytest.fixture
    def recipe(self, fits_folder: Path) -> Recipe:
        return Recipe(factory="qhy600_ophyd.backends.replay:ReplayCamera", arguments={"folder": fits_folder})


@needs_standin
class TestIsolatedSdkOnTheStandin(Isolated):
    @pytest.fixture
    def recipe(self, standin: Path) -> Recipe:
        arguments = {"library": standin, "geometry": GEOMETRY}
        return Recipe(factory="qhy600_ophyd.backends.sdk:SdkCamera", arguments=arguments)


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
