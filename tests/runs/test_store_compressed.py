"""Compressed counts come back as they were, through this package and through plain xarray with hdf5plugin."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading

import h5py
import numpy as np
import pytest

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.contract import Frame, ProfileError, StoreError
from qhy600_ophyd.datasets import HDF5FrameSink, RunFolders, open_run, verify

SHAPES = {"odd": (51, 67), "smaller than a block": (1, 5), "several groups": (1100, 1301)}


def layout_of(tiny_layout, shape, dtype):
    height, width = shape
    return tiny_layout(
        shape=shape,
        dtype=dtype,
        x=np.arange(width) + 0.5,
        y=np.arange(height) + 0.5,
        x_region=np.zeros(width, np.int8),
        y_region=np.zeros(height, np.int8),
    )


def frames_of(shape, dtype, number=3):
    rng = np.random.default_rng(7)
    return [rng.normal(120, 9, shape).astype(dtype) for _ in range(number)]


def stored(path, layout, frames, **options):
    sink = HDF5FrameSink(path, compression="bitshuffle-lz4", **options)
    sink.open("primary", layout)
    for number, counts in enumerate(frames):
        sink.append(Frame(counts, {"sequence": number}))
    sink.close()
    return path


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_counts_of_every_depth_and_size_come_back_as_they_were(tmp_path, tiny_layout, shape, dtype):
    frames = frames_of(shape, dtype)
    path = stored(tmp_path / "primary.h5", layout_of(tiny_layout, shape, dtype), frames)
    run = open_run(path)
    assert run.counts.dtype == dtype
    np.testing.assert_array_equal(run.counts, frames)
    np.testing.assert_array_equal(run.counts[1:, :1, -3:], np.array(frames)[1:, :1, -3:])
    assert verify(path).ok


PLAIN = """
import sys
import hdf5plugin
import numpy as np
import xarray as xr

path, swmr = sys.argv[1], sys.argv[2] == "growing"
with xr.open_dataset(path, engine="h5netcdf", driver_kwds={"swmr": True} if swmr else None) as run:
    np.save(sys.argv[3], run.counts[:3].values)
    print(run.attrs["compression"])
