"""Options and fixtures of the tests that need a camera. Not yet tried on a camera. ::

    pytest tests/hardware --camera profiles/camera.toml --grade look --report night.json

A grade includes those before it:

- ``look`` opens the camera and asks it; opening initialises it;
- ``expose`` takes some hundred frames in every mode and keeps none, and opens the camera a hundred times;
- ``cool`` cools the sensor by 5 K and lets it warm up;
- ``stress`` repeats, switches, opens, closes and kills what it can; ``--part 0.1`` does a tenth.

A simulated camera with a small chip, at the real one's pace, takes 18 minutes for ``expose``, 6 for ``cool``
and 15 for ``stress``; whole frames take longer. No test needs darkness: the level of black is taken from the
dark columns.
``--camera standin`` and ``--camera simulated`` rehearse on this package's own cameras.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

GRADES = {"look": 120, "expose": 900, "cool": 7200, "stress": 14400}
"""Grades, mildest first, each with the seconds that one of its tests may take."""

HERE = Path(__file__).parent
REPORT = pytest.StashKey[Any]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which camera, and how much may be done to it."""
    group = parser.getgroup("hardware", "tests on a camera")
    group.addoption("--camera", help="profile of the camera, or standin, standin-full, simulated")
    group.addoption("--grade", choices=list(GRADES), default="look", help="how far the tests may go")
    group.addoption("--report", type=Path, help="JSON file for all that is found out")
    group.addoption("--part", type=float, default=1.0, help="part of the repetitions of the stress tests")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to have one camera in several processes."""
    camera = config.getoption("--camera", default=None)
    if camera is None:
        return
    if config.getoption("numprocesses", default=None):
        raise pytest.UsageError("a camera is held by one process: leave -n out, or give no --camera")
    from hardware_report import Listener, Report

    config.stash[REPORT] = Report(path=config.getoption("--report"), grade=config.getoption("--grade"))
    config.pluginmanager.register(Listener(config.stash[REPORT], HERE))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mildest first, and none without a camera or beyond the grade."""
    ours = [item for item in items if HERE in item.path.parents]
    others = [item for item in items if HERE not in item.path.parents]
    grades = list(GRADES)
    items[:] = others + sorted(ours, key=lambda item: grades.index(_grade(item)))
    camera, grade = config.getoption("--camera", default=None), config.getoption("--grade", default="look")
    for item in ours:
        # What a camera's library warns of is told, and fails nothing.
        item.add_marker(pytest.mark.filterwarnings("default"))
        item.add_marker(pytest.mark.timeout(GRADES[_grade(item)]))
        if camera is None:
            reason = "no camera: give --camera with a profile, or standin, or simulated"
            item.add_marker(pytest.mark.skip(reason=reason))
        elif grades.index(_grade(item)) > grades.index(grade):
            item.add_marker(pytest.mark.skip(reason=f"needs --grade {_grade(item)}"))


def _grade(item: pytest.Item) -> str:
    """From the name of the file, ``test_<grade>_<subject>.py``."""
    grade = item.path.stem.split("_")[1]
    assert grade in GRADES, f"{item.path.name} has no grade in its name"
    return grade


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Any:
    """What goes into the report."""
    return pytestconfig.stash[REPORT]


@pytest.fixture(scope="session")
def chosen(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Which camera it is."""
    from hardware_camera import chosen

    from qhy600_ophyd.contract import ProfileError

    try:
        return chosen(pytestconfig.getoption("--camera"), tmp_path_factory.mktemp("camera"))
    except ProfileError as refused:
        pytest.exit(str(refused), returncode=pytest.ExitCode.USAGE_ERROR)


@pytest.fixture(scope="session")
def shared(chosen: Any, report: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The one camera of the session, not opened yet."""
    from hardware_camera import SharedCamera

    report.logs = tmp_path_factory.mktemp("logs")
    shared = SharedCamera(chosen, report.logs)
    yield shared
    shared.close()
    report.write()


@pytest.fixture(scope="session")
def first_opening(shared: Any, report: Any) -> dict[str, Any]:
    """How the camera was when it had just been opened for the first time."""
    from qhy600_ophyd.contract import CameraError

    try:
        camera = shared.opened()
    except CameraError as error:
        report.camera = {"kind": shared.chosen.kind, "error": str(error)}
        report.write()
        pytest.exit(f"the camera cannot be opened: {error}", returncode=pytest.ExitCode.TESTS_FAILED)
    report.meet(shared.chosen.kind, camera.capabilities)
    return {"status": camera.status(), "cooler": camera.cooler.read(), "settings": camera.settings}


@pytest.fixture
def camera(shared: Any, first_opening: dict[str, Any]) -> Iterator[Any]:
    """The camera, open, idle, with the settings of its first opening, the profile's traffic, and 1 ms."""
    from qhy600_ophyd.contract import Settings

    camera = shared.opened()
    start = first_opening["settings"].updated(Settings(exposure=1e-3)).updated(shared.chosen.start)
    camera.configure(start)
    yield camera
    camera.cancel()


@pytest.fixture
def numbered(shared: Any, first_opening: dict[str, Any]) -> Iterator[Any]:
    """Another camera, told to write a header with its own number over the first pixels of each frame."""
    from qhy600_ophyd.contract import CameraError, Settings

    camera = shared.make(gps_header=True)
    try:
        camera.open()
    except CameraError as error:
        if "gps_header" not in str(error):
            raise
        pytest.skip(str(error))
    camera.configure(first_opening["settings"].updated(Settings(exposure=1e-3)))
    yield camera
    camera.close()


@pytest.fixture
def measured(request: pytest.FixtureRequest, report: Any) -> Callable[..., None]:
    """Notes a value: ``measured(name, value, standard_error, unit, **conditions)``."""
    from hardware_report import short

    def note(name: str, value: Any, error: float | None = None, unit: str = "1", **conditions: Any) -> None:
        report.measure(short(request.node.nodeid), name, value, error, unit, **conditions)

    return note


@pytest.fixture
def repeats(pytestconfig: pytest.Config) -> Callable[[int], int]:
    """How often something is done that is done `n` times on the night, at least twice."""
    part = pytestconfig.getoption("--part")
    return lambda n: max(round(n * part), 2)
