"""Full disks, closed folders and damaged files are told in one line and cost no earlier frame."""

import errno
import json
import shutil
from collections import namedtuple
from pathlib import Path

import h5py
import numpy as np
import pytest

from qhy600_ophyd.contract import Field, Frame, RunDamaged, StoreError
from qhy600_ophyd.datasets import HDF5FrameSink, RunFolders, open_run, summarize

SHAPE = (4, 6)
Usage = namedtuple("Usage", "total used free")


def frame(number):
    return Frame(np.full(SHAPE, number, np.uint16), {"sequence": number, "exposure": number / 4})


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def sink(store, tiny_layout):
    sink = store("primary", tiny_layout())
    for number in (1, 2):
        sink.append(frame(number))
    return sink


def assert_frames(path, *numbers):
    run = open_run(path)
    np.testing.assert_array_equal(run.counts[:, 0, 0], numbers)
    np.testing.assert_array_equal(run.exposure, np.array(numbers) / 4)


def one_line(refused):
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("step", ["write_counts", "write_columns", "write_row"])
def test_a_disk_that_fails_within_a_frame_keeps_the_earlier_ones_and_can_go_on(sink, monkeypatch, step):
    file = sink._file
    file._interval = 0
    original = getattr(file, step)

    def half_done(*arguments):
        original(*arguments)
        full_disk()

    monkeypatch.setattr(file, step, half_done)
    with pytest.raises(StoreError, match="No space left") as refused:
        sink.append(frame(3))
    assert str(sink.path) in one_line(refused)
    assert sink.committed == 2
    assert_frames(sink.path, 1, 2)
    monkeypatch.undo()
    sink.append(frame(4))
    sink.close()
    assert_frames(sink.path, 1, 2, 4)


def test_a_disk_without_room_for_a_frame_refuses_it_before_anything_is_written(sink, monkeypatch):
    size = sink.path.stat().st_size
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, 1000))
    with pytest.raises(StoreError, match="disk full: a frame needs") as refused:
        sink.append(frame(3))
    assert "free some space" in one_line(refused)
    assert sink.path.stat().st_size == size
    monkeypatch.undo()
    sink.append(frame(3))
    sink.close()
    assert_frames(sink.path, 1, 2, 3)


def test_a_file_that_cannot_be_finished_says_so_once_and_stays_readable(sink, monkeypatch):
    monkeypatch.setattr(sink._file, "write_columns", full_disk)
    with pytest.raises(StoreError, match="Its 2 frames are kept"):
        sink.close()
    sink.close()
    assert_frames(sink.path, 1, 2)


@pytest.mark.parametrize("root", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path, root, tiny_layout):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="Choose a folder") as refused:
        RunFolders(tmp_path / root)("primary", tiny_layout())
    assert str(tmp_path / root) in one_line(refused)
    assert (tmp_path / "file").read_text() == "not a folder"


def test_nothing_is_overwritten(tmp_path, tiny_layout):
    path = tmp_path / "primary.h5"
    path.write_text("somebody's data")
    with pytest.raises(StoreError, match="not overwritten"):
        HDF5FrameSink(path).open("primary", tiny_layout())
    assert path.read_text() == "somebody's data"


