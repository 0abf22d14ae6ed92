"""A run that was interrupted and resumed is one run: joined, held together, and told as what it is."""

from __future__ import annotations

import json

import numpy as np
import pytest
from stored_run import frame, layout, noise, reseal

from qhy600_ophyd import datasets
from qhy600_ophyd.contract import StoreError
from qhy600_ophyd.datasets import RunFolders, open_run, summarize
from qhy600_ophyd.datasets.ledger import ROW_HASH
from qhy600_ophyd.datasets.reading.stream_file import StreamFile
from qhy600_ophyd.datasets.run_lock import LOCK_FILE
from qhy600_ophyd.datasets.run_record import RUN_SCHEMA, replace_text
from qhy600_ophyd.datasets.verifying.document_check import RESUMED_AFTER, state_of

FIRST, SECOND = "0f7a1c52-93d4", "77aa0000-1111"
SECONDS = 10**9


def begin(folder, uid=FIRST, **start):
    """The sink of a run's only stream, with a descriptor of its own."""
    about = {"uid": uid, "time": 0.0, "plan_name": "count", **start}
    sink = RunFolders(folder)("primary", layout(start=about))
    key = {"camera_sequence": {"units": "1", "source": "x", "dtype": "integer", "shape": []}}
    sink.annotate("descriptor", {"uid": f"d-{uid}", "run_start": uid, "name": "primary", "data_keys": key})
    return sink


def exposed(n, sequence=None):
    """Frame `n`, exposed from second 10 n on for one."""
    times = {"exposure_start": 10 * n * SECONDS, "exposure_end": (10 * n + 1) * SECONDS}
    return frame(n, sequence=n if sequence is None else sequence, **times)


def interrupted(folder, frames=3):
    """As a kill leaves it: no stop document, no seal, and a lock that nobody holds."""
    sink = begin(folder)
    for n in range(frames):
        sink.append(exposed(n))
    sink.close()
    reseal(sink.path, "")
    (sink.path.parent / LOCK_FILE).touch()
    return sink.path


def resumed(path, numbers=(3, 4), uid=SECOND, **start):
    """The run goes on behind `path`, as its camera counts anew."""
    rows = StreamFile.read(path).rows
    state = [state_of(path.name, len(rows), rows[ROW_HASH][-1].tobytes())]
    sink = begin(path.parent.parent, uid, resumes=FIRST, **{RESUMED_AFTER: state}, **start)
    for place, n in enumerate(numbers):
        sink.append(exposed(n, sequence=place))
    num_events = {"primary": len(numbers)}
    sink.annotate("stop", {"run_start": uid, "exit_status": "success", "num_events": num_events})
    sink.close()
    return sink.path


def test_the_frames_of_both_are_one_dataset_with_the_gap_told(tmp_path):
    second = resumed(interrupted(tmp_path))
    assert second.name == "primary_2.h5"
    run = open_run(second.parent)
    np.testing.assert_array_equal(run.counts, [noise(n) for n in range(5)])
    np.testing.assert_array_equal(run.exposure, np.arange(5) / 8)
    assert list(run.segment) == [1, 1, 1, 2, 2]
    assert (run.attrs["run_uid"], run.attrs["exit_status"]) == (FIRST, "success")
    (gap,) = json.loads(run.attrs["gaps"])
    told = {"stream": "primary", "frame": 3, "run": SECOND, "interrupted": FIRST}
    assert gap == {**told, "seconds": 9.0, "why": "its program was killed"}


def test_an_uninterrupted_run_has_neither_gaps_nor_segments(tmp_path):
    run = open_run(interrupted(tmp_path))
    assert "gaps" not in run.attrs
    assert "segment" not in run.coords


def test_no_document_of_the_first_run_is_overwritten(tmp_path):
    folder = resumed(interrupted(tmp_path)).parent
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (second,) = record["resumed"]
    assert record["schema"] == RUN_SCHEMA
    assert (record["start"]["uid"], record["stop"]) == (FIRST, {})
    assert (second["start"]["uid"], second["stop"]["exit_status"]) == (SECOND, "success")
    assert [*record["descriptors"]["primary"], *second["descriptors"]["primary"]] == [
        f"d-{FIRST}",
        f"d-{SECOND}",
    ]


def test_without_its_record_the_run_is_joined_from_the_files_alone(tmp_path):
    folder = resumed(interrupted(tmp_path)).parent
    (folder / "run.json").unlink()
    run = open_run(folder)
    assert run.attrs["run_uid"] == FIRST
    assert [gap["frame"] for gap in json.loads(run.attrs["gaps"])] == [3]


