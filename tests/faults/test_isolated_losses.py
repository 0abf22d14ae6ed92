"""The camera's process crashes, is killed, ends or hangs: the program that uses it goes on."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from shaky_camera import is_running, until

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.contract import CameraLost, CameraNotReady, CameraProcessLost, Settings, SystemClock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and /proc are those of Linux")

FACTORY = "shaky_camera:ShakyCamera"
PATIENCE = 5.0
LONG = Settings(exposure=3600.0)
Open = Callable[..., IsolatedCamera]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Makes open cameras on the computer's clock that go wrong as told."""
    with ExitStack() as closing:

        def make(answer: float = 60.0, **arguments) -> IsolatedCamera:
            recipe = Recipe(factory=FACTORY, arguments=arguments, clock=SystemClock())
            camera = IsolatedCamera(recipe, answer=answer, folder=tmp_path)
            closing.callback(camera.close)
            camera.open()
            return camera

        yield make


def buffer() -> np.ndarray:
    return np.zeros((200, 200), np.uint16)


def take(camera: IsolatedCamera) -> np.ndarray:
    camera.arm(1)
    out = buffer()
    info = camera.grab(out, PATIENCE)
    return out.reshape(-1)[: info.shape[0] * info.shape[1]]


def test_a_killed_process_is_noticed_within_a_second_of_the_kill(opened: Open) -> None:
    camera = opened()
    camera.configure(LONG)
    camera.arm(1)
    killed: list[float] = []

    def kill() -> None:
        killed.append(time.monotonic())
        os.kill(camera.process_id or 0, signal.SIGKILL)

    threading.Timer(0.2, kill).start()
    with pytest.raises(CameraProcessLost, match="killed by SIGKILL during grab"):
        camera.grab(buffer(), PATIENCE)
    assert time.monotonic() - killed[0] < 1.0
    assert camera.status().state == "lost"


def test_a_crash_says_where_it_was_and_where_more_stands(opened: Open) -> None:
    camera = opened(goes_wrong={"grab": "crash"})
    camera.arm(1)
    with pytest.raises(CameraProcessLost) as lost:
        camera.grab(buffer(), PATIENCE)
    said = str(lost.value)
    assert "\n" not in said
    assert re.search(r"killed by SIGSEGV during grab, in _may_go_wrong \(shaky_camera.py, line \d+\)", said)
    assert "bench.reconnect()" in said
    (note,) = lost.value.__notes__
    log = Path(note.rpartition(" ")[2])
    assert "about to grab" in log.read_text()
    assert "Segmentation fault" in log.read_text()


def test_a_process_that_ends_by_itself_says_how_and_what_it_wrote_last(opened: Open) -> None:
    camera = opened(goes_wrong={"configure": "exit"})
    with pytest.raises(
        CameraProcessLost, match=r"exit code 3 during configure; it wrote last 'about to configure'"
    ):
        camera.configure(Settings())


@pytest.mark.parametrize("call", ["configure", "arm", "grab"])
@pytest.mark.parametrize("how", ["hang", "hang with Python's lock"])
def test_a_call_that_hangs_is_given_up_after_its_bound(opened: Open, call: str, how: str) -> None:
    camera = opened(answer=0.8, goes_wrong={call: how})
    began = time.monotonic()

    def use() -> None:
        camera.configure(Settings())
        camera.arm(1)
        camera.grab(buffer(), 0.05)

    with pytest.raises(CameraProcessLost) as lost:
        use()
    bound = 0.8 if call != "grab" else 0.8 + 2 * 0.05
    assert bound <= time.monotonic() - began < bound + 2.0
    assert f"did not come back from {call} within {bound:g} s and was ended, in " in str(lost.value)
    assert not is_running(camera.process_id or 0)


def test_a_process_that_was_stopped_is_given_up_too(opened: Open) -> None:
    camera = opened(answer=0.8)
    os.kill(camera.process_id or 0, signal.SIGSTOP)
    with pytest.raises(CameraProcessLost, match=r"did not come back from configure within 0\.8 s"):
        camera.configure(Settings())
    assert not is_running(camera.process_id or 0)


