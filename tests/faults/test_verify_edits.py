"""Each accident to a finished run is found where it happened, by its kind; without it the run is clean."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stored_run import PER_FRAME, each_frame_again, flip, flipped, frame, noise, place_of, reseal, store

from qhy600_ophyd.contract import COLUMNS
from qhy600_ophyd.datasets import verify

FRAMES = 6
AT = 3
"""Where the accidents happen."""


@pytest.fixture
def run(tmp_path):
    """The file of a finished run that is clean."""
    path = store(tmp_path, [frame(n) for n in range(FRAMES)])
    assert verify(path).ok
    return path


def found(path):
    """Kind and frame of every finding."""
    return {(finding.kind, finding.frame) for finding in verify(path).findings}


def change(path, name, place, value):
    with h5py.File(path, "r+") as file:
        file[name][place] = value


def change_row(path, column, value):
    with h5py.File(path, "r+") as file:
        row = file["ledger/rows"][AT]
        row[column] = value
        file["ledger/rows"][AT] = row


def without(*places):
    return lambda order: [n for n in order if n not in places]


def exchanged(order):
    order[AT], order[AT + 1] = order[AT + 1], order[AT]
    return order


def once_more(order):
    return [*order[: AT + 1], *order[AT:]]


def shortened(path):
    path.write_bytes(path.read_bytes()[:-100])


ACCIDENTS = {
    "a count edited": (
        lambda path: change(path, "counts", (AT, 2, 5), 77),
        {("edited", AT)},
    ),
    "a frame of zeros in the place of another": (
        lambda path: change(path, "counts", AT, 0),
        {("zero", AT)},
    ),
    "the counts of two frames exchanged": (
        lambda path: each_frame_again(path, exchanged, "counts"),
        {("reordered", AT), ("reordered", AT + 1)},
    ),
    "two frames exchanged with all their columns": (
        lambda path: each_frame_again(path, exchanged),
        {("reordered", AT + 1)},
    ),
    "the counts of the frame before once more": (
        lambda path: change(path, "counts", AT, noise(AT - 1)),
        {("duplicated", AT)},
    ),
    "a frame in twice, with all its columns": (
        lambda path: each_frame_again(path, once_more),
        {("duplicated", AT + 1), ("edited", None)},
    ),
    "a frame taken out, with all its columns": (
        lambda path: each_frame_again(path, without(AT)),
        {("missing", AT), ("missing", None)},
    ),
    "two frames taken out": (
        lambda path: each_frame_again(path, without(AT, AT + 1)),
        {("missing", AT), ("missing", None)},
    ),
    "the last frame taken out": (
        lambda path: each_frame_again(path, without(FRAMES - 1)),
        {("missing", None)},
    ),
    "all frames taken out": (
        lambda path: each_frame_again(path, without(*range(FRAMES))),
        {("missing", None)},
    ),
    "a row taken out, its counts left": (
        lambda path: each_frame_again(path, without(AT), "ledger/rows"),
        {("missing", AT), ("missing", None)},
    ),
    "the counts of the last frame taken out, its row left": (
        lambda path: each_frame_again(path, without(FRAMES - 1), "counts"),
        {("missing", FRAMES - 1)},
    ),
    "a number in a row edited": (
        lambda path: change_row(path, "exposure", 9.0),
        {("edited", AT)},
    ),
    "a text in a row edited": (
        lambda path: change_row(path, "sequence_source", b"gps_header"),
        {("edited", AT)},
    ),
    "the place in a row edited": (
        lambda path: change_row(path, "committed", 77),
        {("edited", AT)},
    ),
    "the checksum of the counts edited": (
        lambda path: change_row(path, "counts_hash", np.zeros(16, np.uint8)),
        {("edited", AT)},
    ),
    "a column beside the ledger edited": (
        lambda path: change(path, "exposure", AT, 9.0),
        {("edited", AT)},
    ),
    "a text beside the ledger edited": (
        lambda path: change(path, "sequence_source", AT, b"nobody"),
        {("edited", AT)},
    ),
    "an axis edited": (
        lambda path: change(path, "x_region", 0, 3),
        {("edited", 0)},
    ),
    "the end cut off": (shortened, {("truncated", None)}),
    "all but the first bytes cut off": (
        lambda path: path.write_bytes(path.read_bytes()[:40]),
        {("truncated", None)},
    ),
    "nothing left": (lambda path: path.write_bytes(b""), {("truncated", None)}),
    "the run's documents spoiled": (
        lambda path: path.with_name("run.json").write_text("{"),
        {("damaged", None)},
    ),
    "the file lost": (lambda path: path.unlink(), {("missing", None)}),
}


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_an_accident_is_found_where_it_happened(run, accident):
    happens, expected = ACCIDENTS[accident]
    happens(run)
    assert found(run.parent) == expected


def test_nothing_is_found_in_a_run_whose_file_was_written_anew_as_it_was(run):
    each_frame_again(run, lambda order: order)
    assert found(run) == set()


def test_a_frame_of_the_middle_that_is_gone_without_a_trace_in_the_end_is_missed_all_the_same(run):
    each_frame_again(run, without(AT))
    reseal(run, "")
    run.with_name("run.json").unlink()
    assert found(run) == {("missing", AT)}


def test_a_row_with_new_checksums_does_not_fit_the_one_behind_it(run):
    from qhy600_ophyd.datasets.ledger import COUNTS_HASH, ROW_BEFORE, ROW_HASH, Ledger

    with h5py.File(run, "r+") as file:
        row = file["ledger/rows"][AT : AT + 1]
        row["exposure"] = 9.0
        file["exposure"][AT] = 9.0
        Ledger(COLUMNS).seal(row, counts=row[COUNTS_HASH].tobytes(), before=row[ROW_BEFORE].tobytes())
        assert row[ROW_HASH].any()
        file["ledger/rows"][AT : AT + 1] = row
    assert found(run) == {("edited", AT + 1)}


def test_a_ledger_belongs_to_its_own_file(tmp_path, run):
    other = store(tmp_path / "other", [frame(n) for n in range(10, 10 + FRAMES)], stream="dark")
    with h5py.File(run, "r+") as file, h5py.File(other, "r") as source:
        for name in PER_FRAME:
            file[name][:] = source[name][:]
    reseal(run, _seal_of(other))
    assert found(run) == {("edited", 0)}


def _seal_of(path):
    with h5py.File(path, "r") as file:
        return file.attrs["seal"].decode()


def test_rows_added_behind_the_seal_are_found(run):
    reseal(run, '{"frames": 4, "last_row": ""}')
    assert found(run) == {("edited", None)}


@pytest.mark.parametrize("dataset", ["counts", "ledger/rows"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_of_any_frame_and_row_that_changes_is_found(run, dataset, data):
    index = data.draw(st.integers(0, FRAMES - 1), "frame")
    first, size = place_of(run, dataset, index)
    place, mask = data.draw(st.integers(0, size - 1), "byte"), data.draw(st.integers(1, 255), "bits")
    with flipped(run, first + place, mask):
        assert found(run) == {("edited", index)}
    assert found(run) == set()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whichever_byte_of_the_file_changes_the_answer_is_a_verdict(run, data):
    place = data.draw(st.integers(0, run.stat().st_size - 1), "byte")
    with flipped(run, place, data.draw(st.integers(1, 255), "bits")):
        verification = verify(run)
    assert verification.ok or all("\n" not in str(finding) for finding in verification.findings)


def test_a_file_from_before_the_checksums_cannot_be_verified(run):
    from qhy600_ophyd.datasets.attribute_text import write_text
    from qhy600_ophyd.datasets.stream_format import WITHOUT_CHECKSUMS

    with h5py.File(run, "r+") as file:
        del file.attrs["schema"]
        write_text(file.attrs, "schema", WITHOUT_CHECKSUMS)
    verification = verify(run)
    assert [finding.kind for finding in verification.findings] == ["unverifiable"]
    assert verification.frames == FRAMES


def test_a_file_of_somebody_else_beside_the_frames_is_left_out_and_said(run):
    with h5py.File(run.with_name("result.h5"), "w") as file:
        file["gain"] = 0.8
    verification = verify(run)
    assert verification.ok
    assert any("result.h5" in note for note in verification.notes)


def test_a_finding_tells_kind_place_and_what_to_do_on_one_line(run):
    flip(run, place_of(run, "counts", AT)[0], 1)
    (finding,) = verify(run).findings
    assert str(finding) == (
        "edited: primary frame 3: its counts are not those that were stored. "
        "Restore the file from a copy, or leave the frame out"
    )
