"""Frames of our simulated camera, judged by the reference code of EMVA 1288 (PyPI `emva1288`).

It needs numpy below 2 and so an environment of its own: that of the Python named by the variable
`EMVA1288_PYTHON`, or else one that is made for the test, which takes a package index.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from qhy600_ophyd import analysis
from qhy600_ophyd.backends.simulated.camera import SimulatedCamera
from qhy600_ophyd.contract import Settings

pytestmark = [pytest.mark.others, pytest.mark.timeout(900)]

PACKAGES = ("numpy<2", "emva1288==1.0.2")
SCRIPT = Path(__file__).with_name("others") / "emva1288_results.py"
WITHIN = 0.01  # of the value: what this project promises
SIDE = 512
LEVELS = 16
SPATIAL = 4  # frames of one level for the reference's spatial noise; more than 2, or they count as temporal


@pytest.fixture(scope="module")
def foreign_python(tmp_path_factory) -> Path:
    """A Python with `emva1288`."""
    if given := os.environ.get("EMVA1288_PYTHON"):
        return Path(given)
    folder = tmp_path_factory.mktemp("emva1288")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--only-binary=:all:"]
    for step in ([sys.executable, "-m", "venv", str(folder)], [*pip, *PACKAGES]):
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            why = (done.stderr or done.stdout).strip().splitlines()[-1:]
            pytest.skip(f"the packages {', '.join(PACKAGES)} could not be installed: {' '.join(why)}")
    return python


class Series:
    """A dark-and-bright series of a simulated camera: in memory, and as files with an EMVA descriptor."""

    def __init__(self, camera: SimulatedCamera, folder: Path):
        self.camera, self.folder = camera, folder
        self.counts, self.rows, self.lines = [], [], []

    def level(self, kind: str, exposure: float, frames: int, step: int | None = None) -> None:
        """Take so many frames; those of a `step` are for the photon transfer."""
        light = self.camera.light
        light.set(light.on if kind == "light" else light.off)
        actual = self.camera.configure(Settings(exposure=exposure)).exposure
        photons = light.photons(actual)
        nanoseconds = actual * 1e9
        self.lines.append(f"b {nanoseconds!r} {photons!r}" if kind == "light" else f"d {nanoseconds!r}")
        for repeat in range(frames):
            counts = np.zeros(self.camera.settings.frame_shape, np.uint16)
            self.camera.arm(1)
            info = self.camera.grab(counts, timeout=60.0)
            self.temperature = info.temperature_end.value
            assert info.settings.exposure == actual
            name = f"frame{len(self.lines):03}-{repeat}.tif"  # 16 bits; the reference cannot read such PNG
            Image.fromarray(counts).save(self.folder / name)
            self.lines.append(f"i {name}")
            if step is not None:
                self.counts.append(counts)
                self.rows.append((kind, step, repeat, actual, photons))

    def run(self) -> xr.Dataset:
        names = ("frame_kind", "step", "repeat", "exposure", "photons")
        columns = dict(zip(names, zip(*self.rows, strict=True), strict=True))
        regions = {"x_region": ("x", np.zeros(SIDE, np.int8)), "y_region": ("y", np.zeros(SIDE, np.int8))}
        coords = {name: ("frame", list(values)) for name, values in columns.items()} | regions
        return xr.Dataset({"counts": (("frame", "y", "x"), np.stack(self.counts))}, coords=coords)

    def descriptor(self) -> Path:
        path = self.folder / "descriptor.txt"
        head = ["v 4.0", f"n 16 {SIDE} {SIDE}"]
        path.write_text("\n".join([*head, *self.lines, ""]), encoding="utf-8")
        return path


@pytest.fixture(scope="module")
def series(tmp_path_factory) -> Iterator[Series]:
    """Up to a tenth of the pixel well: far below the bend of its response, far above its read noise."""
    camera = SimulatedCamera(width=SIDE, height=SIDE, seed=12, prnu=0.0055)
    camera.open()
    camera.configure(
        Settings(
            readout_mode="High Gain Mode 16BIT",
            gain=0,
            offset=30,
            binning=1,
            bit_depth=16,
            overscan=False,
        )
    )
    taken = Series(camera, tmp_path_factory.mktemp("series"))
    exposures = 0.8 * np.arange(1, LEVELS + 1) / LEVELS
    for step, exposure in enumerate(exposures.tolist()):
        for kind in ("light", "dark"):
            taken.level(kind, exposure, frames=2, step=step)
    for kind in ("light", "dark"):
        taken.level(kind, exposures[-1], frames=SPATIAL)
    yield taken
    camera.close()


@pytest.fixture(scope="module")
def truth(series):
    return series.camera.truth.of(series.camera.settings, series.temperature)


@pytest.fixture(scope="module")
def ours(series) -> analysis.PhotonTransfer:
    return analysis.photon_transfer(series.run())


@pytest.fixture(scope="module")
def theirs(series, foreign_python, tmp_path_factory) -> dict[str, float]:
    """K [count/e-], R [count/photon], sigma_d [e-] and PRNU1288 [%]."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["MPLCONFIGDIR"] = str(tmp_path_factory.mktemp("matplotlib"))
    done = subprocess.run(
        [str(foreign_python), str(SCRIPT), str(series.descriptor())],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


NAMES = {"K": "counts_per_electron", "sigma_d": "read_noise", "R": "responsivity"}
each = pytest.mark.parametrize("symbol", NAMES)


@each
def test_the_reference_finds_what_the_simulation_put_in(theirs, ours, truth, symbol):
    """Within a hundredth, and within our own standard error, since the reference quotes none."""
    injected = {"K": 1 / truth.electrons_per_count, "sigma_d": truth.read_noise, "R": truth.responsivity}
    error = ours.estimates[NAMES[symbol]].standard_error
    assert 4 * error < WITHIN * injected[symbol], "too few pixels to tell a hundredth"
    assert abs(theirs[symbol] - injected[symbol]) < 4 * error
    assert abs(theirs[symbol] / injected[symbol] - 1) < WITHIN


@each
def test_the_reference_and_our_analysis_agree_on_the_same_frames(theirs, ours, symbol):
    """The same formulae of the same integers; its fits are iterative and stop at a relative 1.5e-8."""
    assert theirs[symbol] == pytest.approx(ours.estimates[NAMES[symbol]].value, rel=1e-6)


def test_the_reference_finds_the_fixed_pattern_of_the_light(theirs, truth, ours):
    """The variance over N pixels of a mean of L frames is known to √(2/N) of all of it, noise included."""
    brightest = ours.levels.isel(level=-1)
    signal, noise = float(brightest["signal"]), float(brightest["variance_light"])
    pattern = (truth.prnu * signal) ** 2
    error = np.sqrt(2) / SIDE * (pattern + noise / SPATIAL) / (2 * pattern)
    assert abs(theirs["PRNU1288"] / (100 * truth.prnu) - 1) < 4 * error
