"""Where a run was interrupted and resumed: which frame comes behind the gap, how long it is, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from qhy600_ophyd.datasets.reading.run_files import RunFiles
from qhy600_ophyd.datasets.reading.stream_file import StreamFile


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Between the last frame of a run that was interrupted and the first of the one that resumed it.

    Parameters
    ----------
    stream
        Name.
    frame
        Index in the stream of the first frame behind it; none before it: 0.
    seconds
        From the end of the exposure before to the start of the one behind, both in UTC as recorded; ``None``
        where one is not known.
    run, interrupted
        Uids of the bluesky runs behind it and before it.
    why
        How the run before it ended.
    """

    stream: str
    frame: int
    seconds: float | None
    run: str
    interrupted: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    def __str__(self) -> str:
        long = "of unknown length" if self.seconds is None else f"of {self.seconds:.1f} s"
        return f"{self.stream} frame {self.frame}: a gap {long} before it, after {self.why}"


def gaps_in(files: RunFiles, stream: str) -> tuple[Gap, ...]:
    """The gaps of a stream, in their order."""
    written = [file for file in files.segments(stream) if file.frames]
    found: list[Gap] = []
    frame = 0
    for before, behind in zip([None, *written], written, strict=False):
        if gap := _between(files, stream, before, behind, frame):
            found.append(gap)
        frame += behind.frames
    return tuple(found)


def _between(
    files: RunFiles, stream: str, before: StreamFile | None, behind: StreamFile, frame: int
) -> Gap | None:
    """A gap, if the two files are those of different runs; none of them before the first frame."""
    first = files.parts[0].uid if files.parts else ""
    own = str(behind.attributes.get("run_uid", ""))
    other = first if before is None else str(before.attributes.get("run_uid", ""))
    if own == other:
        return None
    uids = [part.uid for part in files.parts]
    # A run in between may have been killed before its first frame.
    interrupted = files.parts[uids.index(own) - 1] if own in uids[1:] else None
    seconds = None if before is None else _seconds(before, behind)
    return Gap(
        stream=stream,
        frame=frame,
        seconds=seconds,
        run=own,
        interrupted=other if interrupted is None else interrupted.uid,
        why="the run before ended" if interrupted is None else interrupted.end,
    )


def _seconds(before: StreamFile, behind: StreamFile) -> float | None:
    if not {"exposure_start", "exposure_end"} <= {*(before.rows.dtype.names or ())}:
        return None
    end, start = int(before.rows["exposure_end"][-1]), int(behind.rows["exposure_start"][0])
    return None if end < 0 or start < 0 else (start - end) / 1e9
