"""A RunEngine for each module, a small simulated camera for each test, and what it sent."""

from __future__ import annotations

import os

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import pytest
import xarray as xr
from bluesky import RunEngine
from h5py import h5f
from held_plans import Disk

from qhy600_ophyd import Bench
from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.datasets import open_run
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.testing import DocumentCollector


@pytest.fixture(scope="module")
def module_engine() -> RunEngine:
    return RunEngine({}, context_managers=[])


@pytest.fixture
def RE(module_engine: RunEngine) -> Iterator[RunEngine]:
    """Idle and without subscriptions or preprocessors, before and after."""
    yield module_engine
    if module_engine.state != "idle":
        module_engine.halt()
    module_engine.dispatcher.unsubscribe_all()
    module_engine.preprocessors.clear()
    module_engine.msg_hook = None


@pytest.fixture
def documents(RE: RunEngine) -> DocumentCollector:
    """Everything that the RunEngine sends, each document held against its schema."""
    collector = DocumentCollector()
    RE.subscribe(collector)
    return collector


@pytest.fixture
def make_camera(tmp_path: Path) -> Iterator[Callable[..., QHY600]]:
    """Makes cameras that store into ``tmp_path`` and are closed at the end."""
    made: list[QHY600] = []

    def make(
        *, sink: Any = tmp_path / "data", light: Any = None, name: str = "camera", **simulated: Any
    ) -> QHY600:
        backend = SimulatedCamera(**{"width": 64, "height": 48, "seed": 1, **simulated})
        made.append(QHY600(backend, sink=sink, name=name, light=light))
        return made[-1]

    yield make
    for camera in made:
        camera.close()


@pytest.fixture
def camera(make_camera: Callable[..., QHY600]) -> QHY600:
    """64 × 48 image pixels, one seed, exposures that cost no time."""
    return make_camera()


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], dict[str, int]]:
    """Rows in the stored files, by their name; all of them are closed, and plain h5py opens them."""

    def read() -> dict[str, int]:
        assert h5f.get_obj_count(h5f.OBJ_ALL, h5f.OBJ_FILE) == 0, "a file was left open"
        found: dict[str, int] = {}
        for path in sorted((tmp_path / "data").rglob("*.h5")):
            with h5py.File(path, "r") as file:
                found[path.name] = found.get(path.name, 0) + file["counts"].shape[0]
        return found

    return read


@pytest.fixture
def agree(files: Callable[[], dict[str, int]], documents: DocumentCollector) -> Callable[[], int]:
    """Asserts that rows in the files, events and announced indices are the same; returns how many."""

    def check() -> int:
        stored = sum(files().values())
        for resource in documents["stream_resource"]:
            spans = [
                (d["indices"]["start"], d["indices"]["stop"])
                for d in documents["stream_datum"]
                if d["stream_resource"] == resource["uid"]
            ]
            assert spans == [(n, n + 1) for n in range(len(spans))]
        assert len(documents["stream_datum"]) == len(documents["event"]) == stored
        return stored

    return check


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[str], xr.Dataset]:
    """The one run of that plan, as a dataset."""

    def read(plan: str) -> xr.Dataset:
        (folder,) = (tmp_path / "data").glob(f"*_{plan}_*")
        return open_run(folder)

    return read


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A small one, whose exposures of 0.1 s cost no time."""
    with Bench.simulated(seed=1, width=64, height=48, output=tmp_path / "runs") as bench:
        bench.camera.exposure.set(0.1)
        yield bench


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """What every program here takes for the disk, with as much room as a test says."""
    return Disk(monkeypatch)
