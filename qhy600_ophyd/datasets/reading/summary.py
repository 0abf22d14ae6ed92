"""What a run holds, without reading a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

import numpy as np

from qhy600_ophyd.contract import SETTING_NAMES
from qhy600_ophyd.datasets.reading.gaps import Gap, gaps_in
from qhy600_ophyd.datasets.reading.run_files import RunFiles
from qhy600_ophyd.datasets.reading.stream_file import StreamFile
from qhy600_ophyd.datasets.run_lock import is_being_written


@dataclass(frozen=True, kw_only=True)
class StreamSummary:
    """One stream of a run.

    Parameters
    ----------
    frames
        Committed frames in all its files.
    shape, dtype
        Of one frame.
    settings
        Each setting that is known, as it was: ``"0.1–2 s"`` or the names that occurred.
    """

    frames: int
    shape: tuple[int, int]
    dtype: str
    settings: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """A run at a glance.

    Parameters
    ----------
    path
        Its folder.
    plan, uid, operator, purpose
        From the start document; empty where it does not say.
    time
        When it began, UTC.
    exit_status
        As bluesky gave it, of the last that resumed it; ``None`` while the run goes on or after a kill.
    being_written
        Whether a program that lives is at it, as far as locks of files can tell.
    resumed
        How often it was resumed.
    gaps
        Where it was interrupted.
    streams
        By name.
    size
        Bytes on disk.
    """

    path: Path
    plan: str
    uid: str
    operator: str
    purpose: str
    time: datetime | None
    exit_status: str | None
    being_written: bool
    resumed: int
    gaps: tuple[Gap, ...]
    streams: Mapping[str, StreamSummary]
    size: int

    @property
    def frames(self) -> int:
        """Frames of all streams."""
        return sum(stream.frames for stream in self.streams.values())


def summarize(path: str | PathLike[str]) -> RunSummary:
    """What the run in a folder, or any file of it, holds.

    Raises
    ------
    RunDamaged
        It is not a run, or is damaged.
    """
    files = RunFiles.find(Path(path))
    first = next(iter(files.streams.values()))[0]
    start, stop = files.start, files.stop
    began = start.get("time")
    return RunSummary(
        path=files.folder,
        plan=str(start.get("plan_name", "")),
        uid=str(start.get("uid", first.attributes.get("run_uid", ""))),
        operator=str(start.get("operator", "")),
        purpose=str(start.get("purpose", "")),
        time=None if began is None else datetime.fromtimestamp(float(began), UTC),
        exit_status=stop.get("exit_status"),
        being_written=is_being_written(files.folder),
        resumed=max(len(files.parts) - 1, 0),
        gaps=tuple(gap for name in files.streams for gap in gaps_in(files, name)),
        streams={name: _stream(files.segments(name)) for name in files.streams},
        size=sum(file.stat().st_size for file in files.folder.iterdir() if file.is_file()),
    )


def _stream(segments: tuple[StreamFile, ...]) -> StreamSummary:
    first = segments[0]
    rows = np.concatenate([segment.rows for segment in segments])
    settings: dict[str, str] = {}
    for field in first.columns:
        if field.name in SETTING_NAMES and (text := _range(rows[field.name], field.unit, field.missing)):
            settings[field.name] = text
    return StreamSummary(frames=len(rows), shape=first.shape, dtype=str(first.dtype), settings=settings)


def _range(values: np.ndarray, unit: str, missing: object) -> str:
    """The values that are known, in words; empty if none is."""
    if values.ndim > 1:
        places = {tuple(int(part) for part in value) for value in values if value[2] > 0}
        return ", ".join(str(place) for place in sorted(places))
    if values.dtype.kind == "S":
        return ", ".join(sorted(value.decode() for value in set(values.tolist()) if value))
    if isinstance(missing, bool):
        return ", ".join("yes" if value else "no" for value in sorted(set(values.tolist())))
    known = values[np.isfinite(values)]
    if known.size == 0:
        return ""
    low, high = f"{known.min():g}", f"{known.max():g}"
    return (low if low == high else f"{low}–{high}") + ("" if unit in ("", "1") else f" {unit}")
