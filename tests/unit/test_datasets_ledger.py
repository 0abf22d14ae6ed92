"""The row of a frame: what is left out is missing, what does not fit is refused."""

import h5py
import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from qhy600_ophyd.contract import COLUMNS, Field, Frame, StoreError
from qhy600_ophyd.datasets.checksums import description_checksum
from qhy600_ophyd.datasets.ledger import (
    COMMITTED,
    COUNTS_HASH,
    ROW_BEFORE,
    ROW_HASH,
    Ledger,
    columns_from,
    committed_rows,
    row_checksums,
    specification_of,
)
from qhy600_ophyd.datasets.storing.file_skeleton import refuse_variable_length
from qhy600_ophyd.sensor import Rectangle


@pytest.mark.parametrize("field", COLUMNS, ids=lambda field: field.name)
def test_a_value_that_is_left_out_or_none_is_missing(field):
    ledger = Ledger(COLUMNS)
    for values in ({}, {field.name: None}):
        stored = ledger.row(values, 0)[field.name]
        np.testing.assert_array_equal(stored, np.full_like(stored, field.missing))


def test_a_row_is_of_fixed_size_and_counts_its_place_from_one():
    ledger = Ledger(COLUMNS)
    row = ledger.row({}, 41)
    assert not row.dtype.hasobject
    assert row[COMMITTED] == 42


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("exposure", 0.25, 0.25),
        ("binning", 2, 2.0),
        ("readout_mode", "mode µ", "mode µ".encode()),
        ("roi", Rectangle(0, 2, 4, 6), [0, 2, 4, 6]),
        ("overscan", np.True_, 1),
        ("sequence", np.nan, -1),
        ("exposure_start", 1_795_376_600_123_456_789, 1_795_376_600_123_456_789),
    ],
    ids=["float", "int as float", "utf-8", "rectangle", "numpy bool", "missing int", "nanoseconds"],
)
def test_a_value_is_stored_in_the_type_of_its_column(name, value, stored):
    np.testing.assert_array_equal(Ledger(COLUMNS).row({name: value}, 0)[name][0], stored)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"readout_mode": "m" * 65}, "longer than 64 bytes"),
        ({"colour": 1}, "no such column"),
        ({"exposure": "long"}, "does not fit"),
        ({"roi": (1, 2, 3)}, "does not fit"),
    ],
    ids=["long text", "unknown name", "text for a number", "short rectangle"],
)
def test_a_value_that_does_not_fit_is_refused_in_one_line(values, told):
    with pytest.raises(StoreError, match=told) as refused:
        Ledger(COLUMNS).row(values, 0)
    assert "\n" not in str(refused.value)
    assert next(iter(values)) in str(refused.value)


@pytest.mark.parametrize("dtype", ["O", "S", "U8", "M8[ns]"])
def test_a_column_without_a_fixed_plain_size_is_refused(dtype):
    with pytest.raises(StoreError, match="fixed size only"):
        Ledger((Field("note", dtype, "", "free text"),))


@pytest.mark.parametrize(
    "put",
    [
        lambda file: file.create_dataset("texts", (3,), dtype=h5py.string_dtype()),
        lambda file: file.create_dataset("lists", (3,), dtype=h5py.vlen_dtype(np.int32)),
        lambda file: file.create_dataset("rows", (3,), dtype=[("a", "f8"), ("b", h5py.string_dtype())]),
        lambda file: file.attrs.__setitem__("note", "text of any length"),
    ],
    ids=["text", "list", "part of a row", "attribute"],
)
def test_nothing_of_variable_length_gets_into_a_file(tmp_path, put):
    with h5py.File(tmp_path / "file.h5", "w") as file:
        put(file)
        with pytest.raises(StoreError, match="variable length"):
            refuse_variable_length(file)


@pytest.mark.parametrize(
    ("marks", "frames"),
    [([], 0), ([1, 2, 3], 3), ([1, 2, 0], 2), ([0, 2, 3], 0), ([1, 0, 3], 1), ([1, 3, 3], 1)],
    ids=["empty", "whole", "last unwritten", "first unwritten", "gap", "misplaced"],
)
def test_frames_count_up_to_the_first_row_that_is_not_whole(marks, frames):
    rows = np.zeros(len(marks), Ledger(COLUMNS).dtype)
    rows[COMMITTED] = marks
    assert committed_rows(rows) == frames


def test_the_columns_come_back_from_their_description():
    assert columns_from(Ledger(COLUMNS).specification()) == COLUMNS


@given(place=st.integers(0, Ledger(COLUMNS).dtype.itemsize - 1), bits=st.integers(1, 255))
def test_a_row_that_changes_anywhere_has_another_checksum_than_it_says(place, bits):
    ledger = Ledger(COLUMNS)
    row = ledger.row({"exposure": 0.25, "readout_mode": "Photo"}, 3)
    own = ledger.seal(row, counts=bytes(range(16)), before=bytes(16))
    assert row_checksums(row) == [own] == [row[ROW_HASH].tobytes()]
    row.view(np.uint8)[place] ^= bits
    assert row_checksums(row) != [row[ROW_HASH].tobytes()]


def test_each_row_holds_the_checksum_of_its_counts_and_of_the_row_before(store, tiny_layout, tiny_frame):
    sink = store("primary", tiny_layout())
    for number in range(3):
        sink.append(tiny_frame(number))
    sink.truncate(2)
    turned = Frame(tiny_frame(5).counts[::-1, ::-1], {})  # not as it lies in memory
    sink.append(turned)
    sink.close()
    with h5py.File(sink.path) as file:
        rows = file["ledger/rows"][:]
        first = description_checksum(file, counts="counts", columns=specification_of(file["ledger/rows"]))
    frames = [tiny_frame(0).counts, tiny_frame(1).counts, turned.counts]
    assert [row.tobytes() for row in rows[COUNTS_HASH]] == [
        xxhash.xxh3_128_digest(counts.tobytes()) for counts in frames
    ]
    assert [row.tobytes() for row in rows[ROW_BEFORE]] == [
        first,
        *(row.tobytes() for row in rows[ROW_HASH][:2]),
    ]


@pytest.mark.parametrize("change", ["dtype", "shape", "x", "y_region", "columns", "stream"])
def test_the_first_row_of_a_file_depends_on_what_the_file_is(store, tiny_layout, change):
    changes = {
        "dtype": {"dtype": "uint8"},
        "shape": {"shape": (5, 6), "y": np.arange(5.0), "y_region": np.zeros(5, np.int8)},
        "x": {"x": np.arange(6.0)},
        "y_region": {"y_region": np.zeros(4, np.int8)},
        "columns": {"columns": COLUMNS[:-1]},
        "stream": {},
    }
    found = set()
    for stream, layout in (("primary", {}), ("dark" if change == "stream" else "primary", changes[change])):
        sink = store(stream, tiny_layout(start=None, **layout))
        sink.close()
        with h5py.File(sink.path) as file:
            columns = specification_of(file["ledger/rows"])
            found.add(description_checksum(file, counts="counts", columns=columns))
    assert len(found) == 2
