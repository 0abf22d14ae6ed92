"""What a simulated camera truly did in a run, and a camera that does it once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.bench.profile import Profile, SimulatedCameraProfile
from qhy600_ophyd.contract import Camera, RunDamaged

if TYPE_CHECKING:
    from qhy600_ophyd.backends.simulated import Script
    from qhy600_ophyd.bench.bench import Bench

_LOSSES = frozenset({"camera_lost", "unplugged", "power_cycle"})
"""Faults after which the camera has to be connected again."""

_ANEW = "the camera started anew, and may differ"

_PATIENCE = 60.0
"""Seconds to wait for a frame that nobody keeps."""


class RecordedTruth:
    """The truth of a run, as far as there is one, and the set-up that follows it.

    Parameters
    ----------
    profile
        That the run was taken with.
    script
        What its camera did; ``None`` where nobody knows.
    notes
        What is to be said of that.

    Attributes
    ----------
    profile : Profile
        For the new run. With a script the clock is free, so that it costs no time, and no fault strikes but
        those that struck then.
    """

    def __init__(self, profile: Profile, script: Script | None, notes: tuple[str, ...] = ()):
        self.notes, self._script = notes, script
        self.profile = profile
        if script is not None:
            camera = profile.camera.model_copy(update={"clock": "free"})
            self.profile = profile.model_copy(update={"camera": camera, "faults": ()})

    @classmethod
    def of(cls, folder: Path, profile: Profile, *, rows: Sequence[NDArray[np.void]] = ()) -> RecordedTruth:
        """That of the run in `folder`, whose files have these rows."""
        if not isinstance(profile.camera, SimulatedCameraProfile):
            return cls(profile, None)
        from qhy600_ophyd.backends.simulated import TruthFile, truth_path

        path = truth_path(folder)
        try:
            script = TruthFile(path).script
        except RunDamaged as damage:
            why = str(damage) if path.exists() else f"{path.name} is not there"
            return cls(profile, None, (f"{why}: {_ANEW}",))
        if script.started is None or len(script.records) < sum(map(len, rows)):
            # Of a camera whose process was lost during the run, or written before such files told it.
            return cls(profile, None, (f"{path.name} does not tell of the whole run: {_ANEW}",))
        return cls(profile, without_retaken(script, rows))

    @property
    def losses(self) -> int:
        """How often the camera was lost during the run."""
        return 0 if self._script is None else losses_in(self._script)

    def prepare(self, bench: Bench) -> None:
        """Have the bench's camera, open and set as it was, do next what was recorded."""
        script = self._script
        if script is None:
            return
        camera = bench.camera.backend
        if script.fresh is False:
            # The first exposure after an initialisation is thrown away; that camera had it behind itself.
            bench.camera.call(lambda: _one_frame(camera, live=bool(script.live)))
        bench.camera.call(lambda: camera.follow(script))  # pyright: ignore[reportAttributeAccessIssue]


def losses_in(script: Script) -> int:
    """How often the camera was lost in the course of it."""
    struck = [record.faults for record in script.records]
    struck += [strike.faults for strike in script.strikes if strike.call not in ("fetch", "fetch_live")]
    return sum(bool(_LOSSES.intersection(faults)) for faults in struck)


def without_retaken(script: Script, rows: Sequence[NDArray[np.void]]) -> Script:
    """The script without exposures whose frames a pause has kept from the run, which were taken again.

    Every single exposure belongs to some row otherwise, and the row's count of starts tells which it was. Not
    so where the camera was lost in between, or in streams, which no pause rewinds; then only the row's own
    word counts for frames that had been stored.

    Parameters
    ----------
    script
        Of the run.
    rows
        Of its ledgers, one array a file.
    """
    records = sorted(script.records, key=lambda record: record.inputs.frame)
    if script.started is None or any(record.fate == "skipped" for record in records):
        return script
    all_have_rows = not losses_in(script)
    cut: set[int] = set()
    last = -1
    for started, retaken, taken in sorted(row for each in rows for row in _counted(each)):
        own = started - script.started - 1
        if retaken > 0 or all_have_rows:
            cut |= set(range(last + 1, own - taken + 1))
        last = own
    return replace(script, records=tuple(record for n, record in enumerate(records) if n not in cut))


def _counted(rows: NDArray[np.void]) -> list[tuple[int, int, int]]:
    """Of each row: the count of starts, frames that were cut before it, and exposures that it took."""
    names = ("started", "retaken", "retries", "discarded")
    if rows.dtype.names is None or not {*names} <= {*rows.dtype.names}:
        return []
    columns = (rows[name].tolist() for name in names)
    return [
        (started, retaken, 1 + max(retries, 0) + max(discarded, 0))
        for started, retaken, retries, discarded in zip(*columns, strict=True)
    ]


def _one_frame(camera: Camera, *, live: bool) -> None:
    """A frame that nobody keeps."""
    settings = camera.settings
    camera.arm(None if live else 1)
    try:
        camera.grab(np.empty(settings.frame_shape, settings.frame_dtype), _PATIENCE)
    finally:
        camera.cancel()