def test_a_record_of_the_first_schema_is_read_and_gone_on_with(tmp_path):
    path = interrupted(tmp_path)
    record = path.with_name("run.json")
    text = record.read_text(encoding="utf-8").replace(RUN_SCHEMA, "qhy600_ophyd.run/1")
    replace_text(record, text)
    assert open_run(path).sizes["frame"] == 3
    assert open_run(resumed(path)).sizes["frame"] == 5
    assert json.loads(record.read_text(encoding="utf-8"))["schema"] == RUN_SCHEMA


def test_a_joined_run_is_in_order_although_its_camera_counts_anew(tmp_path):
    verification = datasets.verify(resumed(interrupted(tmp_path)))
    assert verification.ok, verification
    assert verification.frames == 5
    assert "the run was resumed 1 time" in str(verification)
    assert "was not closed" not in str(verification)


def test_frames_that_vanish_from_a_killed_file_after_it_was_resumed_are_missed(tmp_path):
    path = interrupted(tmp_path)
    folder = resumed(path).parent
    path.unlink()
    shorter = interrupted(tmp_path / "other", frames=2)
    shorter.rename(path)
    finding = next(f for f in datasets.verify(folder).findings if f.kind == "missing")
    assert finding.what == "the last 1 of 3 frames in primary.h5 are gone since it was resumed"


def test_a_killed_file_that_vanishes_altogether_is_missed(tmp_path):
    path = interrupted(tmp_path)
    folder = resumed(path).parent
    path.unlink()
    finding = next(f for f in datasets.verify(folder).findings if f.kind == "missing")
    assert "primary.h5 is not there, whose 3 frames" in finding.what


def test_a_frame_that_comes_once_more_in_the_resumed_part_is_found(tmp_path):
    findings = datasets.verify(resumed(interrupted(tmp_path), numbers=(2, 3))).findings
    assert [(f.kind, f.frame) for f in findings] == [("duplicated", 3)]


def test_frames_that_the_resumed_run_announced_and_that_are_gone_are_missed(tmp_path):
    path = interrupted(tmp_path)
    folder = resumed(path).parent
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["resumed"][0]["stop"]["num_events"]["primary"] = 3
    replace_text(folder / "run.json", json.dumps(record))
    (finding,) = datasets.verify(folder).findings
    assert (finding.kind, finding.what) == ("missing", "3 frames were announced and 2 are there")


def test_a_run_resumed_twice_has_two_gaps_and_a_part_without_frames_has_none_of_its_own(tmp_path):
    path = interrupted(tmp_path)
    empty = begin(tmp_path, "88-empty", resumes=FIRST)
    empty.close()
    reseal(empty.path, "")
    second = resumed(path, numbers=(3, 4))
    assert second.name == "primary_3.h5"
    resumed(path, numbers=(5,), uid="99-third")
    run = open_run(path)
    gaps = json.loads(run.attrs["gaps"])
    assert [(gap["frame"], gap["interrupted"]) for gap in gaps] == [(3, "88-empty"), (5, SECOND)]
    assert list(run.segment) == [1, 1, 1, 3, 3, 4]
    assert summarize(path).resumed == 3
    assert datasets.verify(path).ok


def test_a_run_that_is_being_written_says_so_and_lets_no_second_writer_in(tmp_path):
    sink = begin(tmp_path)
    sink.append(exposed(0))
    folder = sink.path.parent
    assert summarize(folder).being_written
    with pytest.raises(StoreError, match="is being written"), RunFolders(tmp_path).going_on_in(folder, FIRST):
        raise AssertionError("two write")
    sink.close()
    assert not summarize(folder).being_written
    assert not (folder / LOCK_FILE).exists()


def test_a_lock_that_a_kill_left_behind_holds_nobody_up(tmp_path):
    path = interrupted(tmp_path)
    assert not summarize(path).being_written
    with RunFolders(tmp_path).going_on_in(path.parent, FIRST) as record:
        assert summarize(path).being_written
        record.keep("stop", {"run_start": FIRST, "exit_status": "abort"})
    assert summarize(path).exit_status == "abort"


def test_a_renamed_folder_is_gone_on_with_where_it_is(tmp_path):
    path = interrupted(tmp_path)
    moved = path.parent.rename(tmp_path / "my best run")
    runs = RunFolders(tmp_path)
    about = {"uid": SECOND, "time": 1.0, "plan_name": "count", "resumes": FIRST}
    with runs.going_on_in(moved, FIRST):
        sink = runs("primary", layout(start=about))
        sink.append(exposed(3))
        sink.close()
    assert sink.path == moved / "primary_2.h5"
    assert runs.folder_of(SECOND) == moved
    assert open_run(moved).sizes["frame"] == 4
