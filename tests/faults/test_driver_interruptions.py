"""Whatever ends an exposure, the camera is usable afterwards and the head is not left exposing."""

from __future__ import annotations

import numpy as np
import pytest
from driver_rig import buffer, is_true, opened, taken

from qhy600_ophyd.contract import CameraLost, ExposureCancelled, Fault, Settings
from qhy600_ophyd.driver import HeadError


def exposing(camera):
    """Whether the head has an exposure under way."""
    return camera._simulated_head._machine.under_way is not None


def test_a_cancel_between_two_tries_leaves_nothing_exposing(monkeypatch):
    camera = opened(Fault(name="frame_lost", at=("frame", 2)))
    taken(camera)
    expose = camera._simulated_head.expose
    monkeypatch.setattr(camera._simulated_head, "expose", lambda: (camera.cancel(), expose()))
    camera.arm(1)
    with pytest.raises(ExposureCancelled):
        camera.grab(buffer(camera), 8.0)
    assert camera.status().state == "idle"
    assert not exposing(camera)
    monkeypatch.undo()
    info, counts = taken(camera)
    assert is_true(camera, info, counts)


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_an_error_that_is_no_camera_s_leaves_it_idle_and_usable(monkeypatch, error):
    camera = opened()

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(camera._taking, "examine", fail)
    camera.arm(1)
    with pytest.raises(error):
        camera.grab(buffer(camera), 8.0)
    assert camera.status().state == "idle"
    assert not exposing(camera)
    monkeypatch.undo()
    info, counts = taken(camera)
    assert info.discarded == 1, "nobody knows how far the head got, so that it is initialised"
    assert is_true(camera, info, counts)


@pytest.mark.parametrize("frames", [1, None])
@pytest.mark.parametrize("call", ["cancel", "end_live"])
def test_a_head_that_cannot_stop_can_be_closed_and_opened(monkeypatch, frames, call):
    camera = opened()

    def fail():
        raise HeadError(f"{call} failed")

    camera.arm(frames)
    monkeypatch.setattr(camera._simulated_head, call, fail)
    camera.cancel()
    assert camera.status().state == "idle"
    monkeypatch.undo()
    camera.close()
    assert camera.status().state == "closed"
    camera.open()
    info, counts = taken(camera)
    assert is_true(camera, info, counts)


@pytest.mark.parametrize("frames", [1, None])
def test_closing_a_camera_that_is_gone_raises_nothing(frames):
    camera = opened(Fault(name="camera_lost", at=("frame", 2)))
    camera.arm(frames)

    def go_on():
        for _ in range(9):
            camera.grab(buffer(camera), 8.0)
            if frames:
                camera.arm(1)

    with pytest.raises(CameraLost):
        go_on()
    camera.close()
    assert camera.status().state == "closed"


def test_a_reset_supply_lets_the_cooler_go_on():
    camera = opened(Fault(name="undervoltage", at=("frame", 1)))
    camera.cooler.regulate(0.0)
    camera.clock.wait(900.0)
    taken(camera)
    assert camera.cooler.read().power == 0.0
    camera.reset_undervoltage()
    camera.clock.wait(1800.0)
    assert camera.cooler.read().value == pytest.approx(0.0, abs=0.3)
    assert camera.cooler.read().power > 5


@pytest.mark.parametrize("binning", [1, 2, 4])
@pytest.mark.parametrize("bit_depth", [8, 16, 32])
@pytest.mark.parametrize("light", [0.0, 300.0, 30_000.0, 3e6], ids=["dark", "dim", "bright", "saturated"])
def test_a_good_frame_is_never_refused_however_even_it_is(light, bit_depth, binning):
    camera = opened(width=300, height=900)
    camera.light.set(light)
    for mode in ("High Gain Mode 16BIT", "Bin3*3Mode (hardware)"):
        camera.configure(
            Settings(readout_mode=mode, gain=0, offset=40, bit_depth=bit_depth, binning=binning, exposure=1.0)
        )
        for _ in range(2):
            info, counts = taken(camera)
            assert info.retries == 0
            assert np.any(counts)
