"""`rerun`: a run taken once more from what it says of itself, and held against the first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from qhy600_ophyd.bench.again.comparison import (
    COSTS,
    LABELS,
    differing_columns,
    differing_entries,
    differing_frames,
    differing_numbers,
    differing_shapes,
)
from qhy600_ophyd.bench.again.recorded import plan_of, profile_of
from qhy600_ophyd.bench.again.recorded_truth import RecordedTruth
from qhy600_ophyd.bench.again.restoring import restore
from qhy600_ophyd.bench.bench import Bench
from qhy600_ophyd.contract import CameraLost, PlanNotRebuilt, QHY600Error
from qhy600_ophyd.datasets import RunFolders, open_run
from qhy600_ophyd.datasets.reading.run_files import RunFiles

_OWN = {
    *("uid", "time", "scan_id", "plan_type", "plan_name", "plan_args", "detectors", "motors", "num_points"),
    *("hints", "versions", "software", "code", "host", "clocks", "device", "profile", "settings_before"),
    *("metadata_schema", "operator", "reruns", "resumes"),
}
"""Entries of a start document that the new run makes for itself."""


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """A run and the one that was taken again from it.

    Parameters
    ----------
    first
        Folder of the run that was there.
    folder
        Of the new one.
    identical
        Whether every frame has the same counts and the same labels; ``None`` for a real camera, whose counts
        differ by nature.
    differences
        What is not alike, a line each: versions, identity, settings, frames.
    notes
        How it was done, where that matters for the comparison.
    """

    first: Path
    folder: Path
    identical: bool | None
    differences: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def run(self) -> xr.Dataset:
        """The new run, lazily loaded."""
        return open_run(self.folder)

    @property
    def failed(self) -> bool:
        """Whether frames differ that should not."""
        return self.identical is False

    def as_json(self) -> dict[str, Any]:
        """Plain values; paths as text, and ``identical`` null where counts cannot be compared."""
        return {
            "reruns": str(self.first),
            "run": str(self.folder),
            "identical": self.identical,
            "differences": list(self.differences),
            "notes": list(self.notes),
        }

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        verdict = {
            True: "identical: every frame has the same counts and labels",
            False: "NOT identical",
            None: "not comparable by counts: a real camera never gives the same twice",
        }
        yield f"reruns    {self.first}"
        yield f"run       {self.folder}"
        yield f"result    {verdict[self.identical]}"
        yield from (f"differs   {difference}" for difference in self.differences)
        yield from (f"note      {note}" for note in self.notes)


def rerun(
    run: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Rerun:
    """Take a run once more and compare: the same bench, settings, set point, light and plan.

    A simulated camera exposes what the recorded one did, from the truth that lies beside the run: the run
    comes out the same bit for bit, whatever the first camera had done before, at whatever pace it went, and
    whatever went wrong; it costs no time. Without that file the camera starts anew, and may differ.

    Parameters
    ----------
    run
        Its folder, or any file in it.
    output
        Folder for the new run; without it, where the first one lies.
    progress
        Show a bar of events; ``None``: on a terminal and in a notebook.

    Returns
    -------
    Rerun

    Raises
    ------
    RunDamaged
        There is no such run.
    PlanNotRebuilt
        It does not say enough of itself, or its plan is not of this package.
    ProfileError
        Its profile is no longer understood.
    QHY600Error
        The plan failed, where the first one did not.
    """
    files = RunFiles.find(Path(run))
    start = files.start
    ended_well = files.stop.get("exit_status") == "success"
    rows = [file.rows for segments in files.streams.values() for file in segments]
    truth = RecordedTruth.of(files.folder, profile_of(start), rows=rows)
    bench = Bench(truth.profile, output=files.folder.parent if output is None else output)
    begun: list[str] = []
    bench.RE.subscribe(lambda _, document: begun.append(document["uid"]), "start")
    metadata = {key: value for key, value in start.items() if key not in _OWN}
    with bench:
        restore(bench, start.get("settings_before") or {})
        truth.prepare(bench)
        plan = plan_of(start, bench)
        try:
            # A run that a lost camera has ended for good was lost once more than it came back.
            returns = truth.losses if ended_well else truth.losses - 1
            _to_its_end(bench, plan, {**metadata, "reruns": start["uid"]}, returns, progress)
        except QHY600Error:
            if ended_well or not begun:
                raise
    folder = RunFolders(bench.folder).folder_of(begun[0]) if begun else None
    if folder is None:
        raise PlanNotRebuilt(
            f"the plan of {files.folder} took no frame this time: there is nothing to compare"
        )
    return _compared(files, folder, truth)


def _to_its_end(
    bench: Bench, plan: Any, metadata: Mapping[str, Any], returns: int, progress: bool | None
) -> None:
    """Run the plan, and connect a camera again as often as that was done then."""
    try:
        bench.run(plan, progress=progress, **metadata)
        return
    except CameraLost:
        if returns < 1:
            raise
    while True:
        returns -= 1
        try:
            bench.reconnect(resume=True, progress=progress)
            return
        except CameraLost:
            if returns < 1:
                raise


def _compared(files: RunFiles, folder: Path, truth: RecordedTruth) -> Rerun:
    """Both runs, stream by stream."""
    again = RunFiles.find(folder)
    counts = truth.profile.camera.backend != "sdk"
    others = [
        line
        for name in ("software", "code", "device")
        for line in differing_entries(name, files.start.get(name) or {}, again.start.get(name) or {})
    ]
    unlike: list[str] = []
    for stream in sorted({*files.streams, *again.streams}):
        if stream not in files.streams or stream not in again.streams:
            unlike.append(f"stream {stream!r} is in one of the runs only")
            continue
        before, after = open_run(files.folder, stream=stream), open_run(folder, stream=stream)
        unlike += [*differing_numbers(before, after), *differing_columns(before, after, LABELS)]
        unlike += differing_frames(before, after) if counts else differing_shapes(before, after)
        others += differing_columns(before, after, COSTS)
    return Rerun(
        first=files.folder,
        folder=folder,
        identical=not unlike if counts else None,
        differences=(*others, *unlike),
        notes=truth.notes,
    )
