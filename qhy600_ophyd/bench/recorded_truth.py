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
        if not path.exists():
            return cls(profile, None, (f"{path.name} is not there: the camera started anew, and may differ",))
        try:
            return cls(profile, without_retaken(TruthFile(path).script, rows))
        except RunDamaged as damage:
            return cls(profile, None, (f"{damage}: the camera started anew, and may differ",))

    @property
    def losses(self) -> int:
        """How often the camera was lost during the run."""
        if self._script is None:
            return 0
        struck = [record.faults for record in self._script.records]
        struck += [s.faults for s in self._script.strikes if s.call not in ("fetch", "fetch_live")]
        return sum(bool(_LOSSES.intersection(faults)) for faults in struck)

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


def without_retaken(script: Script, rows: Sequence[NDArray[np.void]]) -> Script:
    """The script without exposures whose frames were cut from the run, and taken again after a pause.

    Parameters
    ----------
    script
        Of the run.
    rows
        Of its ledgers, one array a file.
    """
    records = sorted(script.records, key=lambda record: record.inputs.frame)
    cut: set[int] = set()
    last = -1
    for start, retaken, kept in sorted(row for each in rows for row in _times(each)):
        nearest = min(range(len(records)), key=lambda n: abs(records[n].exposure_start - start), default=-1)
        if retaken > 0:
            cut |= set(range(last + 1, nearest - kept + 1))
        last = nearest
    return replace(script, records=tuple(record for n, record in enumerate(records) if n not in cut))


def _times(rows: NDArray[np.void]) -> list[tuple[int, int, int]]:
    """Of each row: start of its exposure, frames that were cut before it, and exposures that it took."""
    if rows.dtype.names is None or not {"retaken", "exposure_start"} <= {*rows.dtype.names}:
        return []
    exposures = 1 + np.maximum(rows["retries"], 0) + np.maximum(rows["discarded"], 0)
    return [
        (int(start), int(retaken), int(taken))
        for start, retaken, taken in zip(rows["exposure_start"], rows["retaken"], exposures, strict=True)
    ]


def _one_frame(camera: Camera, *, live: bool) -> None:
    """A frame that nobody keeps."""
    settings = camera.settings
    camera.arm(None if live else 1)
    try:
        camera.grab(np.empty(settings.frame_shape, settings.frame_dtype), _PATIENCE)
    finally:
        camera.cancel()
