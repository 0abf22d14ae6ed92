"""A store slower than the camera: it holds the camera up, then frames are lost and told, nothing grows."""

from __future__ import annotations

import os

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

import json
from pathlib import Path

import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import SystemClock
from qhy600_ophyd.datasets import RunFolders, open_run, verify
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.plans import burst

RING = 3
HELD = 4
"""Frames that the camera's own memory holds here, instead of 16."""

EXPOSURE, STORE = 0.06, 0.24
"""Seconds from one frame to the next, and for storing one."""


class SlowStore:
    """Runs in a folder, each frame of which takes its time; knows all memory that frames came in."""

    folder: Path
    places: set[int]

    def into(self, folder):
        """The next run goes there."""
        self.folder, self.places = folder, set()

    def __call__(self, stream, layout):
        sink = RunFolders(self.folder)(stream, layout)
        append = sink.append

        def slowly(frame):
            self.places.add(frame.counts.ctypes.data)
            SystemClock().wait(STORE)
            append(frame)

        sink.append = slowly
        return sink


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    """A camera at its own pace, which takes seconds to open, with a RunEngine and a slow store."""
    backend = SimulatedCamera(width=64, height=48, seed=1, clock=SystemClock(), gps_header=True)
    store = SlowStore()
    with QHY600(backend, sink=store, name="camera", ring=RING) as camera:
        rows, columns = camera.apply().frame_shape
        backend.memory._capacity = HELD * rows * columns * 2
        engine = RunEngine({}, context_managers=[])
        engine.subscribe(camera.on_document)
        # The simulation makes its patterns with the first frame, and stands still meanwhile.
        store.into(tmp_path_factory.mktemp("first"))
        engine(burst(camera, 2, exposure=0.5, on_loss="record"))
        yield camera, engine, store


@pytest.fixture
def slow(device, tmp_path):
    device[2].into(tmp_path)
    return device


def test_a_store_that_keeps_up_after_a_while_costs_no_frame(slow, tmp_path):
    camera, engine, store = slow
    # Ring and camera together hold so many frames.
    engine(burst(camera, RING + HELD - 1, exposure=EXPOSURE))
    (folder,) = tmp_path.glob("*/")
    report = verify(folder)
    assert (report.ok, report.frames) == (True, RING + HELD - 1)
    assert len(store.places) <= RING


def test_what_a_slow_store_costs_is_told_frame_by_frame_and_nothing_grows(slow, tmp_path):
    camera, engine, store = slow
    engine(burst(camera, 40, exposure=EXPOSURE, on_loss="record"))
    (folder,) = tmp_path.glob("*/")
    run = open_run(folder)
    before = run.lost_before.values
    lost = int(before.sum())
    assert lost > 0
    # The camera's own numbers have the gaps where the rows say so, and nowhere else.
    assert np.array_equal(np.diff(run.sequence.values) - 1, before[1:])
    found = {finding.frame for finding in verify(folder).findings if finding.kind == "missing"}
    assert found == set(np.flatnonzero(before))
    assert len(store.places) <= RING
    assert camera.backend.memory.occupied <= camera.backend.memory.capacity
    reason = json.loads((folder / "run.json").read_text(encoding="utf-8"))["stop"]["reason"]
    told = int(reason.split(maxsplit=1)[0])
    # All that is stored and all that is told as lost are all that were asked for. What is lost at the very
    # end has no row behind it, and stands in the reason alone.
    assert told >= lost
    assert run.sizes["frame"] + told >= 40
    assert "the store held the camera up" in reason


def test_a_run_that_may_lose_nothing_ends_with_the_first_frame_that_a_slow_store_costs(slow, tmp_path):
    camera, engine, _ = slow
    with pytest.raises(FailedStatus, match="missing before frame"):
        engine(burst(camera, 40, exposure=EXPOSURE))
    assert camera.backend.status().state == "idle"
    (folder,) = tmp_path.glob("*/")
    report = verify(folder)
    assert report.ok
    assert 0 < report.frames < 40
