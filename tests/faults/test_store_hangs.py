"""A store that does not come back: all else ends in its time and says why, and no frame is misplaced."""

from __future__ import annotations

import os
import threading

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import CameraNotReady, StoreError, SystemClock
from qhy600_ophyd.datasets import RunFolders, verify
from qhy600_ophyd.device import QHY600, FlyRequest
from qhy600_ophyd.plans import burst
from qhy600_ophyd.testing import DocumentCollector

BOUND = 10.0
"""Host seconds within which everything has to be back; the device waits for a third of one."""


class Gate:
    """A place for frames whose store does not come back from frame number `at` until it is opened."""

    def __init__(self, folder, at):
        self.folders, self.at = RunFolders(folder), at
        self.free = threading.Event()
        self.reached = threading.Event()

    def __call__(self, stream, layout):
        sink = self.folders(stream, layout)
        append = sink.append

        def late(frame):
            if sink.committed == self.at and not self.free.is_set():
                self.reached.set()
                assert self.free.wait(60)
            append(frame)

        sink.append = late
        return sink


@pytest.fixture
def gate(tmp_path):
    gate = Gate(tmp_path, at=2)
    yield gate
    gate.free.set()
    assert eventually(lambda: [t for t in threading.enumerate() if t.name.startswith("finishing")] == [])


@pytest.fixture
def camera(gate):
    backend = SimulatedCamera(width=64, height=48, seed=1)
    camera = QHY600(backend, sink=gate, name="camera", frame_timeout=0.3)
    camera.exposure.set(0.01)
    yield camera
    gate.free.set()
    assert eventually(lambda: not camera.exposing)
    camera.close()


def eventually(condition):
    """Whether it comes true in good time."""
    clock, until = SystemClock(), SystemClock().monotonic() + BOUND
    while not condition() and clock.monotonic() < until:
        clock.wait(0.01)
    return condition()


class Within:
    """Asserts that a block comes back within the bound."""

    def __enter__(self):
        self.began = SystemClock().monotonic()

    def __exit__(self, *_):
        assert SystemClock().monotonic() - self.began < BOUND


def stuck_flight(camera, gate, frames=6):
    """A flight that was told to end, with a frame in a store that hangs; its request."""
    request = FlyRequest(frames=frames)
    camera.stage()
    camera.prepare(request)
    camera.kickoff().wait(BOUND)
    assert gate.reached.wait(BOUND)
    camera.pause()
    return request


def stopped_flight(camera, gate):
    """As before, but told to end for good."""
    camera.stage()
    camera.prepare(FlyRequest(frames=6))
    camera.kickoff().wait(BOUND)
    assert gate.reached.wait(BOUND)
    camera.stop()


def stuck_exposure(camera, gate):
    """An exposure with its frame, the third, in a store that hangs."""
    camera.stage()
    for _ in range(2):
        camera.trigger().wait(BOUND)
    camera.trigger()
    assert gate.reached.wait(BOUND)


def test_a_stream_after_one_that_is_stuck_says_so_in_its_time_and_takes_nothing(camera, gate, tmp_path):
    request = stuck_flight(camera, gate)
    camera.prepare(request)
    with Within(), pytest.raises(StoreError, match="not started: a live stream has not come to its end"):
        camera.kickoff().wait(BOUND)
    with pytest.raises(CameraNotReady, match="does not come back from a frame"):
        camera.trigger()
    with pytest.raises(CameraNotReady, match="does not come back from a frame"):
        camera.prepare(FlyRequest(frames=1))
    gate.free.set()
    # The same order goes on when the store is back.
    assert eventually(lambda: not camera.exposing)
    while camera.unfinished:
        camera.kickoff().wait(BOUND)
        camera.complete().wait(BOUND)
    assert camera.get_index() == 6
    camera.unstage()
    assert camera.backend.status().state == "idle"


