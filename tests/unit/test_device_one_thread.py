"""Only the camera's own thread speaks to the camera, but for `cancel`: its library knows of one thread."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import ExposureCancelled, SystemClock
from qhy600_ophyd.device import QHY600


class Overheard:
    """A camera, or its cooler, that notes which thread makes which call."""

    def __init__(self, camera: Any, calls: list[tuple[str, str]] | None = None):
        self._camera = camera
        self.calls = [] if calls is None else calls

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._camera, name)
        if name == "cooler":
            return Overheard(value, self.calls)
        return self._noted(name, value) if callable(value) else value

    def _noted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*given: Any) -> Any:
            self.calls.append((name, threading.current_thread().name))
            return call(*given)

        return noted

    @property
    def elsewhere(self):
        """Calls made in any other thread than the camera's."""
        return {name for name, thread in self.calls if thread != "camera camera" and name != "cancel"}


@pytest.fixture
def make(tmp_path):
    made = []

    def make(**simulated):
        backend: Any = Overheard(SimulatedCamera(width=64, height=48, seed=1, **simulated))
        made.append(QHY600(backend, sink=tmp_path, name="camera"))
        return made[-1], backend

    yield make
    for camera in made:
        camera.close()


def test_everything_that_a_device_can_be_asked_reaches_the_camera_in_its_own_thread(make):
    camera, backend = make()
    with camera:
        camera.stage()
        camera.temperature.set(15).wait(30)
        camera.trigger().wait(10)
        camera.read()
        camera.describe()
        camera.read_configuration()
        camera.describe_configuration()
        camera.temperature.off()
        camera.reset_undervoltage()
        camera.unstage()
    called = {name for name, _ in backend.calls}
    assert {"open", "status", "configure", "arm", "grab", "close", "read", "regulate", "off"} <= called
    assert backend.elsewhere == set()


def test_the_chamber_can_be_read_during_an_exposure_without_disturbing_it_or_waiting_for_its_end(make):
    camera, backend = make(clock=SystemClock())
    camera.exposure.set(30.0)
    camera.stage()
    before = camera.humidity.get(), camera.pressure.get()
    status, clock = camera.trigger(), SystemClock()
    while ("grab", "camera camera") not in backend.calls:
        clock.wait(0.01)
    begun, heard = clock.monotonic(), len(backend.calls)
    during = camera.humidity.get(), camera.pressure.get()
    read = camera.read_configuration()
    assert clock.monotonic() - begun < 5.0
    assert [name for name, _ in backend.calls[heard:]] == []
    assert during == before
    assert read["camera_humidity"]["value"] == before[0]
    camera.stop()
    with pytest.raises(ExposureCancelled):
        status.wait(10)
    assert backend.elsewhere == set()


def test_a_device_that_is_forgotten_gives_its_camera_back_in_the_cameras_thread(tmp_path):
    backend: Any = Overheard(SimulatedCamera(width=64, height=48, seed=1))
    camera = QHY600(backend, sink=tmp_path, name="camera")
    camera.open()
    del camera
    gc.collect()
    assert ("close", "camera camera") in backend.calls
    assert backend.elsewhere == set()


def test_a_device_that_never_opened_its_camera_leaves_it_alone_when_it_is_forgotten(tmp_path):
    backend: Any = Overheard(SimulatedCamera(width=64, height=48, seed=1))
    camera = QHY600(backend, sink=tmp_path, name="camera")
    del camera
    gc.collect()
    assert backend.calls == []
