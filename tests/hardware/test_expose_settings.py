"""Settings hold for the frame that says so, the first one after a change of mode too.

What a register does is seen at the level and the noise of the dark columns, not at what reads back.
Disturbs: exposures, changes of mode, gain, offset.
"""

from __future__ import annotations

import numpy as np
import pytest
from hardware_frames import STEADY, Areas, black, read_noise, shortest, strip, taken

from qhy600_ophyd.contract import SettingRefused, Settings
from qhy600_ophyd.sensor.readout_modes import readout_modes

NAMES = [mode.name for mode in readout_modes() if not mode.fibre]
LOW, HIGH = 20.0, 120.0
"""Offsets, both far from the library's 30, which a camera falls back to."""

GAIN = 100.0
"""So far from the library's 30 that the level or the noise of a bias frame tells them apart."""


def usable(camera, name):
    return name in [mode.name for mode in camera.capabilities.modes if not mode.refused]


def two_frames_after_entering(camera, name, **settings):
    """Levels of the first and the second frame after a change to a mode, from another one."""
    other = next(n for n in NAMES if n != name and usable(camera, n))
    taken(camera, Settings(readout_mode=other, gain=30.0, offset=30.0, exposure=shortest(camera)))
    camera.configure(Settings(readout_mode=name, **settings))
    camera.configure(Settings(roi=strip(camera, 1024)))
    found = [taken(camera) for _ in range(2)]
    for info, _ in found:
        assert info.settings.readout_mode == name
        assert (info.settings.gain, info.settings.offset) == (settings["gain"], settings["offset"])
    return [black(camera, *frame) for frame in found]


@pytest.mark.parametrize("name", NAMES)
def test_the_first_frame_after_a_change_of_mode_has_the_gain_and_offset_that_it_says(camera, measured, name):
    """Disturbs: changes the readout mode four times, takes six frames of at most 1024 rows."""
    if not usable(camera, name):
        pytest.skip(f"this camera has no {name!r} that it can use")
    first, second = {}, {}
    for offset in (LOW, HIGH):
        first[offset], second[offset] = two_frames_after_entering(camera, name, gain=GAIN, offset=offset)
        level = first[offset]
        measured("level of the first frame", level.mean, level.error, "count", mode=name, offset=offset)
    move = second[HIGH].mean - second[LOW].mean
    error = np.hypot(second[HIGH].error, second[LOW].error)
    steps = HIGH - LOW
    measured("slope of the level with the offset", move / steps, error / steps, "count", mode=name)
    assert move > 5 * error, "the offset register moves nothing"
    for offset in (LOW, HIGH):
        apart = first[offset].mean - second[offset].mean
        # The library's own offset or gain would move the level by most of `move`, or widen it.
        assert abs(apart) < 0.1 * move + 5 * np.hypot(first[offset].error, second[offset].error)
        assert first[offset].spread == pytest.approx(second[offset].spread, rel=0.2)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(Settings(gain=0.0, offset=255.0, usb_traffic=0.0), id="ends"),
        pytest.param(Settings(gain=200.0, offset=40.0, usb_traffic=60.0), id="other-ends"),
        pytest.param(Settings(gain=56.0, offset=30.0, usb_traffic=10.0, exposure=0.25), id="middle"),
    ],
)
def test_what_was_written_reads_back_with_the_frame(camera, measured, asked):
    """Disturbs: takes a frame of a strip with unusual registers."""
    camera.configure(Settings(roi=strip(camera, 200)))
    info, _ = taken(camera, asked)
    assert info.settings == camera.settings
    for name in ("gain", "offset", "usb_traffic"):
        assert getattr(info.settings, name) == getattr(info.reported, name) == getattr(asked, name)
    if asked.exposure is not None:
        measured("actual exposure", info.settings.exposure, None, "s", asked=asked.exposure)
        assert info.settings.exposure == pytest.approx(asked.exposure, rel=1e-3)


def test_more_gain_makes_more_noise_in_counts(camera, chosen, measured):
    """Disturbs: takes two bias frames of a strip at each of several gains."""
    camera.configure(Settings(exposure=shortest(camera), offset=80.0, readout_mode=NAMES[1]))
    camera.configure(Settings(roi=strip(camera, 1024)))
    noise = {}
    for gain in (0.0, 30.0, 55.0, 56.0, 80.0, 100.0, 150.0, 200.0):
        frames = [taken(camera, Settings(gain=gain)) for _ in range(2)]
        dark = [Areas.of(camera, *frame).dark for frame in frames]
        noise[gain], error = read_noise(*dark)
        measured("read noise of the dark columns", noise[gain], error, "count", mode=NAMES[1], gain=gain)
        measured("level of black", black(camera, *frames[0]).mean, None, "count", mode=NAMES[1], gain=gain)
    if not chosen.has_the_sensors_noise:
        pytest.skip("the noise of the stand-in does not depend on the gain")
    assert noise[100.0] > 2 * noise[0.0]


def test_a_refused_setting_reaches_nothing(camera):
    """Disturbs: takes a frame of a strip before and after."""
    camera.configure(Settings(roi=strip(camera, 200), exposure=shortest(camera), gain=56.0, offset=40.0))
    before = black(camera, *taken(camera))
    for asked in (Settings(gain=230.0, offset=200.0), Settings(offset=256.0, gain=0.0)):
        with pytest.raises(SettingRefused):
            camera.configure(asked)
    after = black(camera, *taken(camera))
    # An offset of 200 would move it by hundreds.
    assert abs(after.mean - before.mean) < STEADY
