"""Fifty programs killed at moments that nobody chose, and their runs gone on with."""

from __future__ import annotations

import json

import numpy as np
import pytest
from killed_run import LABELS, long_linearity, started, uninterrupted

from qhy600_ophyd import open_run, resume_run
from qhy600_ophyd.contract import SystemClock
from qhy600_ophyd.datasets import verify

KILLS = 50
CHANGES = 400
"""Of the length of a run's file, about, while it is written."""

clock = SystemClock()


def at_a_time(place, chance, lasts):
    """Wait for a moment that nobody chose."""
    clock.wait(chance.uniform(0.0, lasts))


def at_a_write(place, chance, lasts):
    """Wait until the file's length has changed so many times, which is when something is being written."""
    end = clock.monotonic() + 2 * lasts
    left, size = int(chance.uniform(1, CHANGES)), -1
    while left and clock.monotonic() < end:
        for path in place.glob("*/primary.h5"):
            if (now := path.stat().st_size) != size:
                left, size = left - 1, now
    until = clock.monotonic() + chance.uniform(0.0, 300e-6)
    while clock.monotonic() < until:
        pass


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("wait", [at_a_time, at_a_write])
def test_whenever_a_program_is_killed_its_run_becomes_the_one_that_nobody_interrupted(tmp_path, wait):
    whole = uninterrupted(tmp_path / "whole", long_linearity)
    lasts = min(duration(tmp_path / f"first {n}") for n in range(3))
    chance = np.random.default_rng(5)

    segments, unbegun, ended = [], 0, 0
    for number in range(KILLS):
        place = tmp_path / f"kill {number}"
        program = started(place, long_linearity)
        wait(place, chance, lasts)
        program.kill()
        program.join(120)
        folders = list(place.glob("*/"))
        if not folders or not (folders[0] / "run.json").exists():
            unbegun += 1  # there is nothing that could be gone on with
            continue
        if summarized_end(folders[0]) == "success":
            ended += 1  # the documents are complete; the file may not be closed
            run = open_run(folders[0])
        else:
            run = resume_run(folders[0], progress=False)
        assert run.sizes == whole.sizes, number
        assert np.array_equal(run.counts.values, whole.counts.values), number
        for name in {*LABELS} - {"light"}:  # which is read for the event, and not with the frame
            assert np.array_equal(run[name].values, whole[name].values), (name, number)
        verification = verify(run)
        assert verification.ok, (number, verification)
        segments.append(int((run.segment == 1).sum()) if "gaps" in run.attrs else run.sizes["frame"])
    where = f"{unbegun} before the run, {ended} behind it, the rest behind frame {sorted(segments)}"
    print(f"{KILLS} kills within {lasts:.2f} s: {where}")
    assert len(set(segments)) > 5, "kills struck in different places"
    assert max(segments) <= whole.sizes["frame"]


def duration(place):
    """Seconds that a program takes that nobody kills; the shortest of a few is that of an idle computer."""
    program = started(place, long_linearity)
    began = clock.monotonic()
    program.join(120)
    assert program.exitcode == 0
    return clock.monotonic() - began


def summarized_end(folder):
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))["stop"].get("exit_status")
