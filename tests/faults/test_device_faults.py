"""What goes wrong below the device comes out as itself; the run is closed as failed and keeps what it had."""

from __future__ import annotations

import os
import shutil

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

import bluesky.plans as bp
import h5py
import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus
from h5py import h5f

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import (
    CameraError,
    CameraLost,
    Fault,
    FrameLost,
    FrameTimeout,
    QHY600Error,
    StoreError,
)
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.testing import DocumentCollector


@pytest.fixture(scope="module")
def RE():
    return RunEngine({}, context_managers=[])


@pytest.fixture
def documents(RE):
    collector = DocumentCollector()
    RE.subscribe(collector)
    yield collector
    RE.dispatcher.unsubscribe_all()


@pytest.fixture
def make(RE, tmp_path):
    made = []

    def make(*faults, **more):
        backend = SimulatedCamera(width=64, height=48, seed=1, faults=faults)
        made.append(QHY600(backend, sink=more.pop("sink", tmp_path), name="camera", **more))
        RE.subscribe(made[-1].on_document)
        return made[-1]

    yield make
    for camera in made:
        camera.close()


def stored(folder):
    assert h5f.get_obj_count(h5f.OBJ_ALL, h5f.OBJ_FILE) == 0, "a file was left open"
    (path,) = folder.rglob("*.h5")
    with h5py.File(path, "r") as file:
        return file["counts"].shape[0]


# Exposure 0 is thrown away, since the camera was just initialised; 3 is the third frame. What lasts for more
# than three tries, with a new initialisation before the last, is beyond recovery.
FAULTS = [
    pytest.param(Fault(name="frame_lost", at=("frame", 3), times=5), FrameLost, id="frame_lost"),
    pytest.param(Fault(name="frame_timeout", at=("frame", 3)), FrameTimeout, id="frame_timeout"),
    pytest.param(Fault(name="camera_lost", at=("frame", 3)), CameraLost, id="camera_lost"),
    pytest.param(Fault(name="configure_fails", at=("frame", 3), times=3), CameraError, id="configure_fails"),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS)
def test_a_fault_comes_out_as_itself_and_earlier_frames_are_kept(RE, make, documents, tmp_path, fault, error):
    camera = make(fault)
    with pytest.raises(FailedStatus) as failed:
        RE(bp.count([camera], 5))
    assert type(failed.value.__cause__) is error
    assert "\n" not in str(failed.value.__cause__)
    assert documents["stop"][0]["exit_status"] == "fail"
    assert documents["stop"][0]["num_events"] == {"primary": 2}
    assert stored(tmp_path) == len(documents["stream_datum"]) == 2


@pytest.mark.parametrize(("fault", "error"), FAULTS)
def test_after_a_fault_the_next_run_works(RE, make, documents, tmp_path, fault, error):
    camera = make(fault)
    with pytest.raises(FailedStatus):
        RE(bp.count([camera], 5))
    if error is CameraLost:
        camera.close()
    documents.clear()
    shutil.rmtree(next(tmp_path.iterdir()))
    RE(bp.count([camera], 2))
    assert documents["stop"][0]["exit_status"] == "success"
    assert stored(tmp_path) == 2


@pytest.mark.parametrize("name", ["frame_lost", "zero_frame", "shifted_frame", "fetch_fails", "wrong_size"])
def test_a_frame_that_comes_damaged_is_taken_again_and_the_row_says_so(RE, make, documents, tmp_path, name):
    camera = make(Fault(name=name, at=("frame", 2)))
    RE(bp.count([camera], 3))
    assert documents["stop"][0]["exit_status"] == "success"
    (path,) = tmp_path.rglob("*.h5")
    with h5py.File(path, "r") as file:
        assert file["retries"][:].tolist() == [0, 1, 0]
        assert file["discarded"][:].tolist() == [1, 0, 0]
        assert file["retaken"][:].tolist() == [0, 0, 0]


def test_a_frame_that_comes_too_late_for_the_device_is_given_up(RE, make, documents, tmp_path):
    camera = make(Fault(name="slow_frame", at=("frame", 2)), frame_timeout=5.0)
    with pytest.raises(FailedStatus) as failed:
        RE(bp.count([camera], 3))
    assert isinstance(failed.value.__cause__, FrameTimeout)
    assert stored(tmp_path) == 1


def test_a_failure_names_its_reason_to_whoever_waits_for_the_status(make):
    camera = make(Fault(name="frame_lost", at=("frame", 1), times=5))
    camera.stage()
    status = camera.trigger()
    with pytest.raises(FrameLost, match="take it again"):
        status.wait(10)
    camera.trigger().wait(10)
    assert camera.get_index() == 1
    camera.unstage()


class Disk:
    """A store that is full after so many frames."""

    def __init__(self, store, frames):
        self.store, self.frames = store, frames

    def __call__(self, stream, layout):
        sink = self.store(stream, layout)
        append = sink.append

        def full(frame):
            if sink.committed >= self.frames:
                raise StoreError("disk full: free some space and go on")
            append(frame)

        sink.append = full
        return sink


def test_a_full_disk_fails_the_run_and_earlier_frames_are_kept(RE, make, documents, tmp_path):
    from qhy600_ophyd.datasets import RunFolders

    camera = make(sink=Disk(RunFolders(tmp_path), 2))
    with pytest.raises(FailedStatus) as failed:
        RE(bp.count([camera], 5))
    assert isinstance(failed.value.__cause__, StoreError)
    assert documents["stop"][0]["exit_status"] == "fail"
    assert stored(tmp_path) == len(documents["stream_datum"]) == 2
    assert camera.backend.status().state == "idle"


def test_a_disk_without_room_is_noticed_by_the_store_itself(RE, make, documents, tmp_path, monkeypatch):
    camera = make()
    camera.mean.subscribe(lambda **_: None)
    usage = shutil.disk_usage(tmp_path)
    taken = iter(range(10))

    def shrinking(_):
        return usage._replace(free=usage.free if next(taken) < 1 else 100)

    monkeypatch.setattr(shutil, "disk_usage", shrinking)
    with pytest.raises(FailedStatus) as failed:
        RE(bp.count([camera], 3))
    assert isinstance(failed.value.__cause__, StoreError)
    assert "disk full" in str(failed.value.__cause__)
    assert stored(tmp_path) == 1


class Wrong(SimulatedCamera):
    """A camera that delivers another shape than was configured."""

    def grab(self, out, timeout):
        from dataclasses import replace

        return replace(super().grab(out, timeout), shape=(1, 1))


def test_a_frame_of_another_shape_than_configured_is_not_stored(tmp_path):
    with QHY600(Wrong(width=64, height=48), sink=tmp_path, name="camera") as camera:
        camera.stage()
        with pytest.raises(QHY600Error, match="was not stored"):
            camera.trigger().wait(10)
        assert camera.get_index() == 0
        camera.unstage()


class Stuck(SimulatedCamera):
    """A camera that fails in a way that nobody foresaw."""

    def configure(self, settings):
        raise RuntimeError("the cable is on fire")


def test_an_error_that_nobody_foresaw_ends_the_status_too(tmp_path):
    with QHY600(Stuck(width=64, height=48), sink=tmp_path, name="camera") as camera:
        camera.stage()
        with pytest.raises(RuntimeError, match="on fire"):
            camera.trigger().wait(10)
        camera.unstage()
