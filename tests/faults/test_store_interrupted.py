"""What is interrupted or refused beside a frame costs none, and what is told of it is so."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from short_files import no_file_longer_than

from qhy600_ophyd.contract import COLUMNS, Field, Frame, StoreError
from qhy600_ophyd.datasets import HDF5FrameSink, open_run, verify
from qhy600_ophyd.datasets.event_log import append_event, event_log_path, read_events
from qhy600_ophyd.datasets.json_text import json_text

SHAPE = (4, 6)
TEXT = "grün, λ = 550 nm"


def frame(number):
    return Frame(np.full(SHAPE, number, np.uint16), {"sequence": number})


@pytest.fixture
def sink(store, tiny_layout):
    sink = store("primary", tiny_layout())
    for number in range(1, 7):
        sink.append(frame(number))
    return sink


def failing(error):
    def fail(*_):
        raise error

    return fail


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), OSError(5, "Input/output error")])
def test_a_truncation_that_ends_half_way_lets_no_frame_follow(sink, monkeypatch, error):
    monkeypatch.setattr(sink._file, "_flush_all", failing(error))
    with pytest.raises((type(error), StoreError)):
        sink.truncate(4)
    monkeypatch.undo()
    assert sink.committed == 4
    with pytest.raises(StoreError, match="its 4 frames are kept"):
        sink.append(frame(7))
    sink.close()
    assert open_run(sink.path).sequence.values.tolist() == [1, 2, 3, 4]
    assert verify(sink.path).ok


def test_a_frame_that_is_interrupted_when_it_is_there_counts(sink, monkeypatch):
    append = sink._file.append

    def stored_and_interrupted(*arguments):
        append(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(sink._file, "append", stored_and_interrupted)
    with pytest.raises(KeyboardInterrupt):
        sink.append(frame(7))
    monkeypatch.undo()
    assert sink.committed == 7
    sink.append(frame(8))
    sink.annotate("event", {"data": {"camera_sequence": 7, "motor": 1.5}})
    sink.close()
    assert open_run(sink.path).sequence.values.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert open_run(sink.path).motor.values[6] == 1.5
    assert verify(sink.path).ok


def test_columns_without_room_wait_for_it(sink, monkeypatch):
    sink._file._interval = 1e9
    sink.append(frame(7))
    monkeypatch.setattr(sink._file, "_take_room", failing(OSError(27, "File too large")))
    with pytest.raises(StoreError, match="Its 7 frames are kept"):
        sink.annotate("event", {"data": {"motor": 1.0}})
    monkeypatch.undo()
    sink.append(frame(8))
    sink.close()
    assert open_run(sink.path).sequence.values.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert verify(sink.path).ok


def test_a_document_that_cannot_be_written_into_the_file_is_told(sink, monkeypatch):
    monkeypatch.setattr(sink._file, "rewrite", failing(RuntimeError("Input/output error")))
    with pytest.raises(StoreError, match="Its 6 frames are kept"):
        sink.annotate("stop", {"exit_status": "success"})
    monkeypatch.undo()
    sink.annotate("stop", {"exit_status": "success"})
    sink.close()
    assert verify(sink.path).ok


@pytest.mark.parametrize("act", ["event", "close"])
def test_a_file_that_is_removed_after_its_last_frame_is_told(sink, act):
    try:
        sink.path.unlink()
    except PermissionError:
        pytest.skip("this system removes no file that is open")
    with pytest.raises(StoreError, match="was removed or renamed while it was written, with 6 frames"):
        sink.close() if act == "close" else sink.annotate("event", {"data": {"motor": 1.0}})
    if act == "event":
        with pytest.raises(StoreError, match="was removed"):
            sink.close()
    sink.close()


def test_wherever_a_log_of_events_is_cut_the_events_before_are_read(tmp_path):
    path = event_log_path(tmp_path / "primary.h5")
    for number in range(3):
        append_event(path, {"data": {"filter": TEXT}}, own=frozenset(), frame=number)
    whole = path.read_bytes()
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        # The end of the line is no part of the event.
        assert [event["frame"] for event in read_events(path)] == list(range((end + 1) * 3 // len(whole)))


def test_an_event_that_is_refused_swallows_none_that_follow(tmp_path):
    path = event_log_path(tmp_path / "primary.h5")

    def add(number):
        append_event(path, {"data": {"filter": TEXT}}, own=frozenset(), frame=number)

    add(0)
    with no_file_longer_than(path.stat().st_size + 30), pytest.raises(StoreError, match="File too large"):
        add(1)
    add(2)
    assert [event["frame"] for event in read_events(path)] == [0, 2]


@pytest.mark.parametrize("name", ["start", "stop", "after"])
def test_no_document_that_was_half_written_keeps_a_run_from_being_read(tmp_path, tiny_layout, name):
    path = tmp_path / "run" / "primary.h5"
    path.parent.mkdir()
    sink = HDF5FrameSink(path)
    sink.open("primary", tiny_layout(start=None))
    sink.append(frame(1))
    document = {"uid": "0f7a1c52", "time": 0.0, "text": 80 * TEXT}
    sink.annotate(name, document)
    growing = path.read_bytes()
    sink.close()
    text = json_text(document).encode()
    place = growing.index(text)
    assert growing.count(text) == 1
    for end in range(place + 1, place + len(text), 97):
        left = growing[:end].ljust(place + len(text), b"\0") + growing[place + len(text) :]
        path.write_bytes(left)
        run = open_run(path)
        assert run.sequence.values.tolist() == [1]
        assert TEXT not in str(run.attrs)


def test_a_wide_row_finds_room_when_its_columns_grow(tmp_path, tiny_layout):
    note = Field("note", "S20000", "", "a long text")
    kept = []
    for limit in (15.75, 20, 22, 24, 26, 28):
        path = tmp_path / f"{limit}" / "primary.h5"
        path.parent.mkdir()
        sink = HDF5FrameSink(path, column_interval=0)
        sink.open("primary", tiny_layout(columns=(*COLUMNS, note)))
        with no_file_longer_than(int(limit * 2**20)):
            with suppress(StoreError):
                for number in range(1, 301):
                    sink.append(frame(number))
            sink.close()
        kept.append(sink.committed)
        assert open_run(path).sizes["frame"] == kept[-1]
        assert verify(path).ok
    assert kept == sorted(kept)
    assert kept[0] < kept[-1] < 300
