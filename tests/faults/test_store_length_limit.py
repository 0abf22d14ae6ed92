"""A file that may not grow any more keeps every frame that was acknowledged, and says what is true."""

from __future__ import annotations

import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
from short_files import no_file_longer_than

from qhy600_ophyd.contract import Frame, StoreError
from qhy600_ophyd.datasets import HDF5FrameSink, open_run, verify
from qhy600_ophyd.datasets.storing.growing_file import RESERVE

SHAPE = (64, 96)
FRAMES = 12

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no program's files")


def counts_of(number):
    return np.random.default_rng(number).integers(500, 700, SHAPE).astype(np.uint16)


def write(path, layout, **options):
    """Store frames until one is refused, and close; frames that were acknowledged, and what was said."""
    sink, said = HDF5FrameSink(path, **options), []
    try:
        sink.open("primary", layout)
    except StoreError as refused:
        return None, [str(refused)]
    try:
        for number in range(FRAMES):
            sink.append(Frame(counts_of(number), {"sequence": number}))
    except StoreError as refused:
        said.append(str(refused))
    acknowledged = sink.committed
    try:
        sink.close()
    except StoreError as refused:
        said.append(str(refused))
    return acknowledged, said


def assert_kept(path, acknowledged):
    run, verification = open_run(path), verify(path)
    assert verification.ok, verification
    assert (run.sizes["frame"], verification.frames) == (acknowledged, acknowledged)
    np.testing.assert_array_equal(run.sequence, np.arange(acknowledged))
    for number in range(acknowledged):
        np.testing.assert_array_equal(run.counts[number], counts_of(number))


@pytest.fixture
def layout(tiny_layout):
    height, width = SHAPE
    return tiny_layout(
        shape=SHAPE,
        x=np.arange(float(width)),
        y=np.arange(float(height)),
        x_region=np.zeros(width, np.int8),
        y_region=np.zeros(height, np.int8),
    )


KINDS = {
    "columns at once": {"column_interval": 0},
    "columns in batches": {"column_interval": 1e9},
    "compressed": {"compression": "bitshuffle-lz4"},
}
kinds = pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)


@kinds
def test_wherever_a_file_has_to_end_its_acknowledged_frames_are_kept(tmp_path, layout, options):
    path = tmp_path / "whole" / "primary.h5"
    path.parent.mkdir()
    assert write(path, layout, **options) == (FRAMES, [])
    size = path.stat().st_size
    kept = []
    for limit in range(RESERVE, RESERVE + size, size // 16):
        path = tmp_path / str(limit) / "primary.h5"
        path.parent.mkdir()
        with no_file_longer_than(limit):
            acknowledged, said = write(path, layout, **options)
        assert len(said) == 1
        if acknowledged is None:
            assert "cannot be made" in said[0]
            assert list(path.parent.iterdir()) == []
            continue
        assert f"(File too large). The {acknowledged} frames before it are kept" in said[0]
        assert_kept(path, acknowledged)
        kept.append(acknowledged)
    assert sorted(kept) == kept
    assert len(set(kept)) >= 5


@pytest.mark.parametrize("interval", [0, 1e9], ids=["columns at once", "columns in batches"])
@pytest.mark.parametrize("beyond", [0, RESERVE - (1 << 16), RESERVE + (1 << 20)])
def test_where_a_frame_finds_room_so_does_what_follows_it(tmp_path, layout, interval, beyond):
    path, frames = tmp_path / "primary.h5", 300  # beyond a chunk of each column
    sink = HDF5FrameSink(path, column_interval=interval)
    sink.open("primary", layout)
    for number in range(frames):
        sink.append(Frame(counts_of(number), {"sequence": number}))
    said = []
    with h5py.File(path, "r", swmr=True) as growing:
        end = growing.id.get_filesize()

    def attempt(act):
        try:
            act()
        except StoreError as refused:
            said.append(str(refused))

    with no_file_longer_than(end + beyond):
        attempt(lambda: sink.append(Frame(counts_of(frames), {"sequence": frames})))
        acknowledged = sink.committed
        attempt(lambda: sink.annotate("event", {"data": {"motor": 1.5}}))
        attempt(sink.close)
    assert all(f"{acknowledged} frames" in words and "are kept" in words for words in said)
    assert_kept(path, acknowledged)
    if beyond > RESERVE:
        assert (acknowledged, said) == (frames + 1, [])
    else:  # what was taken for the frame before has been given back, perhaps to others
        assert acknowledged == frames
        assert "could not be written" in said[0]
        assert len(said) == 1 or beyond < RESERVE // 2


@pytest.mark.parametrize("frames", range(6))
def test_a_finished_file_is_no_longer_than_its_contents(tmp_path, layout, frames):
    path = tmp_path / "primary.h5"
    sink = HDF5FrameSink(path)
    sink.open("primary", layout)
    for number in range(frames):
        sink.append(Frame(counts_of(number), {}))
    growing = path.stat().st_size
    sink.close()
    with h5py.File(path, "r") as file:
        assert path.stat().st_size == file.id.get_filesize()
    if frames == 0:
        assert path.stat().st_size < growing - RESERVE // 4


FULL_DISK = """
import shutil, sys
from pathlib import Path
import numpy as np
from qhy600_ophyd.contract import Frame, Layout, StoreError
from qhy600_ophyd.datasets import HDF5FrameSink, open_run, verify

folder, compression = Path(sys.argv[1]), sys.argv[2]
shutil.disk_usage = lambda path: type("Usage", (), {"free": 1 << 40})  # as a quota, of which it knows nothing
shape = (300, 400)
layout = Layout(
    shape=shape, dtype="uint16", x=np.arange(400.0), y=np.arange(300.0),
    x_region=np.zeros(400, np.int8), y_region=np.zeros(300, np.int8), start={"uid": "0f7a1c52", "time": 0.0},
)
frames = [np.random.default_rng(n).integers(0, 65536, shape).astype(np.uint16) for n in range(60)]
sink = HDF5FrameSink(folder / "primary.h5", column_interval=1e9, compression=compression)
sink.open("primary", layout)
try:
    for number, counts in enumerate(frames):
        sink.append(Frame(counts, {"sequence": number}))
except StoreError as refused:
    print(refused)
kept = sink.committed
try:
    sink.append(Frame(frames[0], {}))
except StoreError:
    print("refused again")
sink.close()
assert 5 < kept < 60
run, verification = open_run(folder / "primary.h5"), verify(folder / "primary.h5")
assert verification.ok and verification.frames == kept, verification
np.testing.assert_array_equal(run.counts, frames[:kept])
print("kept")
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="nothing here makes a small disk")
@pytest.mark.parametrize("compression", ["none", "bitshuffle-lz4"])
def test_a_disk_that_is_really_full_keeps_what_was_acknowledged(tmp_path, compression):
    within = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = 'mount -t tmpfs -o size=12m none "$0" && exec "$@"'
    if subprocess.run([*within, mount, tmp_path, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets no user mount a small disk")
    python = [sys.executable, "-c", FULL_DISK, str(tmp_path), compression]
    done = subprocess.run([*within, mount, tmp_path, *python], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    refusal, again, kept = done.stdout.splitlines()
    assert "(No space left on device)" in refusal
    assert (again, kept) == ("refused again", "kept")
