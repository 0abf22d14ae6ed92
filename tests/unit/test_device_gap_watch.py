"""Gaps in a live stream, by the camera's own numbers: over the end of its counter too."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from qhy600_ophyd.contract.frame_numbers import COUNTERS, frames_between
from qhy600_ophyd.device.gap_watch import GapWatch

TURN = 1 << 32
PERIOD = 0.5


def gaps(*frames):
    """What a watch says of frames that come in step; a number, or a number and who counts."""
    watch, told = GapWatch(PERIOD), []
    for n, frame in enumerate(frames):
        number, source = frame if isinstance(frame, tuple) else (frame, "gps_header")
        arrival = round(n * PERIOD * 1e9)
        info = SimpleNamespace(sequence=number, sequence_source=source, arrival_monotonic=arrival)
        told.append(watch.look(info))
    return told


@pytest.mark.parametrize(
    ("sequence", "missing"),
    [
        pytest.param((1, 2, 3), [0, 0, 0], id="one after the other"),
        pytest.param((17, 18, 20), [0, 0, 1], id="numbering starts at what the first frame carries"),
        pytest.param((TURN - 2, TURN - 1, 1, 2), [0, 0, 0, 0], id="the header leaves out 0"),
        pytest.param((TURN - 2, TURN - 1, 2), [0, 0, 1], id="gap behind the wrap"),
        pytest.param((TURN - 3, TURN - 1, 1), [0, 1, 0], id="gap before the wrap"),
        pytest.param((TURN - 2, 3, 4), [0, 3, 0], id="gap over the wrap"),
        pytest.param((5, 5, 6), [0, 0, 0], id="a number that comes twice is for verify to find"),
    ],
)
def test_a_gap_is_found_and_the_wrap_of_the_counter_is_none(sequence, missing):
    assert gaps(*sequence) == missing


def test_a_frame_without_its_header_has_come_all_the_same():
    assert gaps(TURN - 2, (7, "host"), 1) == [0, 0, 0]
    assert gaps(TURN - 2, (7, "host"), 3) == [0, 0, 2]


def test_a_counter_that_leaves_out_no_number_is_not_thought_to():
    burst = [(number, "burst_counter") for number in (TURN - 1, 0, 1, 3)]
    assert gaps(*burst) == [0, 0, 0, 1]


def test_numbers_of_different_counters_are_not_compared():
    assert gaps(900, (3, "burst_counter"), (4, "burst_counter")) == [0, 0, 0]


@pytest.mark.parametrize("source", list(COUNTERS))
def test_a_number_behind_a_later_one_is_not_nearly_all_numbers_ahead_of_it(source):
    assert frames_between(9, 7, source=source) == -2
    assert frames_between(1, TURN - 1, source=source) == -2
    assert frames_between(TURN - 1, TURN - 1, source=source) == 0
