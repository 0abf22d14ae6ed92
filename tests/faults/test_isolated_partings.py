"""However the program ends that uses a camera, its process ends too, and the camera is given back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest
from shaky_camera import SHAKY, is_running, until

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.contract import Settings, SystemClock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc are those of Linux")

RIGS = Path(__file__).parents[1] / "rigs"
SOON = 8.0
"""Seconds: five for closing the camera at the utmost, and the starting and ending of interpreters."""

# No ``if __name__ == "__main__"``: what a notebook or a short script looks like.
OPENED = """
import os, sys, time
import numpy as np
from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.contract import Settings
camera = IsolatedCamera(Recipe(factory="shaky_camera:ShakyCamera", arguments={"diary": "diary"}))
camera.open()
print(camera.process_id, flush=True)
"""
EXPOSING = """
camera.configure(Settings(exposure=3600.0))
camera.arm(1)
print("exposing", flush=True)
camera.grab(np.zeros(10**5, np.uint8), 60.0)
"""


class Script:
    """A program in a folder of its own, which is also the folder for temporary files."""

    def __init__(self, folder: Path, source: str):
        self.folder = folder
        (folder / "temporary").mkdir()
        (folder / "script.py").write_text(source)
        environment = os.environ | {"PYTHONPATH": str(RIGS), "TMPDIR": str(folder / "temporary")}
        self.process = subprocess.Popen(
            [sys.executable, "script.py"], cwd=folder, env=environment, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.child = int(self.line())

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def expose(self) -> None:
        """Return when it is in the middle of an exposure."""
        assert self.line() == "exposing"
        SystemClock().wait(0.1)

    @property
    def diary(self) -> list[str]:
        return [line.partition(" ")[0] for line in (self.folder / "diary").read_text().splitlines()]

    @property
    def left_behind(self) -> list[Path]:
        return list((self.folder / "temporary").iterdir())


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[[str], Script]]:
    started: list[Script] = []

    def start(source: str) -> Script:
        started.append(Script(tmp_path, source))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()
        with suppress(ProcessLookupError):
            os.kill(each.child, signal.SIGKILL)


def test_a_script_without_a_guard_takes_a_frame_and_leaves_nothing(script: Callable[[str], Script]) -> None:
    it = script(
        OPENED
        + "camera.arm(1)\n"
        + "assert camera.grab(np.zeros(10**5, np.uint8), 60.0).sequence == 1\n"
        + "camera.close()\n"
    )
    _, complained = it.process.communicate(timeout=SOON)
    assert (complained, it.process.returncode) == ("", 0)
    assert it.diary == ["opened", "closed"]
    assert not is_running(it.child)
    assert it.left_behind == []


def test_a_script_that_forgets_to_close_closes_all_the_same(script: Callable[[str], Script]) -> None:
    it = script(OPENED)
    _, complained = it.process.communicate(timeout=SOON)
    assert (complained, it.process.returncode) == ("", 0)
    assert not is_running(it.child)
    assert it.diary == ["opened", "closed"]
    assert it.left_behind == []


def test_ctrl_c_at_a_script_closes_the_camera_and_leaves_no_process(script: Callable[[str], Script]) -> None:
    it = script(OPENED + EXPOSING)
    it.expose()
    os.killpg(it.process.pid, signal.SIGINT)
    _, complained = it.process.communicate(timeout=SOON)
    assert complained.rstrip().endswith("KeyboardInterrupt")
    assert not is_running(it.child)
    # It may be cancelled a second time, by whoever closes it.
    assert list(dict.fromkeys(it.diary)) == ["opened", "cancelled", "closed"]
    assert it.left_behind == []


@pytest.mark.parametrize("killed_by", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
def test_a_killed_program_leaves_no_process_no_file_and_no_open_camera(
    script: Callable[[str], Script], killed_by: signal.Signals
) -> None:
    it = script(OPENED + EXPOSING)
    it.expose()
    it.process.send_signal(killed_by)
    until(lambda: not is_running(it.child), within=SOON)
    # It may be cancelled a second time, by whoever closes it.
    assert list(dict.fromkeys(it.diary)) == ["opened", "cancelled", "closed"]
    assert it.left_behind == []


@pytest.mark.parametrize(
    ("how", "still"), [("hang", 60.0), ("hang with Python's lock", 2.0)], ids=["hang", "with-lock"]
)
def test_a_camera_that_hangs_does_not_outlive_a_killed_program_for_long(
    script: Callable[[str], Script], how: str, still: float
) -> None:
    # Where Python itself stands still, the time for which it may is what helps; here it is made shorter.
    it = script(
        OPENED
        + f"camera.stand_still_for({still})\n"
        + f"camera.go_wrong(grab={how!r}, close='hang')\n"
        + "camera.arm(1)\n"
        + "print('exposing', flush=True)\n"
        + "camera.grab(np.zeros(10**5, np.uint8), 60.0)\n"
    )
    it.expose()
    it.process.kill()
    until(lambda: not is_running(it.child), within=SOON)


def test_a_fork_of_the_program_neither_ends_its_camera_nor_keeps_it(
    script: Callable[[str], Script],
) -> None:
    it = script(
        OPENED
        + "copy = os.fork()\n"
        + "if copy == 0:\n    sys.exit()\n"
        + "os.waitpid(copy, 0)\n"
        + "camera.arm(1)\n"
        + "print(camera.grab(np.zeros(10**5, np.uint8), 60.0).sequence, flush=True)\n"
        + "copy = os.fork()\n"
        + "if copy == 0:\n    time.sleep(60)\n    os._exit(0)\n"
        + "print(copy, flush=True)\n"
        + "time.sleep(60)\n"
    )
    assert it.line() == "1"
    copy = int(it.line())
    try:
        it.process.kill()
        until(lambda: not is_running(it.child), within=SOON)
        assert is_running(copy)
        assert it.diary == ["opened", "closed"]
    finally:
        os.kill(copy, signal.SIGKILL)


def test_ctrl_c_in_a_grab_leaves_a_camera_that_goes_on_at_once(tmp_path: Path) -> None:
    recipe = Recipe(factory="shaky_camera:ShakyCamera", clock=SystemClock())
    with closing(IsolatedCamera(recipe, folder=tmp_path)) as camera:
        camera.open()
        child = camera.process_id
        for _ in range(3):
            camera.configure(Settings(exposure=3600.0))
            camera.arm(1)
            interrupt = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
            interrupt.start()
            with pytest.raises(KeyboardInterrupt):
                camera.grab(np.zeros(10**5, np.uint8), 60.0)
            interrupt.join()
            began = time.monotonic()
            camera.configure(Settings(exposure=0.0))
            camera.arm(1)
            camera.grab(np.zeros(10**5, np.uint8), 60.0)
            assert time.monotonic() - began < 1.0
        assert camera.process_id == child


def test_ctrl_c_while_it_arms_leaves_an_idle_camera(tmp_path: Path) -> None:
    recipe = Recipe(factory="shaky_camera:ShakyCamera", clock=SystemClock())
    with closing(IsolatedCamera(recipe, folder=tmp_path)) as camera:
        camera.open()
        os.kill(camera.process_id or 0, signal.SIGSTOP)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            camera.arm(1)
        os.kill(camera.process_id or 0, signal.SIGCONT)
        camera.configure(Settings(exposure=0.0))
        assert camera.status().state == "idle"


def test_the_terminals_ctrl_c_does_not_reach_the_cameras_process(tmp_path: Path) -> None:
    with closing(IsolatedCamera(Recipe(factory=SHAKY), folder=tmp_path)) as camera:
        camera.open()
        child = camera.process_id or 0
        assert os.getpgid(child) != os.getpgid(0)
        assert os.getsid(child) != os.getsid(0)
        os.kill(child, signal.SIGINT)
        assert camera.status().state == "idle"
