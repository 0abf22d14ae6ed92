"""What is in order is told as such, and how far it is proved."""

from __future__ import annotations

import numpy as np
import pytest
from stored_run import SHAPE, frame, layout, noise, store

from qhy600_ophyd import datasets
from qhy600_ophyd.contract import RunDamaged
from qhy600_ophyd.datasets import HDF5FrameSink, RunFolders, open_run, verify


def numbered(n, **row):
    """A frame that carries a number of the camera."""
    return frame(n, sequence_source="gps_header", **row)


def test_ten_thousand_clean_frames_raise_no_alarm(tmp_path):
    sink = HDF5FrameSink(tmp_path / "primary.h5")
    sink.open("primary", layout())
    wrap = (1 << 32) - 5000
    for n in range(10_000):
        sink.append(numbered(n, sequence=(wrap + n) % (1 << 32)))
    growing = verify(tmp_path)
    sink.close()
    for verification in (growing, verify(tmp_path)):
        assert verification.ok, verification
        assert verification.frames == 10_000
        assert verification.proved_by_hardware


def test_a_run_that_the_host_numbered_is_not_proved(tmp_path):
    verification = verify(store(tmp_path, [frame(n) for n in range(3)]))
    assert verification.ok
    assert not verification.proved_by_hardware
    assert verification.verdict == "no loss seen; not proved by hardware"
    assert "3 of 3 frames are numbered by the host alone" in str(verification)


def test_one_frame_without_a_number_of_the_camera_leaves_the_run_unproved(tmp_path):
    path = store(tmp_path, [numbered(0), numbered(1), frame(2)])
    assert not verify(path).proved_by_hardware


def test_a_run_that_the_camera_numbered_is_proved(tmp_path):
    verification = verify(store(tmp_path, [numbered(n) for n in range(3)]))
    assert verification.proved_by_hardware
    assert verification.verdict == "no loss; proved by the camera's own numbers"
    assert verification.notes == ()
    assert repr(verification) == f"<Verification of {verification.path.name}: {verification.verdict}>"


def test_a_gap_in_the_numbers_of_the_camera_is_a_loss_and_no_proof(tmp_path):
    verification = verify(store(tmp_path, [numbered(n) for n in (0, 1, 4)]))
    assert [(f.kind, f.frame) for f in verification.findings] == [("missing", 2)]
    assert "2 frames between 1 and 4" in verification.findings[0].what
    assert not verification.proved_by_hardware
    assert verification.verdict == "1 finding in 3 frames"


@pytest.mark.parametrize("way", ["folder", "file", "run.json", "text", "dataset"])
def test_a_run_is_named_by_its_folder_any_file_in_it_or_its_dataset(tmp_path, way):
    path = store(tmp_path, [frame(0)])
    named = {
        "folder": path.parent,
        "file": path,
        "run.json": path.with_name("run.json"),
        "text": str(path.parent),
        "dataset": open_run(path),
    }
    assert verify(named[way]).path == path.parent


@pytest.mark.parametrize("what", ["nowhere", "empty folder"])
def test_what_is_no_run_is_refused_in_one_line(tmp_path, what):
    path = tmp_path / what
    if what == "empty folder":
        path.mkdir()
    with pytest.raises(RunDamaged, match=what) as refused:
        verify(path)
    assert "\n" not in str(refused.value)


def test_streams_and_their_further_files_are_verified_as_one(tmp_path):
    runs = RunFolders(tmp_path)
    for stream, first in (("primary", 0), ("dark", 10), ("primary", 2)):
        sink = runs(stream, layout())
        for n in (first, first + 1):
            sink.append(frame(n))
        sink.close()
    assert sink.path.name == "primary_2.h5"
    verification = verify(tmp_path / sink.path.parent)
    assert verification.ok, verification
    assert verification.frames == 6


def test_a_frame_of_an_earlier_stream_that_comes_again_is_found(tmp_path):
    runs = RunFolders(tmp_path)
    for stream, first in (("primary", 0), ("dark", 10)):
        sink = runs(stream, layout())
        for n in (first, first + 1):
            sink.append(frame(n, noise(1) if n == 10 else None))
        sink.close()
    (finding,) = verify(sink.path).findings
    assert finding.kind == "duplicated"
    assert "once more" in finding.what


def test_a_frame_stored_twice_is_found_by_its_counts(tmp_path):
    counts = [noise(0), noise(1), noise(1), noise(2)]
    path = store(tmp_path, [numbered(n, counts=one) for n, one in enumerate(counts)])
    (finding,) = verify(path).findings
    assert (finding.kind, finding.frame) == ("duplicated", 2)
    assert finding.what == "its counts are those of primary frame 1 once more"


@pytest.mark.parametrize(
    ("counts", "row"),
    [
        pytest.param(np.full(SHAPE, 65535, np.uint16), {}, id="saturated"),
        pytest.param(np.where(noise(0) > 595, 65535, 20).astype(np.uint16), {}, id="nearly even"),
        pytest.param(noise(0), {"unverified": "repetition"}, id="told by the driver"),
    ],
)
def test_frames_that_are_alike_by_nature_are_no_repetition_and_are_noted(tmp_path, counts, row):
    verification = verify(store(tmp_path, [numbered(n, counts=counts, **row) for n in range(3)]))
    assert verification.ok, verification
    assert "3 frames are so even" in verification.notes[0]


def test_a_frame_of_zeros_is_found_even_as_it_was_stored(tmp_path):
    zeros = np.zeros(SHAPE, np.uint16)
    path = store(tmp_path, [numbered(0), numbered(1, counts=zeros), numbered(2)])
    assert [(f.kind, f.frame) for f in verify(path).findings] == [("zero", 1)]


def test_frames_that_were_announced_and_are_not_there_are_missed(tmp_path):
    sink = RunFolders(tmp_path)("primary", layout())
    sink.append(frame(0))
    sink.annotate("descriptor", {"uid": "d", "name": "primary", "data_keys": {}})
    sink.annotate("stop", {"exit_status": "success", "num_events": {"primary": 2}})
    sink.close()
    (finding,) = verify(sink.path).findings
    assert (finding.kind, finding.what) == ("missing", "2 frames were announced and 1 are there")


def test_a_run_that_failed_says_why_and_is_not_damaged_by_it(tmp_path):
    sink = RunFolders(tmp_path)("primary", layout())
    sink.append(frame(0))
    sink.annotate("stop", {"exit_status": "fail", "reason": "the cable", "num_events": {}})
    sink.close()
    verification = verify(sink.path)
    assert verification.ok
    assert "the run ended with 'fail': the cable" in verification.notes


def test_a_cut_and_taken_again_frame_leaves_the_chain_whole(tmp_path):
    sink = RunFolders(tmp_path)("primary", layout())
    for n in range(4):
        sink.append(frame(n))
    for kept in (2, 0):
        sink.truncate(kept)
        sink.append(frame(10 + kept, retaken=4 - kept))
    sink.close()
    assert verify(sink.path).ok


def test_findings_sorted_by_stream_and_frame_are_told_up_to_a_limit(tmp_path):
    path = store(tmp_path, [numbered(2 * n) for n in range(9)])
    verification = verify(path)
    assert [finding.frame for finding in verification.findings] == list(range(1, 9))
    assert verification.lines(3)[-1] == "and 5 more"
    assert len(verification.as_json()["findings"]) == 8


def test_the_room_offers_what_verify_returns():
    assert {"verify", "Verification", "Finding"} <= set(datasets.__all__)
    assert all(hasattr(datasets, name) for name in datasets.__all__)
