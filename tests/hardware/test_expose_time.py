"""Exposures take their time, and end at once when they are told to. Disturbs: exposures, one of minutes."""

from __future__ import annotations

import math
import threading

import pytest
from hardware_frames import PATIENCE, STEADY, black, buffer_for, mean_and_error, shortest, strip, taken

from qhy600_ophyd.contract import ExposureCancelled, Settings, SystemClock

SHORT, LONG = 0.2, 2.2
LONGEST = 300.0
SOON = 2.0
"""Seconds within which a cancelled exposure has to be over."""


def test_an_exposure_takes_its_time_and_the_readout_as_long_as_ever(camera, measured):
    """Disturbs: takes six whole frames."""
    beyond, errors = {}, {}
    for exposure in (SHORT, LONG):
        infos = [taken(camera, Settings(exposure=exposure))[0] for _ in range(4)][1:]
        times = [1e-9 * (info.arrival_monotonic - info.trigger_monotonic) for info in infos]
        actual = infos[0].settings.exposure
        assert actual == pytest.approx(exposure, rel=1e-3)
        assert min(times) >= actual - 1e-3
        beyond[exposure], errors[exposure] = mean_and_error([time - actual for time in times])
        name = "time from the trigger to the frame, beyond its exposure"
        measured(name, beyond[exposure], errors[exposure], "s", exposure=exposure)
    # A camera that exposes for other than it is told gives itself away in what is left.
    allowed = 0.1 * (LONG - SHORT) + 5 * math.hypot(*errors.values())
    assert abs(beyond[LONG] - beyond[SHORT]) < allowed


def test_the_shortest_exposure_is_as_short_as_the_camera_says(camera, measured):
    """Disturbs: takes a frame of a strip."""
    camera.configure(Settings(roi=strip(camera, 200)))
    info, _ = taken(camera, Settings(exposure=shortest(camera)))
    measured("shortest exposure", info.settings.exposure, None, "s")
    measured("line time", info.line_time, None, "s")
    assert 0 < info.settings.exposure < 1e-3


def test_a_long_exposure_ends_within_two_seconds_when_another_thread_cancels(camera, measured):
    """Disturbs: begins an exposure of five minutes and cancels it; takes a frame afterwards."""
    host = SystemClock()
    taken(camera, Settings(roi=strip(camera, 200)))
    camera.configure(Settings(exposure=LONGEST))
    cancelled = []

    def cancel():
        cancelled.append(host.monotonic())
        camera.cancel()

    out = buffer_for(camera)
    camera.arm(1)
    timer = threading.Timer(1.0, cancel)
    timer.start()
    with pytest.raises(ExposureCancelled):
        camera.grab(out, PATIENCE)
    taken_time = host.monotonic() - cancelled[0]
    timer.join()
    measured("time from cancelling to the end of the exposure", taken_time, None, "s")
    assert taken_time < SOON
    assert camera.status().state == "idle"
    assert taken(camera, Settings(exposure=0.05))[0].settings.exposure == pytest.approx(0.05, rel=1e-2)


def test_a_cancelled_exposure_leaves_no_frame_behind(camera):
    """Disturbs: cancels three exposures of 0.1 s with another offset, takes frames of a strip."""
    camera.configure(Settings(roi=strip(camera, 200), exposure=0.1, offset=40.0))
    before = black(camera, *taken(camera))
    for _ in range(3):
        camera.configure(Settings(offset=200.0))
        camera.arm(1)
        camera.clock.wait(0.3)
        camera.cancel()
    after = black(camera, *taken(camera, Settings(offset=40.0)))
    assert abs(after.mean - before.mean) < STEADY, "a frame of a cancelled exposure came as the next one"
