"""Two hundred exposures, each with other settings than the one before, and each seen to have its own.

Disturbs: some hundred changes of mode, gain, offset, area and binning, with as many initialisations.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import pytest
from hardware_frames import Level, black, mean_and_error, shortest, taken

from qhy600_ophyd.contract import Settings
from qhy600_ophyd.sensor import Rectangle

MODES = ("High Gain Mode 16BIT", "PhotoGraphic DSO 16BIT")
GAINS = (0.0, 100.0)
OFFSETS = (20.0, 120.0)
BINNINGS = (1, 2)
EXPOSURES = 200
WIDER = 1.5
"""Factor by which the noise of a bias frame may differ from the one before of the same settings."""


@dataclass(frozen=True)
class State:
    """Everything that is changed between two exposures; `area` is ``"top"`` or ``"bottom"``."""

    mode: str
    gain: float
    offset: float
    area: str
    binning: int = 1

    def settings(self, camera) -> Settings:
        total = camera.capabilities.geometry.total
        rows = min(400, total.height // 2) // 4 * 4
        y = 0 if self.area == "top" else (total.height - rows) // 4 * 4
        return Settings(
            readout_mode=self.mode,
            gain=self.gain,
            offset=self.offset,
            roi=Rectangle(0, y, total.width, rows),
            binning=self.binning,
            bit_depth=16 if self.binning == 1 else 32,
            exposure=shortest(camera),
        )


@pytest.fixture
def references(camera):
    """Level and noise of the dark columns in each state, from frames without a change before them."""
    found: dict[State, Level] = {}
    for values in itertools.product(MODES, GAINS, OFFSETS, ("top", "bottom")):
        state = State(*values)
        taken(camera, state.settings(camera))
        found[state] = black(camera, *taken(camera))
    return found


def move(references: dict[State, Level], state: State) -> float:
    """By how much the other offset would move the level [count]."""
    low, high = (references[State(state.mode, state.gain, offset, state.area)] for offset in OFFSETS)
    return abs(high.mean - low.mean)


def test_every_frame_has_its_own_settings_whatever_the_one_before_had(camera, references, measured, repeats):
    """Disturbs: 16 pairs of frames to know the levels, then 200 frames with changing settings."""
    for state, level in references.items():
        where = {"mode": state.mode, "gain": state.gain, "offset": state.offset, "area": state.area}
        measured("level of black", level.mean, level.error, "count", spread=level.spread, **where)
        assert move(references, state) > 20 * level.error, "the offset cannot be told by the level"
    draw = random.Random(600)
    states = [
        State(*values) for values in itertools.product(MODES, GAINS, OFFSETS, ("top", "bottom"), BINNINGS)
    ]
    chosen = [draw.choice(states) for _ in range(repeats(EXPOSURES))]
    began, wrong, times, retries, discarded = camera.clock.monotonic(), [], [], 0, 0
    for number, state in enumerate(chosen):
        asked = state.settings(camera)
        info, counts = taken(camera, asked)
        times.append(1e-9 * (info.arrival_monotonic - info.trigger_monotonic))
        retries, discarded = retries + info.retries, discarded + info.discarded
        for name in ("readout_mode", "gain", "offset", "roi", "binning", "bit_depth"):
            assert getattr(info.settings, name) == getattr(asked, name)
        level = black(camera, info, counts)
        known = references[State(state.mode, state.gain, state.offset, state.area)]
        off = abs(level.mean - known.mean) > 0.2 * move(references, state) + 5 * known.error
        other_noise = not 1 / WIDER < level.spread / known.spread < WIDER
        if off or other_noise:
            wrong.append((number, state, level, known))
    spent = camera.clock.monotonic() - began
    measured("exposures with changing settings", len(chosen), taken_again=retries, thrown_away=discarded)
    measured("time of an exposure with changing settings, all in all", spent / len(chosen), None, "s")
    measured("time from the trigger to the frame", *mean_and_error(times), "s")
    assert wrong == [], f"{len(wrong)} of {len(chosen)} frames are not of the settings that they say"
