"""Whatever a stream's frames and documents: what HDF5 writes again with each frame lies within one page."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from qhy600_ophyd.contract import COLUMNS, Frame
from qhy600_ophyd.datasets import HDF5FrameSink, open_run, verify
from qhy600_ophyd.datasets.attribute_text import write_text
from qhy600_ophyd.datasets.stream_format import PAGE_BYTES

SHAPES = [(4, 6), (100, 9600), (1605, 2400)]
START_LENGTHS = [0, 900, 1900, 2900, 3900, 4100, 8200, 20000]
"""Of the start document in the file: HDF5 keeps short attributes together and long ones by themselves."""


def start_of(length):
    return {"uid": "0f7a1c52", "time": 0.0, "notes": "x" * (length - 60)} if length else None


def stored(path, tiny_layout, *, shape=(4, 6), length=900, frames=3, **options):
    height, width = shape
    layout = tiny_layout(
        shape=shape,
        x=np.arange(float(width)),
        y=np.arange(float(height)),
        x_region=np.zeros(width, np.int8),
        y_region=np.zeros(height, np.int8),
        start=start_of(length),
    )
    sink = HDF5FrameSink(path, **options)
    sink.open("primary", layout)
    for n in range(frames):
        sink.append(Frame(np.full(shape, n + 1, np.uint16), {"sequence": n}))
    sink.annotate("stop", {"exit_status": "success"})
    sink.close()
    return path


def headers(path):
    """Where the descriptions of what grows begin and end in a file, by name."""
    data, found = path.read_bytes(), {}
    with h5py.File(path, "r") as file:
        names = ["counts", "ledger/rows", "frame", *(field.name for field in COLUMNS)]
        for name in names:
            start = h5py.h5o.get_info(file[name].id).addr
            assert data[start : start + 5] == b"OHDR\x02"
            flags, place = data[start + 5], start + 6
            place += 16 * bool(flags & 0x20) + 4 * bool(flags & 0x10)
            width = 1 << (flags & 3)
            size = int.from_bytes(data[place : place + width], "little")
            found[name] = start, place + width + size + 4
    return found


@pytest.mark.parametrize("compression", ["none", "bitshuffle-lz4"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("length", [0, 900, 20000])
def test_the_description_of_what_grows_lies_within_a_page(tmp_path, tiny_layout, shape, length, compression):
    path = stored(tmp_path / "a.h5", tiny_layout, shape=shape, length=length, compression=compression)
    across = {
        name: (start, end)
        for name, (start, end) in headers(path).items()
        if start // PAGE_BYTES != (end - 1) // PAGE_BYTES
    }
    assert across == {}


@pytest.mark.parametrize("length", START_LENGTHS)
def test_the_seal_lies_in_the_page_of_its_checksum(tmp_path, tiny_layout, length):
    path = stored(tmp_path / "a.h5", tiny_layout, length=length)
    data = path.read_bytes()
    with h5py.File(path, "r") as file:
        seal = file.attrs["seal"]
    place = data.index(seal)
    assert data.count(seal) == 1
    block = data.rindex(b"FHDB", 0, place)
    assert block // PAGE_BYTES == (place + len(seal) - 1) // PAGE_BYTES


def test_a_file_of_the_schema_before_is_read_and_verified(tmp_path, tiny_layout):
    path = stored(tmp_path / "primary.h5", tiny_layout)
    with h5py.File(path, "r+") as file:
        del file.attrs["schema"]
        write_text(file.attrs, "schema", "qhy600_ophyd.stream/2")
        group = file["ledger"]
        write_text(group["rows"].attrs, "columns", group.attrs["columns"].decode())
        del group.attrs["columns"]
    assert open_run(path).sequence.values.tolist() == [0, 1, 2]
    verification = verify(path)
    assert verification.ok, list(map(str, verification.findings))
    assert verification.frames == 3
