"""Light, cooler, filter wheel and clock of a camera in another process."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from shaky_camera import SHAKY, until

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.contract import (
    Camera,
    CameraNotReady,
    Clock,
    Cooler,
    FilterWheel,
    Light,
    SettingRefused,
    SystemClock,
)

PATIENCE = 10.0
BUFFER = 10**6


class TestParts:
    def test_they_satisfy_the_protocols(self, simulation: IsolatedCamera) -> None:
        assert isinstance(simulation, Camera)
        assert isinstance(simulation.light, Light)
        assert isinstance(simulation.cooler, Cooler)
        assert isinstance(simulation.clock, Clock)
        assert isinstance(simulation.filter_wheel, FilterWheel)

    def test_the_wheel_turns(self, simulation: IsolatedCamera) -> None:
        wheel = simulation.filter_wheel
        assert wheel.slots == 2
        wheel.turn_to(2)
        simulation.clock.wait(30.0)
        assert wheel.position() == 2
        with pytest.raises(SettingRefused):
            wheel.turn_to(3)
        wheel.turn_to(1)

    def test_a_light_is_there_before_the_process(self, simulation: IsolatedCamera) -> None:
        closed = IsolatedCamera(simulation.recipe)
        alike = simulation.recipe.make().light
        assert closed.light is not None
        assert alike is not None
        for name in ("limits", "off", "on", "level", "irradiance", "wavelength", "scene"):
            assert getattr(closed.light, name) == getattr(alike, name), name
        assert closed.light.photons(2.0) == alike.photons(2.0)
        assert closed.process_id is None

    def test_what_a_closed_camera_refuses_is_what_it_refuses_itself(self, simulation: IsolatedCamera) -> None:
        closed, alike = IsolatedCamera(simulation.recipe), simulation.recipe.make()
        for call in (
            lambda camera: camera.arm(1),
            lambda camera: camera.cooler.read(),
            lambda camera: camera.reset_undervoltage(),
        ):
            said = []
            for camera in (closed, alike):
                with pytest.raises(CameraNotReady) as refused:
                    call(camera)
                said.append(str(refused.value))
            assert said[0] == said[1]

    def test_light_and_cooler_are_as_before_in_another_process(
        self, simulation: IsolatedCamera, tmp_path: Path
    ) -> None:
        with closing(IsolatedCamera(simulation.recipe, folder=tmp_path)) as camera:
            light, cooler = camera.light, camera.cooler
            assert light is not None
            assert cooler is not None
            light.set(1234.0)
            camera.open()
            assert light.level == 1234.0, "set before there was a process"
            light.scene = "stars"
            light.flicker_frequency, light.flicker_depth = 100.0, 0.5
            light.set(99.0)
            cooler.regulate(-5.0)
            for end in (camera.close, lambda: os.kill(camera.process_id or 0, signal.SIGTERM)):
                end()
                until(lambda: camera.status().state != "idle", within=PATIENCE)
                assert light.level == 99.0, "known without a process"
                camera.open()
                now = (light.level, light.scene, light.flicker_frequency, light.flicker_depth)
                assert now == (99.0, "stars", 100.0, 0.5)
                assert cooler.read().setpoint == -5.0

    def test_a_light_has_nothing_that_could_be_set_in_vain(self, simulation: IsolatedCamera) -> None:
        light = simulation.light
        assert light is not None
        with pytest.raises(AttributeError, match="colour"):
            light.colour = "green"
        with pytest.raises(AttributeError, match="colour"):
            _ = light.colour
        with pytest.raises(SettingRefused, match="scene"):
            light.scene = "no such scene"
        assert light.scene == "flat"


class TestClock:
    def test_the_computers_clock_needs_no_process(self) -> None:
        assert type(IsolatedCamera(Recipe(factory=SHAKY)).clock) is SystemClock

    def test_the_computers_clock_is_the_same_in_both_processes(self, shaky: IsolatedCamera) -> None:
        before = time.monotonic_ns()
        shaky.arm(1)
        info = shaky.grab(np.zeros(BUFFER, np.uint8), PATIENCE)
        assert before <= info.arrival_monotonic + 1
        assert info.arrival_monotonic <= time.monotonic_ns() + 1

    def test_another_clock_is_asked(self, simulation: IsolatedCamera) -> None:
        clock = simulation.clock
        before, utc = clock.monotonic(), clock.utc_ns()
        assert clock.wait(10.0) is False
        assert clock.monotonic() == before + 10.0
        assert clock.utc_ns() == utc + 10 * 10**9
        assert clock.name == "stepped"

    def test_a_wait_on_another_clock_is_ended_by_its_event(self, simulation: IsolatedCamera) -> None:
        cancelled = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(simulation.clock.wait, 3600.0, cancelled)
            SystemClock().wait(0.1)
            assert not waiting.done()
            cancelled.set()
            assert waiting.result(PATIENCE) is True
        assert simulation.clock.wait(3600.0, cancelled) is True

    def test_a_clock_without_a_process_says_so(self, simulation: IsolatedCamera) -> None:
        clock = IsolatedCamera(simulation.recipe).clock
        assert isinstance(clock, Clock)
        for ask in (clock.monotonic, clock.utc_ns, lambda: clock.wait(1.0)):
            with pytest.raises(CameraNotReady, match="open it first"):
                ask()
