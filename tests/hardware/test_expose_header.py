"""The camera's own numbers of its frames. Disturbs: opens the camera anew, exposures, streams of a strip."""

from __future__ import annotations

import numpy as np
import pytest
from hardware_frames import PATIENCE, buffer_for, strip, taken

from qhy600_ophyd.contract import Settings


def numbers_of(infos, chosen):
    """The camera's own numbers of frames; skips where a real camera wrote none."""
    if chosen.kind == "sdk" and any(info.sequence_source == "host" for info in infos):
        pytest.skip("the camera wrote no header: perhaps only one with its GPS box does")
    assert {info.sequence_source for info in infos} == {"gps_header"}
    return [info.sequence for info in infos]


def test_single_frames_have_rising_numbers_of_the_camera(numbered, chosen, measured):
    """Disturbs: takes four frames of a strip, with a header over their first pixels."""
    numbered.configure(Settings(roi=strip(numbered, 200)))
    infos = [taken(numbered)[0] for _ in range(4)]
    measured("source of the frame numbers", infos[0].sequence_source)
    numbers = numbers_of(infos, chosen)
    measured("numbers of single frames by the camera", numbers)
    assert (np.diff(numbers) > 0).all()


def test_frames_of_a_stream_have_numbers_one_after_the_other(numbered, chosen, measured):
    """Disturbs: a live stream of ten frames of a strip, with a header over their first pixels."""
    numbered.configure(Settings(roi=strip(numbered, 200), exposure=0.02))
    numbered.arm(10)
    infos = [numbered.grab(buffer_for(numbered), PATIENCE) for _ in range(10)]
    numbers = numbers_of(infos, chosen)
    measured("numbers of a stream's frames by the camera", numbers)
    measured("source of their times", infos[-1].time_source)
    assert (np.diff(numbers) == 1).all(), "frames were lost on their way"
    assert all("sequence" not in info.unverified for info in infos)
