"""A run that grows, was killed, or was killed and then damaged is verified as far as it goes; none hangs."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from stored_run import flip, frame, layout, noise, place_of, store

from qhy600_ophyd.contract import RunDamaged
from qhy600_ophyd.datasets import HDF5FrameSink, open_run, verify
from qhy600_ophyd.datasets.json_text import json_text
from qhy600_ophyd.datasets.lookup3 import lookup3
from qhy600_ophyd.datasets.reading.still_file import StillFile

KILLED = """
import os, sys
from pathlib import Path
from stored_run import SHAPE, frame, layout
from qhy600_ophyd.datasets import HDF5FrameSink

sink = HDF5FrameSink(Path(sys.argv[1]), column_interval=float(sys.argv[2]))
sink.open("primary", layout())
for n in range(6):
    sink.append(frame(n))
if sys.argv[3] == "within a frame":
    sink._file.write_row = lambda *_: os._exit(9)
    sink.append(frame(6))
if sys.argv[3] == "within a row":
    extend = sink._file._rows.id.set_extent
    sink._file._rows = type("Rows", (), {"id": type("Id", (), {
        "set_extent": staticmethod(extend), "write_direct_chunk": lambda *_: os._exit(9)})})
    sink.append(frame(6))
os._exit(9)
"""


@pytest.fixture
def killed(tmp_path, request):
    """Makes the file of a run of six frames whose writer was killed."""

    def write(where="between frames", interval=0):
        path = tmp_path / "primary.h5"
        rigs = str(request.config.rootpath / "tests" / "rigs")
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(path), str(interval), where],
            env={"PYTHONPATH": rigs, "PATH": ""},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 9, done.stderr
        return path

    return write


def found(path):
    return {(finding.kind, finding.frame) for finding in verify(path).findings}


@pytest.mark.parametrize("where", ["between frames", "within a frame", "within a row"])
@pytest.mark.parametrize("interval", [0, 1e9], ids=["columns at once", "columns in batches"])
def test_a_killed_run_has_all_that_was_acknowledged_and_says_that_its_end_is_open(killed, where, interval):
    verification = verify(killed(where, interval))
    assert verification.ok, verification
    assert verification.frames == 6
    assert "primary.h5 was not closed" in verification.notes[0]


@pytest.mark.parametrize(
    ("dataset", "at", "expected"),
    [
        pytest.param("counts", 2, ("edited", 2), id="a count"),
        pytest.param("counts", 5, ("edited", 5), id="a count of the last frame"),
        pytest.param("ledger/rows", 2, ("edited", 2), id="a row"),
        pytest.param("ledger/rows", 5, ("edited", 5), id="the last row"),
    ],
)
def test_what_is_edited_after_a_kill_is_found(killed, dataset, at, expected):
    path = killed()
    with StillFile(path) as still:
        first, _ = place_of(still, dataset, at)
    flip(path, first + 3, 1)
    assert found(path) == {expected}


def test_a_killed_run_that_is_cut_off_anywhere_gives_a_verdict_and_never_hangs(killed):
    path = killed()
    whole = path.read_bytes()
    # Behind the last row is room only, and without its end it is one that was never acknowledged.
    written = len(whole.rstrip(b"\0")) - 1000
    for size in range(0, written, written // 40):
        path.write_bytes(whole[:size])
        verification = verify(path)
        assert not verification.ok, f"{size} of {len(whole)} bytes"
        assert verification.findings[0].kind in ("truncated", "damaged")


def test_frames_before_the_cut_of_a_killed_run_are_told_from_those_behind_it(killed):
    path = killed()
    with StillFile(path) as still:
        first, size = place_of(still, "counts", 4)
    path.write_bytes(path.read_bytes()[: first + size // 2])
    assert ("truncated", 4) in found(path) or ("damaged", None) in found(path)
    assert all(frame is None or frame >= 4 for _, frame in found(path))


def test_opening_a_killed_and_damaged_run_is_refused_and_never_hangs(killed):
    path = killed()
    whole = path.read_bytes()
    refused = 0
    for place in range(12, 6000, 97):
        flip(path, place, 0xFF)
        try:
            open_run(path)
        except RunDamaged:
            refused += 1
        flip(path, place, 0xFF)
    assert path.read_bytes() == whole
    assert refused > 5
    assert open_run(path).sizes["frame"] == 6


def test_a_run_is_verified_while_it_grows_is_cut_and_grows_again(tmp_path):
    sink = HDF5FrameSink(tmp_path / "primary.h5", column_interval=0.005)
    sink.open("primary", layout())
    enough = threading.Event()

    def write():
        n = 0
        while not enough.is_set() and n < 4000:
            sink.append(frame(n))
            n += 1
            if n % 7 == 0:
                sink.truncate(sink.committed - 2)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(8):
            verification = verify(tmp_path)
            assert verification.ok, verification
            run = open_run(tmp_path)
            if run.sizes["frame"] > 2:
                np.testing.assert_array_equal(run.counts[0], noise(0))
    finally:
        enough.set()
        writer.join()
        sink.close()
    assert verify(tmp_path).ok


def test_a_finished_run_cut_off_anywhere_is_truncated(tmp_path):
    path = store(tmp_path, [frame(n) for n in range(3)])
    whole = path.read_bytes()
    for size in (0, 20, 47, 48, 3000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert {kind for kind, _ in found(path)} == {"truncated"}, size
    path.write_bytes(whole)
    assert found(path) == set()


@pytest.mark.parametrize(
    ("text", "checksum"),
    [(b"", 0xDEADBEEF), (b"Four score and seven years ago", 0x17770551)],
    ids=["nothing", "driver5 of lookup3.c"],
)
def test_the_checksum_of_hdf5_is_that_of_its_author(text, checksum):
    assert lookup3(text) == checksum


def test_a_finished_file_is_shown_to_hdf5_as_it_is(tmp_path):
    path = store(tmp_path, [frame(0)])
    with StillFile(path) as still:
        assert still.read(path.stat().st_size) == path.read_bytes()
        assert still.seek(0, 2) == path.stat().st_size
        still.seek(8)
        assert still.read(1) == path.read_bytes()[8:9]
        assert still.tell() == 9


STOP = {"uid": "s", "exit_status": "abort", "reason": "the lamp went out: " + "näher " * 60}


def half_written(data, text):
    """With the second half of a text still empty, cut within a letter if there is one of two bytes."""
    (place,) = [n for n in range(len(data)) if data.startswith(text, n)]
    half = place + len(text) // 2
    half += next(n for n in range(12) if data[half + n] > 127 or n == 11) + 1
    return data[:half].ljust(len(data), b"\0")[: place + len(text)] + data[place + len(text) :]


def test_a_document_that_was_half_written_at_a_kill_is_as_if_it_were_not_there(tmp_path):
    path = tmp_path / "run" / "primary.h5"
    path.parent.mkdir()
    sink = HDF5FrameSink(path)
    sink.open("primary", layout())
    for n in range(3):
        sink.append(frame(n))
    sink.annotate("stop", STOP)
    data = path.read_bytes()
    sink.close()
    path.write_bytes(half_written(data, json_text(STOP).encode()))
    assert open_run(path).sequence.values.tolist() == [0, 1, 2]
    verification = verify(path)
    assert verification.ok
    assert any("was not closed" in note for note in verification.notes)


def test_a_document_that_is_damaged_in_a_finished_file_is_told(tmp_path):
    path = store(tmp_path, [frame(0)])
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"exit_status"', b'"exit_st\0\0us"'))
    with pytest.raises(RunDamaged, match="damaged"):
        open_run(path)
