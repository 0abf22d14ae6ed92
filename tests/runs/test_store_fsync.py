"""When the system is told to bring frames to the disk is a setting, and it is told then."""

from __future__ import annotations

import os

import pytest

from qhy600_ophyd.contract import StoreError
from qhy600_ophyd.datasets import RunFolders, open_run


@pytest.fixture
def told(monkeypatch):
    """Every descriptor that was brought to the disk."""
    descriptors, original = [], os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: descriptors.append(file) or original(file))
    return descriptors


@pytest.mark.parametrize(
    ("fsync", "with_each_frame", "when_closed"),
    [("never", False, False), ("close", False, True), ("frame", True, True)],
)
def test_frames_are_brought_to_the_disk_when_it_was_asked_for(
    tmp_path, tiny_layout, tiny_frame, told, fsync, with_each_frame, when_closed
):
    sink = RunFolders(tmp_path / "runs", fsync=fsync)("primary", tiny_layout())
    for number in range(3):
        before = len(told)
        sink.append(tiny_frame(number))
        assert len(told) - before == with_each_frame
    before = len(told)
    sink.close()
    assert (len(told) > before) == when_closed
    assert open_run(sink.path).sizes["frame"] == 3


def test_a_frame_that_the_disk_did_not_take_is_taken_back(tmp_path, tiny_layout, tiny_frame, monkeypatch):
    sink = RunFolders(tmp_path / "runs", fsync="frame")("primary", tiny_layout())
    sink.append(tiny_frame(0))

    def fails(file):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        with pytest.raises(StoreError, match=r"Input/output error\). The 1 frames before it are kept"):
            sink.append(tiny_frame(1))
    assert sink.committed == 1
    sink.append(tiny_frame(2))
    sink.close()
    assert open_run(sink.path).sequence.values.tolist() == [10, 12]