def test_a_process_that_cannot_even_be_killed_is_given_up_too(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = opened(answer=0.8)
    process = camera._link.there()
    monkeypatch.setattr(process._process, "kill", lambda: None)  # as if the system waited for a device
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(CameraProcessLost, match="the system has not let go of it yet"):
        camera.configure(Settings())
    assert camera.status().state == "lost"
    monkeypatch.undo()
    os.kill(process.pid, signal.SIGKILL)
    camera.close()
    camera.open()


def test_a_question_beside_the_camera_that_hangs_is_given_up_too(opened: Open) -> None:
    camera = opened(answer=0.8, goes_wrong={"status": "hang"})
    assert camera.status().state == "lost"
    with pytest.raises(CameraProcessLost, match="did not come back from status"):
        camera.arm(1)


def test_an_exposure_is_no_hang(opened: Open) -> None:
    camera = opened(answer=0.8)
    camera.configure(Settings(exposure=1.2))
    assert (take(camera)[:10] == 1).all()


def test_another_call_may_take_longer_than_those_of_the_contract(opened: Open) -> None:
    camera = opened(answer=0.8)
    camera.busy_for(1.6)
    assert camera.status().state == "idle"


def test_everything_asked_of_a_lost_camera_says_that_it_is_lost(opened: Open) -> None:
    camera = opened()
    settings = camera.configure(Settings(exposure=0.25))
    os.kill(camera.process_id or 0, signal.SIGKILL)
    until(lambda: camera.status().state == "lost", within=1.0)
    for call in (
        lambda: camera.configure(Settings()),
        lambda: camera.arm(1),
        lambda: camera.grab(buffer(), PATIENCE),
        lambda: camera.add(1, two=2),
    ):
        with pytest.raises(CameraLost, match=r"killed by SIGKILL while nothing was asked of it"):
            call()
    camera.cancel()
    assert camera.settings == settings
    assert camera.capabilities.identity.model == "shaky"


def test_a_lost_camera_is_closed_and_opened_as_another_process(opened: Open) -> None:
    camera = opened()
    take(camera)
    lent = camera.lend(200 * 200 * 2)
    before = camera.process_id
    os.kill(before or 0, signal.SIGKILL)
    until(lambda: camera.status().state == "lost", within=1.0)
    camera.close()
    assert camera.status().state == "closed"
    with pytest.raises(CameraNotReady):
        camera.arm(1)
    camera.open()
    assert camera.process_id not in (before, None)
    assert camera.status().state == "idle"
    camera.arm(1)
    camera.grab(lent, PATIENCE)
    assert (lent.view(np.uint16)[:10] == 1).all(), "memory lent before is filled by the new process"
    assert camera.status().frames_delivered == 2, "counted since the camera was made"


def test_a_lost_camera_may_be_opened_at_once(opened: Open) -> None:
    camera = opened()
    os.kill(camera.process_id or 0, signal.SIGKILL)
    until(lambda: camera.status().state == "lost", within=1.0)
    camera.open()
    assert (take(camera)[:10] == 1).all()


def test_what_was_lent_keeps_its_counts_when_the_process_is_lost(opened: Open) -> None:
    camera = opened()
    lent = camera.lend(200 * 200 * 2)
    camera.arm(1)
    camera.grab(lent, PATIENCE)
    kept = lent.copy()
    camera.go_wrong(arm="crash")
    with pytest.raises(CameraProcessLost):
        camera.arm(1)
    camera.close()
    assert (lent == kept).all()


@pytest.mark.parametrize("how", ["crash", "hang"])
def test_a_camera_that_is_lost_while_it_opens_is_closed_again(tmp_path: Path, how: str) -> None:
    recipe = Recipe(factory=FACTORY, arguments={"goes_wrong": {"open": how}})
    camera = IsolatedCamera(recipe, answer=1.0, folder=tmp_path)
    with pytest.raises(CameraProcessLost, match="open"):
        camera.open()
    assert camera.status().state == "closed"
    assert camera.process_id is None


def test_closing_a_camera_that_hangs_while_closing_gives_it_back_all_the_same(
    opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("qhy600_ophyd.backends.isolated.camera.PARTING", 0.3)
    camera = opened(goes_wrong={"close": "hang"})
    child = camera.process_id or 0
    camera.close()
    assert camera.status().state == "closed"
    assert not is_running(child)
    assert "did not come back from close within 0.3 s" in caplog.text


def test_a_camera_that_is_closed_holds_no_process_thread_or_file(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    camera = IsolatedCamera(Recipe(factory=FACTORY))
    camera.open()
    take(camera)
    child, log = camera.process_id or 0, camera._link.there().log.path
    assert log.exists()
    camera.close()
    assert not is_running(child)
    assert not log.exists()
    assert set(threading.enumerate()) == threads
    assert camera.ring_bytes == 0


def test_a_camera_that_is_forgotten_is_closed(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    camera = IsolatedCamera(Recipe(factory=FACTORY, arguments={"diary": str(diary)}), folder=tmp_path)
    camera.open()
    child = camera.process_id or 0
    del camera
    until(lambda: not is_running(child), within=5.0)
    assert diary.read_text() == f"opened {child}\nclosed {child}\n"