def test_a_stream_waits_for_a_store_that_comes_back_in_time(camera, gate, tmp_path):
    camera.frame_timeout = BOUND
    request = stuck_flight(camera, gate)
    camera.prepare(request)
    started = camera.kickoff()
    assert not started.done
    gate.free.set()
    started.wait(BOUND)
    camera.complete().wait(BOUND)
    assert camera.get_index() == 6
    camera.unstage()
    assert verify(next(tmp_path.glob("*/"))).ok


def test_a_stream_that_waits_can_be_stopped(camera, gate):
    camera.prepare(stuck_flight(camera, gate))
    camera.frame_timeout = BOUND
    camera.kickoff()
    camera.stop()
    with Within():
        camera.complete().wait(BOUND)
    gate.free.set()
    camera.unstage()


@pytest.mark.parametrize("way", ["unstage", "close"])
@pytest.mark.parametrize("busy", [stopped_flight, stuck_exposure])
def test_the_end_does_not_wait_for_a_store_and_the_file_is_whole_once_it_is_back(
    camera, gate, tmp_path, busy, way
):
    busy(camera, gate)
    with Within(), pytest.raises(StoreError, match="does not come back from a frame"):
        getattr(camera, way)()
    gate.free.set()
    assert eventually(lambda: not camera.exposing)
    assert eventually(lambda: [t for t in threading.enumerate() if t.name.startswith("finishing")] == [])
    report = verify(next(tmp_path.glob("*/")))
    assert report.ok
    assert report.frames >= 2
    # And the camera is as good as ever.
    camera.stage()
    camera.trigger().wait(BOUND)
    camera.unstage()
    camera.close()
    assert camera.backend.status().state == "closed"


def test_a_camera_that_was_closed_over_a_stuck_frame_opens_when_that_has_come_free(camera, gate):
    stuck_exposure(camera, gate)
    with pytest.raises(StoreError):
        camera.close()
    with Within(), pytest.raises(CameraNotReady, match="cannot be opened"):
        camera.open()
    gate.free.set()
    assert eventually(lambda: not camera.exposing)
    camera.open()
    assert camera.backend.status().state == "idle"


def test_a_run_over_a_stuck_store_is_closed_and_told_in_time(camera, gate, tmp_path):
    engine, documents = RunEngine({}, context_managers=[]), DocumentCollector()
    engine.subscribe(camera.on_document)
    engine.subscribe(documents)

    def give_up():
        assert gate.reached.wait(BOUND)
        engine.loop.call_soon_threadsafe(lambda: engine.loop.create_task(engine._abort_coro("enough")))

    thread = threading.Thread(target=give_up)
    thread.start()
    with Within(), pytest.raises((StoreError, FailedStatus)) as told:
        engine(burst(camera, 100))
    thread.join()
    assert "does not come back from a frame" in f"{told.value} {told.value.__cause__}"
    assert engine.state == "idle"
    assert len(documents["stop"]) == 1
    gate.free.set()
    assert eventually(lambda: [t for t in threading.enumerate() if t.name.startswith("finishing")] == [])
    report = verify(next(tmp_path.glob("*/")))
    assert report.ok
    assert report.frames == sum(
        d["indices"]["stop"] - d["indices"]["start"] for d in documents["stream_datum"]
    )


# -- a live view has the camera --


def test_an_order_is_not_completed_by_a_live_view_and_goes_on_after_it(camera, gate, tmp_path):
    gate.free.set()
    request = FlyRequest(frames=6)
    camera.stage()
    camera.prepare(request)
    view = camera.viewer()
    watched = view.trigger()
    with pytest.raises(CameraNotReady, match="busy with a live view"):
        camera.kickoff()
    with pytest.raises(
        CameraNotReady, match="frame 1 of 6 is still to come, and it is busy with a live view"
    ):
        camera.complete()
    assert camera.unfinished
    assert camera.exposing
    view.stop()
    watched.wait(BOUND)
    camera.kickoff().wait(BOUND)
    camera.complete().wait(BOUND)
    assert camera.get_index() == 6
    camera.unstage()
    assert verify(next(tmp_path.glob("*/"))).ok
