"""A killed process loses no frame that was acknowledged and shows none that was not."""

import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from qhy600_ophyd.datasets import open_run

WRITER = """
import os, sys
import numpy as np
from qhy600_ophyd.contract import Frame, Layout
from qhy600_ophyd.datasets import HDF5FrameSink

path, where, interval = sys.argv[1], sys.argv[2], float(sys.argv[3])
layout = Layout(
    shape=(4, 6), dtype="uint16", x=np.arange(6.0), y=np.arange(4.0),
    x_region=np.zeros(6, np.int8), y_region=np.zeros(4, np.int8),
    start={"uid": "0f7a1c52", "time": 0.0, "plan_name": "count"},
)
sink = HDF5FrameSink(path, column_interval=interval)

def kill(*_, **__):
    os._exit(9)

def append(number):
    sink.append(Frame(np.full((4, 6), number, np.uint16), {"exposure": number / 4, "sequence": number}))
    print(number, flush=True)  # the acknowledgement

if where == "while opening":
    import qhy600_ophyd.datasets.storing.file_skeleton as skeleton
    skeleton.refuse_variable_length = kill
sink.open("primary", layout)
file = sink._file
for number in range(1, 8):
    append(number)
if where == "before the row":
    file.write_row = kill
if where == "before the columns":
    file.write_columns, file._interval = kill, 0
if where == "within the row":
    original = file._rows.id.set_extent
    class Rows:
        id = type("Id", (), {"set_extent": staticmethod(original), "write_direct_chunk": kill})
    file._rows = Rows()
if where == "after the ledger was cut":
    file._counts = type("Counts", (), {"resize": kill, "shape": (7, 4, 6)})
if where == "after the cut" or where == "after the ledger was cut":
    sink.truncate(3)
    print("cut", flush=True)
    kill()
append(8)
append(9)
kill()
"""

PLACES = {
    "before the row": 7,
    "within the row": 7,
    "before the columns": 7,
    "after the ledger was cut": 3,
    "after the cut": 3,
    "after the frame": 9,
}


def write_and_die(path, where, interval):
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(path), where, str(interval)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("interval", [0, 1e9], ids=["columns at once", "columns in batches"])
def test_every_acknowledged_frame_survives_and_no_other_appears(tmp_path, where, interval):
    path = tmp_path / "primary.h5"
    acknowledged = [int(word) for word in write_and_die(path, where, interval) if word != "cut"]
    expected = np.arange(1, PLACES[where] + 1)
    assert acknowledged == list(range(1, 10 if where == "after the frame" else 8))

    run = open_run(path)
    np.testing.assert_array_equal(run.counts, expected[:, None, None] * np.ones((4, 6)))
    np.testing.assert_array_equal(run.exposure, expected / 4)
    np.testing.assert_array_equal(run.sequence, expected)

    with xr.open_dataset(path, engine="h5netcdf", driver_kwds={"swmr": True}) as plain:
        np.testing.assert_array_equal(plain.counts[: len(expected)], run.counts)
        if interval == 0 and where != "before the columns":
            np.testing.assert_array_equal(plain.exposure[: len(expected)], expected / 4)


def test_a_kill_while_the_file_is_made_leaves_nothing_that_looks_like_a_run(tmp_path):
    path = tmp_path / "primary.h5"
    write_and_die(path, "while opening", 0)
    assert not path.exists()
    assert [made.name for made in tmp_path.iterdir()] == ["primary.h5.part"]
    write_and_die(path, "after the frame", 0)
    assert [made.name for made in tmp_path.iterdir()] == ["primary.h5"]
