"""A long stream whose program was killed between two pages of one write of HDF5's index can be read."""

from __future__ import annotations

import io
import itertools

import h5py
import numpy as np
import pytest

from qhy600_ophyd.datasets.lookup3 import lookup3
from qhy600_ophyd.datasets.reading.index_block import IndexBlocks
from qhy600_ophyd.datasets.reading.opening import reading
from qhy600_ophyd.datasets.stream_format import PAGE_BYTES

ENTRY_ACROSS = 9_202
"""Entries, of which the last lies across the end of a page if they are not compressed: it is torn itself."""

FILTERED = {"none": {}, "compressed": {"compression": "gzip"}}


class Recorded(io.BytesIO):
    """A file in memory that keeps what HDF5 writes, piece by piece."""

    def __init__(self):
        super().__init__()
        self.writes: list[tuple[int, bytes]] = []

    def write(self, data):
        self.writes.append((self.tell(), bytes(data)))
        return super().write(data)


def torn(entries, options):
    """The files that kills leave between two pages of one write, while the last entry is written."""
    recorded = Recorded()
    paged = {"fs_strategy": "page", "fs_page_size": PAGE_BYTES}
    with h5py.File(recorded, "w", libver="latest", **paged) as file:
        rows = file.create_dataset("rows", (0,), "i8", maxshape=(None,), chunks=(1,), **options)
        for number in range(entries - 4, entries):
            before, first = recorded.getvalue(), len(recorded.writes)
            rows.resize((number + 1,))
            rows[number] = number
            file.flush()
        left = bytearray(before.ljust(len(recorded.getvalue()), b"\0"))
        for place, data in recorded.writes[first:]:
            for end in range((place // PAGE_BYTES + 1) * PAGE_BYTES, place + len(data), PAGE_BYTES):
                yield marked(left[:place] + data[: end - place] + left[end:])
            left[place : place + len(data)] = data


def marked(file):
    """With the mark of a writer that has not closed the file."""
    file[11] = 5
    file[44:48] = lookup3(bytes(file[:44])).to_bytes(4, "little")
    return file


def values(file, entries):
    return file["rows"][entries - 4 :].tolist()


@pytest.mark.parametrize(
    ("filtered", "entries"),
    [
        *itertools.product(FILTERED, [9_000, 36_000, 140_000, 2_500_000, 4_210_677]),
        ("compressed", 2_100),
    ],
)
def test_an_index_torn_between_pages_is_read_as_far_as_it_was_written(
    tmp_path, filtered, entries, monkeypatch
):
    path, refused = tmp_path / "primary.h5", 0
    for left in torn(entries, FILTERED[filtered]):
        path.write_bytes(left)
        with reading(path) as file:
            found = values(file, entries)
        assert found in ([*range(entries - 4, entries)], [*range(entries - 4, entries - 1), 0])
        refused += refused_as_it_is(path, entries, monkeypatch)
    assert refused


def refused_as_it_is(path, entries, monkeypatch):
    with monkeypatch.context() as changed, reading(path) as file:
        changed.setattr(IndexBlocks, "mend", lambda *_: None)
        try:
            values(file, entries)
        except OSError as error:
            return "checksum" in str(error)
    return False


def test_the_entry_that_is_torn_itself_is_taken_for_one_that_was_not_written(tmp_path):
    (left,) = torn(ENTRY_ACROSS, {})
    path = tmp_path / "primary.h5"
    path.write_bytes(left)
    place = left.index(b"EADB", PAGE_BYTES) + 18 + 509 * 8
    assert place % PAGE_BYTES == PAGE_BYTES - 6
    assert left[place : place + 8].endswith(b"\xff\xff")
    assert not left[place : place + 8].startswith(b"\xff\xff")
    with reading(path) as file:
        assert values(file, ENTRY_ACROSS)[-1] == 0


def test_counts_that_look_like_a_block_of_the_index_stay_as_they_are(tmp_path):
    path = tmp_path / "counts.h5"
    alike = np.frombuffer(b"EADB" + bytes(range(256)) * 64, np.uint8)
    with h5py.File(path, "x", libver="latest", fs_strategy="page", fs_page_size=PAGE_BYTES) as file:
        counts = file.create_dataset(
            "counts", (0, len(alike)), "u1", maxshape=(None, len(alike)), chunks=(1, len(alike))
        )
        file.swmr_mode = True
        for n in range(3):
            counts.resize(n + 1, axis=0)
            counts[n] = alike
        file.flush()
        with reading(path) as growing:
            np.testing.assert_array_equal(growing["counts"][:], np.broadcast_to(alike, (3, len(alike))))
