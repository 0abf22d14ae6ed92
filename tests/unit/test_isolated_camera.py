"""What crosses between two processes: errors, warnings, values, turns, and what is beyond the contract."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from shaky_camera import SHAKY, Warm

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.backends.isolated.messages import pack_error, unpack_error
from qhy600_ophyd.backends.replay import ReplayCamera
from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import (
    Camera,
    CameraError,
    CameraNotReady,
    CameraProcessLost,
    CarriesFilterWheel,
    ExposureCancelled,
    SettingRefused,
    Settings,
    SystemClock,
)

PATIENCE = 10.0
BUFFER = 10**6


def take(camera: Camera) -> np.ndarray:
    camera.arm(1)
    out = np.zeros(BUFFER, np.uint8)
    info = camera.grab(out, PATIENCE)
    rows, columns = info.shape
    return out[: rows * columns * 2].view(np.uint16).reshape(info.shape)


class TestErrors:
    def test_an_error_arrives_as_what_it_was_raised(self, shaky: IsolatedCamera) -> None:
        with pytest.raises(SettingRefused) as refused:
            shaky.configure(Settings(exposure=-1.0))
        assert (refused.value.setting, refused.value.asked) == ("exposure", "-1")

    def test_notes_come_along(self) -> None:
        error = SettingRefused("gain", 300, allowed="0–200")
        error.add_note("a note")
        again = unpack_error(pack_error(error))
        assert (str(again), again.__notes__) == (str(error), ["a note"])

    def test_an_error_that_nobody_expected_says_where_it_came_from(self, shaky: IsolatedCamera) -> None:
        with pytest.raises(TypeError) as error:
            shaky.add("one", two=2)
        assert "in add" in error.value.__notes__[-1]

    @pytest.mark.parametrize(
        ("how", "says"),
        [
            ("strange error", "Strange: one"),
            ("error that cannot be copied", "RuntimeError: two lines"),
            ("leave", "SystemExit: enough"),
        ],
    )
    def test_an_error_that_cannot_be_copied_arrives_in_words(
        self, shaky: IsolatedCamera, how: str, says: str
    ) -> None:
        shaky.go_wrong(configure=how)
        with pytest.raises(CameraError) as error:
            shaky.configure(Settings())
        assert str(error.value) == says
        assert any("in configure" in note for note in error.value.__notes__)
        assert ("a note" in error.value.__notes__) == (how == "strange error")
        assert shaky.status().state == "idle", "the process lives on"

    def test_a_warning_is_heard_by_who_asked(self, shaky: IsolatedCamera) -> None:
        shaky.go_wrong(configure="warn")
        with pytest.warns(Warm, match="it is warm"):
            shaky.configure(Settings())
        with warnings.catch_warnings(action="error"):
            shaky.arm(1)


class TestMembers:
    def test_methods_are_called_with_all_that_they_are_given(self, shaky: IsolatedCamera) -> None:
        assert shaky.add(1, two=2) == 3

    def test_a_value_that_cannot_be_copied_says_so(self, shaky: IsolatedCamera) -> None:
        with pytest.raises(CameraError, match="lock: a lock cannot go to or from the camera's process"):
            _ = shaky.lock

    def test_an_argument_that_cannot_be_copied_says_so(self, shaky: IsolatedCamera) -> None:
        with pytest.raises(CameraError, match="add: a tuple cannot go to or from"):
            shaky.add(threading.Lock(), two=1)

    def test_only_what_the_camera_has_is_there(self, tmp_path: Path) -> None:
        shaky = IsolatedCamera(Recipe(factory=SHAKY))
        replay = IsolatedCamera(
            Recipe(factory="qhy600_ophyd.backends.replay:ReplayCamera", arguments={"folder": tmp_path})
        )
        simulated = IsolatedCamera(Recipe(factory="qhy600_ophyd.backends.simulated:SimulatedCamera"))
        names = ("truth", "write_truth", "presented", "reset_undervoltage", "filter_wheel", "add", "_cooler")
        for camera, alike in ((shaky, None), (replay, ReplayCamera), (simulated, SimulatedCamera)):
            has = {name for name in names if hasattr(camera, name)}
            assert (
                has == {"add", "_cooler"}
                if alike is None
                else has - {"_cooler", "presented"}
                == {name for name in names if hasattr(alike, name)} - {"_cooler"}
            )
        assert hasattr(simulated, "presented")
        assert isinstance(simulated, CarriesFilterWheel)
        with pytest.raises(AttributeError, match="ShakyCamera has no 'truth'"):
            _ = shaky.truth

    def test_truth_log_and_faults_of_a_simulation_are_there(
        self, simulation: IsolatedCamera, tmp_path: Path
    ) -> None:
        mark = simulation.truth_mark()
        alike = SimulatedCamera(width=64, height=48, seed=5)
        counts = take(simulation)
        assert simulation.truth == alike.truth
        assert len(simulation.log) > mark.exposures
        assert (simulation.reproduce(simulation.presented[-1]) == counts).all()
        assert simulation.struck == {"frame_lost": 1}
        maps, expected = simulation.maps(), alike.maps()
        assert maps.keys() == expected.keys()
        assert all((maps[name] == expected[name]).all() for name in maps)
        (tmp_path / "run").mkdir()
        assert simulation.write_truth(tmp_path / "run", mark=mark).exists()

    def test_its_frames_are_those_of_the_same_camera_in_this_process(
        self, simulation: IsolatedCamera, tmp_path: Path
    ) -> None:
        recipe = simulation.recipe
        frames = []
        for camera in (recipe.make(), IsolatedCamera(recipe, folder=tmp_path)):
            with closing(camera):
                camera.open()
                camera.configure(Settings(exposure=0.5))
                frames.append([take(camera) for _ in range(3)])
        assert all((one == other).all() for one, other in zip(*frames, strict=True))

    def test_what_has_ended_with_the_process_is_not_made_up(self, shaky: IsolatedCamera) -> None:
        assert shaky.geometry.total.width == 88
        shaky.close()
        with pytest.raises(CameraNotReady, match="geometry has ended with the camera's process"):
            _ = shaky.geometry
        assert shaky.add(1, two=2) == 3, "what needs no process needs none"


class TestTurns:
    def test_what_is_asked_beside_an_exposure_is_answered_during_it(self, tmp_path: Path) -> None:
        recipe = Recipe(factory=SHAKY, clock=SystemClock())
        with (
            closing(IsolatedCamera(recipe, folder=tmp_path)) as camera,
            ThreadPoolExecutor(1) as owner,
        ):
            camera.open()
            camera.configure(Settings(exposure=3600.0))
            camera.arm(1)
            exposing = owner.submit(camera.grab, np.zeros(BUFFER, np.uint8), PATIENCE)
            SystemClock().wait(0.1)
            assert camera.status().state == "armed"
            assert camera.settings.exposure == 3600.0
            assert not exposing.done()
            camera.cancel()
            with pytest.raises(ExposureCancelled):
                exposing.result(PATIENCE)

    def test_another_thread_waits_for_its_turn_and_that_is_no_hang(self, tmp_path: Path) -> None:
        recipe = Recipe(factory=SHAKY, clock=SystemClock())
        with (
            closing(IsolatedCamera(recipe, answer=0.8, folder=tmp_path)) as camera,
            ThreadPoolExecutor(1) as owner,
        ):
            camera.open()
            camera.configure(Settings(exposure=1.4))
            camera.arm(1)
            exposing = owner.submit(camera.grab, np.zeros(BUFFER, np.uint8), 0.1)
            SystemClock().wait(0.1)
            camera.configure(Settings(exposure=0.0))
            assert exposing.result(PATIENCE).sequence == 1

    @pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX systems")
    def test_everybody_who_waits_learns_of_the_loss(self, tmp_path: Path) -> None:
        recipe = Recipe(factory=SHAKY, clock=SystemClock())
        with (
            closing(IsolatedCamera(recipe, folder=tmp_path)) as camera,
            ThreadPoolExecutor(4) as pool,
        ):
            camera.open()
            waiting = [pool.submit(camera.busy_for, 60.0) for _ in range(3)]
            SystemClock().wait(0.1)
            os.kill(camera.process_id or 0, signal.SIGKILL)
            for each in waiting:
                with pytest.raises(CameraProcessLost, match="during busy_for"):
                    each.result(PATIENCE)
