"""Accidents to a compressed run are found as those of a raw one, and none of them is a crash."""

from __future__ import annotations

import h5py
import hdf5plugin  # noqa: F401  the accidents happen through plain h5py
import numpy as np
import pytest

from qhy600_ophyd.contract import Frame, RunDamaged
from qhy600_ophyd.datasets import RunFolders, open_run, verify

FRAMES = 5
AT = 2
"""Where the accidents happen."""

SHAPE = (50, 61)


def counts_of(number):
    return np.random.default_rng(number).normal(500, 12, SHAPE).astype(np.uint16)


@pytest.fixture
def path(tmp_path, tiny_layout):
    """The file of a finished compressed run that is clean."""
    layout = tiny_layout(
        shape=SHAPE,
        x=np.arange(SHAPE[1]) + 0.5,
        y=np.arange(SHAPE[0]) + 0.5,
        x_region=np.zeros(SHAPE[1], np.int8),
        y_region=np.zeros(SHAPE[0], np.int8),
    )
    sink = RunFolders(tmp_path / "runs", compression="bitshuffle-lz4")("primary", layout)
    for number in range(FRAMES):
        sink.append(Frame(counts_of(number), {"sequence": number}))
    sink.close()
    assert verify(sink.path).ok
    return sink.path


def chunk(path):
    """Place and length of the compressed frame."""
    with h5py.File(path, "r") as file:
        info = file["counts"].id.get_chunk_info_by_coord((AT, 0, 0))
        return info.byte_offset, info.size


def overwrite(start, data):
    def accident(path):
        place, size = chunk(path)
        with path.open("r+b") as file:
            file.seek(place + start % size)
            file.write(data if data is not None else bytes(size))

    return accident


def rewrite(values):
    def accident(path):
        with h5py.File(path, "r+") as file:
            file["counts"][AT] = values

    return accident


def exchange(path):
    with h5py.File(path, "r+") as file:
        one, other = file["counts"][AT], file["counts"][AT + 1]
        file["counts"][AT], file["counts"][AT + 1] = other, one


def cut(path):
    place, size = chunk(path)
    path.write_bytes(path.read_bytes()[: place + size // 2])


ACCIDENTS = {
    "another length of the frame": (overwrite(4, b"\xff\xff"), {("damaged", AT)}),
    "another length of a block": (overwrite(12, b"\x7f\xff\xff\xff"), {("damaged", AT)}),
    "zeros in the place of the chunk": (overwrite(0, None), {("damaged", AT)}),
    "the last counts, which are not compressed": (overwrite(-2, b"\0\1"), {("edited", AT)}),
    "other counts": (rewrite(counts_of(99)), {("edited", AT)}),
    "counts of zero": (rewrite(0), {("zero", AT)}),
    "the counts of the frame before": (rewrite(counts_of(AT - 1)), {("duplicated", AT)}),
    "two frames exchanged": (exchange, {("reordered", AT), ("reordered", AT + 1)}),
}


@pytest.mark.parametrize(("accident", "due"), ACCIDENTS.values(), ids=ACCIDENTS)
def test_an_accident_is_found_where_it_happened_by_its_kind(path, accident, due):
    accident(path)
    assert {(finding.kind, finding.frame) for finding in verify(path).findings} == due


def test_a_file_that_was_cut_off_is_truncated(path):
    cut(path)
    assert "truncated" in {finding.kind for finding in verify(path).findings}


def test_a_damaged_frame_is_refused_when_it_is_read_and_the_others_are_not(path):
    overwrite(12, b"\x7f\xff\xff\xff")(path)
    run = open_run(path)
    with pytest.raises(RunDamaged, match=r"end too early|not as long"):
        run.counts[AT].compute()
    for number in set(range(FRAMES)) - {AT}:
        np.testing.assert_array_equal(run.counts[number], counts_of(number))


def test_whatever_happens_to_a_byte_of_a_chunk_gives_a_verdict(path):
    place, size = chunk(path)
    whole, rng = path.read_bytes(), np.random.default_rng(3)
    for at in [*range(20), *rng.integers(20, size, 60)]:
        changed = bytearray(whole)
        changed[place + at] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        found = verify(path).findings
        assert [finding.frame for finding in found] == [AT], at
        assert {finding.kind for finding in found} <= {"damaged", "edited"}
