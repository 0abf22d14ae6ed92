"""Whatever goes wrong around an exposure, the camera is idle afterwards and the next exposure works."""

from __future__ import annotations

import pytest

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import BufferTooSmall, QHY600Error
from qhy600_ophyd.datasets import RunFolders
from qhy600_ophyd.device import QHY600, row


class Clumsy(SimulatedCamera):
    """A camera whose first grab fails before the frame is fetched, so that it stays armed."""

    mishap: BaseException | None = None

    def grab(self, out, timeout):
        if self.mishap is not None:
            mishap, self.mishap = self.mishap, None
            raise mishap
        return super().grab(out, timeout)


@pytest.fixture
def backend():
    return Clumsy(width=64, height=48, seed=1)


@pytest.fixture
def camera(backend, tmp_path):
    with QHY600(backend, sink=tmp_path, name="camera") as camera:
        camera.stage()
        yield camera
        camera.unstage()


@pytest.mark.parametrize(
    ("mishap", "told"),
    [
        pytest.param(MemoryError("no room for it"), MemoryError, id="no memory"),
        pytest.param(BufferTooSmall("the frame needs more"), BufferTooSmall, id="small buffer"),
        pytest.param(SystemExit(1), QHY600Error, id="exit"),
    ],
)
def test_a_grab_that_fails_without_disarming_does_not_stand_in_the_way_of_the_next(
    camera, backend, mishap, told
):
    backend.mishap = mishap
    with pytest.raises(told):
        camera.trigger().wait(10)
    assert backend.status().state == "idle"
    camera.trigger().wait(10)
    assert camera.get_index() == 1


def test_a_row_that_cannot_be_composed_leaves_the_camera_idle(camera, backend, monkeypatch):
    def out_of_memory(*_, **__):
        raise MemoryError("no room for a row")

    with monkeypatch.context() as patch:
        patch.setattr(row, "compose_row", out_of_memory)
        with pytest.raises(MemoryError):
            camera.trigger().wait(10)
    assert backend.status().state == "idle"
    camera.trigger().wait(10)
    assert camera.get_index() == 1


def test_a_store_without_memory_leaves_the_camera_idle_and_its_frame_is_not_counted(tmp_path, backend):
    fails = [True]

    def store(stream, layout):
        sink = RunFolders(tmp_path)(stream, layout)
        append = sink.append

        def once_without_memory(frame):
            if fails:
                fails.clear()
                raise MemoryError("no room for a chunk")
            append(frame)

        sink.append = once_without_memory
        return sink

    with QHY600(backend, sink=store, name="camera") as camera:
        camera.stage()
        with pytest.raises(MemoryError):
            camera.trigger().wait(10)
        assert backend.status().state == "idle"
        camera.trigger().wait(10)
        assert camera.get_index() == 1
        camera.unstage()


def test_a_camera_that_takes_bad_frames_again_is_waited_for_as_long_as_that_lasts(camera):
    camera.exposure.set(1000.0)
    status = camera.trigger()
    assert status.timeout >= (camera.capabilities.retries + 1) * 1000.0
    status.wait(30)
