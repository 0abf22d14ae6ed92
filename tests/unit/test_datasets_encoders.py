"""A frame compressed in threads is, bit for bit, what HDF5's own filter makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qhy600_ophyd.datasets.chunk_framing import framing_fault, most_bytes
from qhy600_ophyd.datasets.compression import dataset_options
from qhy600_ophyd.datasets.storing.block_encoder import BlockEncoder
from qhy600_ophyd.datasets.storing.filter_encoder import FilterEncoder

SHAPES = [(1, 1), (1, 7), (3, 5), (4, 6), (64, 64), (127, 65), (1025, 1031), (1536, 1400)]
"""From less than eight counts to more than one group of blocks, most of them of odd numbers."""
DTYPES = ["<u1", "<u2", "<u4"]

with_bitshuffle = pytest.mark.skipif(find_spec("bitshuffle") is None, reason="has no wheel for this system")


def noise(shape, dtype):
    return np.random.default_rng(1).normal(100, 12, shape).astype(dtype)


def decompressed(chunk, shape, dtype):
    with h5py.File("decompressed", "w", driver="core", backing_store=False) as file:
        data = file.create_dataset(
            "counts", shape=shape, chunks=shape, dtype=dtype, **dataset_options("bitshuffle-lz4")
        )
        data.id.write_direct_chunk((0, 0), chunk)
        return data[:]


@with_bitshuffle
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_threads_and_the_filter_of_hdf5_write_the_same_bytes(shape, dtype):
    counts = noise(shape, dtype)
    encoder = BlockEncoder(shape, counts.dtype)
    chunk = encoder.encode(counts)
    assert chunk.tobytes() == FilterEncoder().encode(counts).tobytes()
    assert framing_fault(chunk.tobytes(), counts.nbytes, counts.itemsize) == ""
    np.testing.assert_array_equal(decompressed(chunk, shape, dtype), counts)
    encoder.close()


@with_bitshuffle
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_frame_that_cannot_be_compressed_has_its_place(dtype):
    shape = (700, 1501)
    counts = np.frombuffer(np.random.default_rng(2).bytes(700 * 1501 * np.dtype(dtype).itemsize), dtype)
    encoder = BlockEncoder(shape, counts.dtype)
    chunk = encoder.encode(counts.reshape(shape))
    assert counts.nbytes < len(chunk) <= most_bytes(counts.nbytes, counts.itemsize)
    np.testing.assert_array_equal(decompressed(chunk, shape, dtype), counts.reshape(shape))
    encoder.close()


@with_bitshuffle
def test_one_encoder_makes_many_frames_and_ends_its_threads():
    shape, before = (1536, 1400), set(threading.enumerate())
    encoder = BlockEncoder(shape, np.dtype("<u2"))
    for number in (1, 1000, 2):
        counts = np.full(shape, number, "<u2")
        np.testing.assert_array_equal(decompressed(encoder.encode(counts), shape, "<u2"), counts)
    assert set(threading.enumerate()) > before
    encoder.close()
    assert set(threading.enumerate()) == before


WHOLE = FilterEncoder().encode(noise((64, 96), "<u2")).tobytes()
BYTES = 64 * 96 * 2


@given(st.integers(0, len(WHOLE) - 1))
def test_a_chunk_that_was_cut_off_is_seen(length):
    assert framing_fault(WHOLE[:length], BYTES, 2)


@given(st.binary(min_size=1, max_size=40))
def test_a_chunk_with_bytes_too_many_is_seen(more):
    assert framing_fault(WHOLE + more, BYTES, 2)


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_what_is_no_chunk_at_all_is_seen(chunk):
    assert framing_fault(chunk, BYTES, 2)


@pytest.mark.parametrize("place", [*range(12), *range(12, 16)])
def test_a_length_that_was_changed_is_seen(place):
    changed = bytearray(WHOLE)
    changed[place] ^= 0x11
    assert framing_fault(bytes(changed), BYTES, 2)


def test_zeros_in_the_place_of_a_chunk_are_told_as_such():
    assert "zeros" in framing_fault(bytes(len(WHOLE)), BYTES, 2)


DAMAGE = """
import sys
import h5py
import numpy as np
from qhy600_ophyd.datasets.chunk_framing import framing_fault
from qhy600_ophyd.datasets.compression import dataset_options

shape, rng, refused = (64, 96), np.random.default_rng(5), 0
with h5py.File("memory", "w", driver="core", backing_store=False) as file:
    options = dataset_options("bitshuffle-lz4")
    data = file.create_dataset("counts", shape=shape, chunks=shape, dtype="<u2", **options)
    data[:] = rng.normal(100, 12, shape).astype("<u2")
    file.flush()
    whole = np.frombuffer(data.id.read_direct_chunk((0, 0))[1], np.uint8)
    for number in range(3000):
        chunk = whole.copy()
        places = rng.integers(0, len(chunk), int(rng.integers(1, 20)))
        chunk[places] = rng.integers(0, 256, len(places))
        if framing_fault(chunk.tobytes(), 64 * 96 * 2, 2):
            refused += 1
            continue
        data.id.write_direct_chunk((0, 0), chunk)
        try:
            data[:]
        except OSError:
            refused += 1
print("done", refused)
"""


def test_no_damage_within_a_chunk_that_is_framed_well_makes_the_filter_crash():
    done = subprocess.run([sys.executable, "-c", DAMAGE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    word, refused = done.stdout.split()
    assert word == "done"
    assert 100 < int(refused) < 3000


THREADS = """
import os, threading
import numpy as np
from qhy600_ophyd.datasets.storing.block_encoder import BlockEncoder

before = len(os.listdir("/proc/self/task"))
encoder = BlockEncoder((1536, 1400), np.dtype("<u2"))
encoder.encode(np.zeros((1536, 1400), "<u2"))
print(len(os.listdir("/proc/self/task")) - before == threading.active_count() - 1 > 0, *sorted(os.environ))
"""


@with_bitshuffle
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not show its threads")
@pytest.mark.parametrize("given", [{}, {"OMP_NUM_THREADS": "3"}], ids=["nothing set", "set by the user"])
def test_bitshuffle_begins_no_threads_beside_ours_and_the_environment_stays(given):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"} | given
    done = subprocess.run(
        [sys.executable, "-c", THREADS], capture_output=True, text=True, check=True, env=environment
    )
    ours, *names = done.stdout.split()
    assert ours == "True"
    assert ("OMP_NUM_THREADS" in names) == bool(given)
