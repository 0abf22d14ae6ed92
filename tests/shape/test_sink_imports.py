"""Storing needs no xarray, reading needs no bluesky: each half runs with the other's packages blocked."""

import subprocess
import sys
import textwrap

import pytest

BLOCK = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ImportError(name + " is blocked")

sys.meta_path.insert(0, Blocked())
"""

STORE = """
import numpy as np
from qhy600_ophyd.contract import Frame, Layout
from qhy600_ophyd.datasets import RunFolders

layout = Layout(
    shape=(2, 3), dtype="uint16", x=np.arange(3.0), y=np.arange(2.0),
    x_region=np.zeros(3, np.int8), y_region=np.zeros(2, np.int8), start={"uid": "abcdefgh", "time": 0.0},
)
sink = RunFolders(sys.argv[1])("primary", layout)
sink.append(Frame(np.full((2, 3), 7, np.uint16), {"exposure": 0.5}))
sink.annotate("stop", {"exit_status": "success"})
sink.close()
"""

READ = """
from qhy600_ophyd.datasets import image_region, open_run, summarize

run = open_run(next(__import__("pathlib").Path(sys.argv[1]).iterdir()))
assert float(image_region(run).counts.mean()) == 7
assert summarize(run.attrs["path"]).frames == 1
"""


def run(code, blocked, *arguments):
    whole = BLOCK.format(blocked=blocked) + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", whole, *arguments], capture_output=True, text=True, check=False
    )


def test_frames_are_stored_without_xarray_and_read_without_bluesky(tmp_path):
    stored = run(
        STORE, ("xarray", "dask", "h5netcdf", "matplotlib", "ophyd", "bluesky", "event_model"), str(tmp_path)
    )
    assert stored.returncode == 0, stored.stderr
    read = run(READ, ("ophyd", "bluesky", "event_model", "matplotlib"), str(tmp_path))
    assert read.returncode == 0, read.stderr


@pytest.mark.parametrize("name", ["xarray", "bluesky"])
def test_the_block_blocks(name):
    assert run(f"import {name}", (name,)).returncode != 0
