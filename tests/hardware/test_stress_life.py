"""Opened and closed again and again, and killed. Disturbs: initialisations, a process that dies."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from hardware_frames import PATIENCE, STEADY, black, buffer_for, mean_and_error, shortest, strip, taken

from qhy600_ophyd.backends.isolated import IsolatedCamera
from qhy600_ophyd.contract import CameraProcessLost, Settings, SystemClock
from qhy600_ophyd.device import QHY600

OPENINGS = 20
BIAS = Settings(gain=100.0, offset=120.0)


def test_it_opens_and_closes_again_and_again_and_is_the_same_each_time(camera, measured, repeats):
    """Disturbs: closes and opens the camera twenty times, and takes a frame of a strip each time."""
    host, identity = SystemClock(), camera.capabilities.identity
    opening, closing, levels = [], [], []
    for _ in range(repeats(OPENINGS)):
        began = host.monotonic()
        camera.close()
        closed = host.monotonic()
        camera.open()
        closing.append(closed - began)
        opening.append(host.monotonic() - closed)
        assert camera.capabilities.identity == identity
        camera.configure(BIAS.updated(Settings(exposure=shortest(camera))))
        levels.append(black(camera, *taken(camera, Settings(roi=strip(camera, 200)))).mean)
    measured("time to close, with its process", *mean_and_error(closing), "s")
    measured("time to open, with its process", *mean_and_error(opening), "s")
    measured("level of black after opening", *mean_and_error(levels), "count")
    assert max(levels) - min(levels) < STEADY


def test_a_camera_whose_process_is_killed_during_an_exposure_comes_back_as_it_was(camera, measured):
    """Disturbs: kills the camera's process during a long exposure, connects again, takes a frame."""
    if not isinstance(camera, IsolatedCamera):
        pytest.skip("this profile has the camera in the tests' own process (isolated = false)")
    host, killed = SystemClock(), []
    area = strip(camera, 200)
    wanted = {"gain": 100.0, "offset": 120.0, "roi": tuple(area), "exposure": 300.0}

    def kill():
        killed.append(host.monotonic())
        os.kill(camera._link.there().pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    with QHY600(camera, name="camera") as device:
        # The first frame after an initialisation is thrown away: what is killed is to be an exposure.
        device.call(lambda: taken(camera, Settings(roi=area, exposure=shortest(camera))))
        device.configure(wanted)
        before, out = device.apply(), buffer_for(camera)
        device.call(lambda: camera.arm(1))
        timer = threading.Timer(1.0, kill)
        timer.start()
        with pytest.raises(CameraProcessLost):
            device.call(lambda: camera.grab(out, PATIENCE))
        noticed = host.monotonic() - killed[0]
        timer.join()
        assert camera.status().state == "lost"
        began = host.monotonic()
        check = device.reconnect()
        again = host.monotonic() - began
        measured("time to notice that the process is gone", noticed, None, "s")
        measured("time to connect again, with a frame to see that all is well", again, None, "s")
        assert noticed < 2.0
        assert (check.settings.gain, check.settings.offset) == (before.gain, before.offset)
        assert camera.settings == before