assert not any(name.startswith("qhy600") for name in sys.modules)
"""


@pytest.mark.parametrize("state", ["finished", "growing"])
def test_plain_xarray_reads_a_compressed_file_with_hdf5plugin(tmp_path, tiny_layout, state):
    shape = (51, 67)
    frames = frames_of(shape, "uint16")
    sink = HDF5FrameSink(tmp_path / "primary.h5", compression="bitshuffle-lz4")
    sink.open("primary", layout_of(tiny_layout, shape, "uint16"))
    for counts in frames:
        sink.append(Frame(counts, {}))
    if state == "finished":
        sink.close()
    read = tmp_path / "read.npy"
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(sink.path), state, str(read)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    sink.close()
    assert done.returncode == 0, done.stderr
    assert "import hdf5plugin" in done.stdout
    np.testing.assert_array_equal(np.load(read), frames)


OWN = """
import pickle, sys
print(int(pickle.load(open(sys.argv[1], "rb")).counts.sum()))
"""


def test_a_compressed_dataset_is_read_in_another_process_that_knows_of_nothing(tmp_path, tiny_layout):
    frames = frames_of((51, 67), "uint16")
    path = stored(tmp_path / "primary.h5", layout_of(tiny_layout, (51, 67), "uint16"), frames)
    kept = tmp_path / "run.pickle"
    kept.write_bytes(pickle.dumps(open_run(path)))
    done = subprocess.run([sys.executable, "-c", OWN, str(kept)], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(int(np.sum(frames, dtype=np.int64))), done.stderr


def test_without_bitshuffle_the_filter_of_hdf5_writes_the_same_chunks(tmp_path, tiny_layout, monkeypatch):
    shape = (1100, 1301)
    frames, layout = frames_of(shape, "uint16"), layout_of(tiny_layout, shape, "uint16")
    chunks = {}
    for which in ("as installed", "without"):
        if which == "without":
            monkeypatch.setitem(sys.modules, "bitshuffle", None)
        folder = tmp_path / which
        folder.mkdir()
        path = stored(folder / "primary.h5", layout, frames)
        np.testing.assert_array_equal(open_run(path).counts, frames)
        assert verify(path).ok
        with h5py.File(path, "r") as file:
            chunks[which] = [file["counts"].id.read_direct_chunk((n, 0, 0)) for n in range(len(frames))]
    assert chunks["as installed"] == chunks["without"]


def test_a_compressed_file_is_smaller_and_names_what_a_reader_needs(tmp_path, tiny_layout):
    shape = (400, 500)
    frames, layout = frames_of(shape, "uint16"), layout_of(tiny_layout, shape, "uint16")
    path = stored(tmp_path / "primary.h5", layout, frames)
    with h5py.File(path, "r") as file:
        assert "import hdf5plugin" in file.attrs["compression"].decode()
        plist = file["counts"].id.get_create_plist()
        assert (plist.get_nfilters(), plist.get_filter(0)[0]) == (1, 32008)
        assert file["counts"].id.get_storage_size() < 0.7 * sum(counts.nbytes for counts in frames)


def test_truncated_compressed_frames_are_gone_and_their_places_are_taken_again(tmp_path, tiny_layout):
    shape = (51, 67)
    frames = frames_of(shape, "uint16", 6)
    sink = HDF5FrameSink(tmp_path / "primary.h5", compression="bitshuffle-lz4")
    sink.open("primary", layout_of(tiny_layout, shape, "uint16"))
    for counts in frames[:4]:
        sink.append(Frame(counts, {}))
    sink.truncate(2)
    np.testing.assert_array_equal(open_run(sink.path).counts, frames[:2])
    for counts in frames[4:]:
        sink.append(Frame(counts, {}))
    sink.close()
    np.testing.assert_array_equal(open_run(sink.path).counts, [*frames[:2], *frames[4:]])
    assert verify(sink.path).ok


@pytest.mark.parametrize("compression", ["none", "bitshuffle-lz4"])
def test_the_threads_of_a_sink_end_with_it(tmp_path, tiny_layout, compression):
    shape, before = (1100, 1301), set(threading.enumerate())
    sink = HDF5FrameSink(tmp_path / "primary.h5", compression=compression)
    sink.open("primary", layout_of(tiny_layout, shape, "uint16"))
    sink.append(Frame(frames_of(shape, "uint16", 1)[0], {}))
    assert set(threading.enumerate()) > before
    sink.close()
    assert set(threading.enumerate()) == before


def test_a_reader_is_told_of_the_compression_by_the_address(tmp_path, tiny_layout):
    for compression, told in (("none", ""), ("bitshuffle-lz4", "bitshuffle-lz4")):
        sink = RunFolders(tmp_path / compression, compression=compression)("primary", tiny_layout())
        assert sink.address().compression == told
        assert sink.address().mimetype == "application/x-hdf5"
        sink.close()


@pytest.mark.parametrize("make", [RunFolders, HDF5FrameSink], ids=["folders", "sink"])
@pytest.mark.parametrize("wrong", [{"compression": "gzip"}, {"fsync": "always"}], ids=str)
def test_what_there_is_not_is_refused_with_what_is_allowed(tmp_path, make, wrong):
    with pytest.raises(StoreError, match=r"refused; allowed: (none, bitshuffle-lz4|never, close, frame)"):
        make(tmp_path / "runs", **wrong)


PROFILE = """
[camera]
backend = "simulated"
width = 96
height = 64

[output]
directory = {directory!r}
compression = "bitshuffle-lz4"
fsync = "close"
"""


def test_a_bench_stores_as_its_profile_says(tmp_path):
    profile = tmp_path / "profile.toml"
    profile.write_text(PROFILE.format(directory=str(tmp_path / "runs")), encoding="utf-8")
    resources = []
    with Bench.from_profile(profile) as bench:
        bench.RE.subscribe(lambda name, document: resources.append(document), "stream_resource")
        run = bench.run(plans.exposure_series(bench.camera, [0.01, 0.02]))
    assert run.attrs["compression"].startswith("bitshuffle-lz4")
    assert verify(run).ok
    assert [resource["parameters"]["compression"] for resource in resources] == ["bitshuffle-lz4"]
    assert run.counts.values.std() > 0


def test_a_profile_that_asks_for_what_there_is_not_is_refused(tmp_path):
    profile = tmp_path / "profile.toml"
    profile.write_text(PROFILE.format(directory="runs").replace("bitshuffle-lz4", "zip"), encoding="utf-8")
    with pytest.raises(ProfileError, match=r"output\.compression: .*'none' or 'bitshuffle-lz4'"):
        Bench.from_profile(profile)
