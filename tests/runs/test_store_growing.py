"""A run is read while it is written, by this process and by others."""

import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from qhy600_ophyd.contract import Frame
from qhy600_ophyd.datasets import open_run

SHAPE = (4, 6)
READER = """
import sys
import xarray as xr
from qhy600_ophyd.datasets import open_run

with xr.open_dataset(sys.argv[1], engine="h5netcdf", driver_kwds={"swmr": True}) as run:
    print(run.sizes["frame"], int(run.counts[-1].max()), float(run.exposure[0]))
run = open_run(sys.argv[1])
print(run.sizes["frame"], int(run.counts[-1].max()), float(run.exposure[-1]))
"""


@pytest.fixture
def sink(store, tiny_layout):
    sink = store("primary", tiny_layout())
    yield sink
    sink.close()


def append(sink, number):
    sink.append(Frame(np.full(SHAPE, number, np.uint16), {"exposure": number / 4, "sequence": number}))


def test_each_new_frame_is_seen_at_once(sink):
    earlier = []
    for number in range(1, 5):
        append(sink, number)
        run = open_run(sink.path)
        assert run.sizes["frame"] == number
        np.testing.assert_array_equal(run.counts[-1], np.full(SHAPE, number))
        np.testing.assert_array_equal(run.exposure, np.arange(1, number + 1) / 4)
        earlier.append(run)
    sink.close()
    for number, run in enumerate(earlier, start=1):
        np.testing.assert_array_equal(run.counts[:, 0, 0], np.arange(1, number + 1))


def test_another_process_reads_a_growing_run_with_and_without_this_package(sink):
    for number in range(1, 31):
        append(sink, number)
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    read = subprocess.run(
        [sys.executable, "-c", READER, str(sink.path)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert read.stdout.split() == ["30", "30", "0.25", "30", "30", "7.5"], read.stderr


def test_columns_that_are_behind_the_frames_show_as_missing_to_plain_xarray(tmp_path, sink):
    append(sink, 1)
    sink._file._interval = 1e9  # the columns of the frames that follow wait for `close`
    sink._file.catch_up()
    append(sink, 2)
    with xr.open_dataset(sink.path, engine="h5netcdf", driver_kwds={"swmr": True}) as run:
        assert run.sizes["frame"] == 2
        np.testing.assert_array_equal(run.exposure, [0.25, np.nan])
        np.testing.assert_array_equal(run.sequence, [1, -1])
        assert np.isnat(run.exposure_start.values).all()
        np.testing.assert_array_equal(run.readout_mode, ["", ""])
    np.testing.assert_array_equal(open_run(sink.path).exposure, [0.25, 0.5])


def test_an_event_brings_the_columns_up_to_its_frame(sink):
    sink._file._interval = 1e9
    for number in (1, 2):
        append(sink, number)
    sink.annotate("event", {"data": {}, "seq_num": 2, "time": 0.0})
    with xr.open_dataset(sink.path, engine="h5netcdf", driver_kwds={"swmr": True}) as run:
        np.testing.assert_array_equal(run.exposure, [0.25, 0.5])
