"""A program that ends without unstaging, or a device that is forgotten, leaves a finished file."""

from __future__ import annotations

import gc
import subprocess
import sys

import h5py
import pytest
import xarray as xr

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.device import QHY600

FRAMES = 20
"""Fast enough that the columns of the last of them wait for the file to be finished."""

PROGRAM = """
import sys
from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import SystemClock
from qhy600_ophyd.device import QHY600

folder, frames, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
clock = SystemClock() if how == "exposing" else None  # on the free clock, frames come fast
camera = QHY600(SimulatedCamera(width=16, height=12, seed=1, clock=clock), sink=folder, name="camera")
camera.exposure.set(0.001)
camera.stage()
for _ in range(frames):
    camera.trigger().wait(60)
if how == "exposing":
    camera.exposure.set(60.0)
    camera.trigger()
if how == "raising":
    raise ZeroDivisionError
"""


@pytest.mark.parametrize("how", ["idle", "exposing", "raising"])
def test_a_program_that_ends_without_unstaging_leaves_a_file_for_plain_readers(tmp_path, how):
    frames = 2 if how == "exposing" else FRAMES
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(frames), how],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == (1 if how == "raising" else 0), ended.stderr
    assert ("Traceback" in ended.stderr) == (how == "raising")
    (path,) = tmp_path.rglob("primary.h5")
    with h5py.File(path, "r+") as file:
        assert file["counts"].shape[0] == frames
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        assert dataset.counts.shape[0] == frames
        assert (dataset.gain.values == 30.0).all()


def test_a_forgotten_device_finishes_its_file(tmp_path):
    backend = SimulatedCamera(width=64, height=48, seed=1)
    camera = QHY600(backend, sink=tmp_path, name="camera")
    camera.stage()
    camera.trigger().wait(10)
    del camera
    gc.collect()
    (path,) = tmp_path.rglob("primary.h5")
    with h5py.File(path, "r+") as file:
        assert file["counts"].shape[0] == 1