def test_run_json_is_replaced_whole_or_not_at_all(sink, monkeypatch):
    path = sink.path.with_name("run.json")
    before = path.read_text(encoding="utf-8")
    assert json.loads(before)["start"]["plan_name"] == "linearity"
    original = Path.write_text

    def half_written(self, text, **options):
        original(self, text[: len(text) // 2], **options)
        full_disk()

    monkeypatch.setattr(Path, "write_text", half_written)
    with pytest.raises(StoreError, match="earlier record is untouched") as refused:
        sink.annotate("stop", {"exit_status": "success"})
    assert str(path) in one_line(refused)
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8") == before
    assert [p.name for p in path.parent.glob("*.part")] == []
    sink.annotate("stop", {"exit_status": "success"})
    assert json.loads(path.read_text(encoding="utf-8"))["stop"] == {"exit_status": "success"}
    sink.close()


@pytest.mark.parametrize(
    "counts",
    [np.zeros((6, 4), np.uint16), np.zeros(SHAPE, np.uint8), np.zeros((1, *SHAPE), np.uint16)],
    ids=["turned", "other type", "one axis more"],
)
def test_a_frame_of_another_shape_or_type_is_refused(sink, counts):
    with pytest.raises(StoreError, match="another stream or a new run"):
        sink.append(Frame(counts, {}))
    sink.close()
    assert_frames(sink.path, 1, 2)


def test_a_row_that_does_not_fit_leaves_no_frame(sink):
    with pytest.raises(StoreError, match="no such column"):
        sink.append(Frame(np.zeros(SHAPE, np.uint16), {"colour": 3}))
    sink.close()
    assert_frames(sink.path, 1, 2)


def test_a_column_of_variable_length_is_refused_before_any_file_is_made(tmp_path, tiny_layout):
    with pytest.raises(StoreError, match="fixed size only"):
        HDF5FrameSink(tmp_path / "primary.h5").open(
            "primary", tiny_layout(columns=(Field("note", "O", "", "free text"),))
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("call", ["append", "truncate"])
def test_a_closed_sink_takes_nothing(sink, call):
    sink.close()
    with pytest.raises(StoreError, match="not open"):
        sink.append(frame(3)) if call == "append" else sink.truncate(0)


def test_a_sink_that_was_never_opened_says_so(tmp_path):
    sink = HDF5FrameSink(tmp_path / "primary.h5")
    for use in (sink.address, lambda: sink.annotate("stop", {}), lambda: sink.append(frame(1))):
        with pytest.raises(StoreError, match="open"):
            use()
    sink.close()


def cut(path):
    path.write_bytes(path.read_bytes()[:3000])


def empty(path):
    path.write_bytes(b"")


def foreign(path):
    with h5py.File(path, "w") as file:
        file["data"] = [1, 2]


def gutted(path):
    with h5py.File(path, "r+") as file:
        del file["ledger"]


def spoiled_json(path):
    path.with_name("run.json").write_text('{"start": {')


def wrong_json(path):
    path.with_name("run.json").write_text("[]")


@pytest.mark.parametrize(
    "damage", [cut, empty, foreign, gutted, spoiled_json, wrong_json], ids=lambda d: d.__name__
)
@pytest.mark.parametrize("read", [open_run, summarize], ids=["open_run", "summarize"])
def test_a_damaged_run_is_refused_in_one_line_that_names_the_file(sink, damage, read):
    sink.close()
    damage(sink.path)
    with pytest.raises(RunDamaged) as refused:
        read(sink.path.parent)
    assert str(sink.path.parent) in one_line(refused)


@pytest.mark.parametrize("what", ["nowhere", "empty folder", "text file"])
def test_what_is_not_a_run_is_refused_in_one_line(tmp_path, what):
    path = tmp_path / what
    if what == "empty folder":
        path.mkdir()
    elif what == "text file":
        path.write_text("hello")
    with pytest.raises(RunDamaged) as refused:
        open_run(path)
    assert str(tmp_path) in one_line(refused)


def test_a_run_opens_without_its_run_json(sink):
    sink.close()
    sink.path.with_name("run.json").unlink()
    assert open_run(sink.path).attrs["plan_name"] == "linearity"


def test_a_damaged_stream_does_not_hide_the_others(store, sink, tiny_layout):
    dark = store("dark", tiny_layout())
    dark.append(frame(5))
    for each in (sink, dark):
        each.close()
    cut(dark.path)
    assert_frames(sink.path, 1, 2)
    assert_frames(sink.path.parent, 1, 2)
    with pytest.raises(RunDamaged, match=r"dark\.h5"):
        open_run(sink.path.parent, stream="dark")


def test_an_event_line_cut_short_by_a_kill_is_left_out(sink):
    for number in (1, 2):
        sink.annotate(
            "event", {"data": {"motor": float(number), "camera_sequence": number}, "seq_num": number}
        )
    sink.close()
    log = sink.path.with_name("primary.events.jsonl")
    log.write_text(log.read_text()[:-9])
    np.testing.assert_array_equal(open_run(sink.path).motor, [1.0, np.nan])
