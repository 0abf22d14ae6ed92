"""A vendor's library that dies or hangs takes its own process with it and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from sdk_rig import GEOMETRY
from standin_library import VARIABLE, fresh, setting, why_not

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.contract import CameraProcessLost, Settings, SystemClock

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")

CHIP = {"width": GEOMETRY.total.width, "height": GEOMETRY.total.height}


@pytest.fixture
def isolated(tmp_path, monkeypatch):
    """Makes a camera in a process of its own, whose library has these switches."""
    made: list[IsolatedCamera] = []

    def make(**switches: float) -> IsolatedCamera:
        monkeypatch.setenv(VARIABLE, setting(**CHIP, **switches))
        arguments = {"library": fresh(tmp_path), "geometry": GEOMETRY}
        recipe = Recipe(factory="qhy600_ophyd.backends.sdk:SdkCamera", arguments=arguments)
        made.append(IsolatedCamera(recipe, answer=5.0, folder=tmp_path))
        return made[-1]

    yield make
    for camera in made:
        camera.close()


def take(camera: IsolatedCamera):
    out = np.zeros(camera.settings.frame_shape, camera.settings.frame_dtype)
    camera.arm(1)
    return camera.grab(out, 2.0), out


def test_a_segmentation_fault_in_the_readout_is_told_and_the_camera_comes_back(isolated, monkeypatch):
    # The first readout is that of the frame which is thrown away.
    camera = isolated(**{"segfault_in.GetQHYCCDSingleFrame": 2})
    camera.open()
    settings = camera.configure(Settings(exposure=0.01, gain=56.0))
    with pytest.raises(CameraProcessLost, match="SIGSEGV"):
        take(camera)
    assert camera.status().state == "lost"
    monkeypatch.setenv(VARIABLE, setting(**CHIP))
    camera.close()
    camera.open()
    assert camera.configure(settings) == settings
    assert take(camera)[1].any()


@pytest.mark.parametrize("function", ["ExpQHYCCDSingleFrame", "SetQHYCCDBitsMode"])
def test_a_call_that_never_comes_back_is_ended_at_its_bound(isolated, monkeypatch, function):
    camera = isolated(**{f"hang_in.{function}": 3})
    camera.open()
    clock = SystemClock()

    def use_it():
        for _ in range(3):
            camera.configure(Settings(exposure=0.01))
            take(camera)

    began = clock.monotonic()
    with pytest.raises(CameraProcessLost, match=r"did not come back from (arm|configure) within 5 s"):
        use_it()
    assert clock.monotonic() - began < 15.0, "the bound of a call is 5 s; frames take no time here"
    assert camera.status().state == "lost"
    monkeypatch.setenv(VARIABLE, setting(**CHIP))
    camera.close()
    camera.open()
    camera.configure(Settings(exposure=0.01))
    assert take(camera)[1].any()
