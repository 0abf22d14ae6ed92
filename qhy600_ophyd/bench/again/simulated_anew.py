"""A simulated camera made once more for a run that was interrupted: it goes on where the first stood."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from qhy600_ophyd.bench.again.interrupted_run import InterruptedRun
from qhy600_ophyd.contract import Fault

_FAR = 1 << 20
"""Exposures from one camera to the next where nobody knows how many the first has made."""


def start_for_rest(run: InterruptedRun) -> dict[str, Any]:
    """The start document of a run, with the profile that its rest is taken with.

    A simulated camera draws its noise by the number of the exposure. Where the run's rows tell that number,
    the new camera begins with that of the last frame, for the frame that it throws away after its
    initialisation; so the next one has the number that it would have had. Where they do not (live frames, a
    camera that had taken other runs before), it begins so far off that no noise comes twice. Faults that the
    first camera has met are left out: it would not get past them.
    """
    start = dict(run.start)
    profile = start.get("profile")
    if not isinstance(profile, Mapping) or profile.get("camera", {}).get("backend") != "simulated":
        return start
    if not len(run.rows):
        return start
    number, known = _first_exposure(run)
    camera = {**profile["camera"], "first_exposure": number}
    ends = int(run.rows["exposure_end"].max())
    if camera.get("clock", "free") == "free" and ends > time.time_ns():
        # A free clock was ahead of the present, and exposures follow one another.
        camera["starts_at"] = ends / 1e9
    faults = [fault for fault in profile.get("faults", ()) if not _met(fault, number + 1 if known else _FAR)]
    start["profile"] = {**profile, "camera": camera, "faults": faults}
    return start


@contextmanager
def truth_of_its_own(run: InterruptedRun) -> Iterator[None]:
    """Keep what is true of each part of a run in a file of its own, ``<run>.part2.truth.json``.

    None of them is the truth of the whole, so that none is called so.
    """
    from qhy600_ophyd.backends.simulated import truth_path

    whole = truth_path(run.folder)
    number = len(run.files.parts)
    _rename(whole, number)
    try:
        yield
    finally:
        _rename(whole, number + 1)


def _rename(truth: Path, number: int) -> None:
    if truth.exists():
        truth.replace(truth.with_name(truth.name.replace(".truth.json", f".part{number}.truth.json")))


def _first_exposure(run: InterruptedRun) -> tuple[int, bool]:
    """Number of the new camera's first exposure, and whether it is one behind the old camera's last."""
    last = run.written[-1]
    uid = last.attributes.get("run_uid")
    rows: Any = np.concatenate([file.rows for file in run.written if file.attributes.get("run_uid") == uid])
    profile = last.start.get("profile") or {}
    before = int(profile.get("camera", {}).get("first_exposure", 0))
    rows = rows[np.argsort(rows["started"])]
    started = rows["started"]
    alone = started[0] == 1 + rows["discarded"][0] + rows["retries"][0]
    if alone and np.all(np.diff(started) > 0):
        return before + int(started[-1]) - 1, True
    return (before // _FAR + 1) * _FAR, False


def _met(entry: Mapping[str, Any], number: int) -> bool:
    fault = Fault.from_mapping(entry)
    if fault.at is None or fault.times is None:
        return False
    kind, moment = fault.at
    return kind == "frame" and moment <= number
