"""What is known of a run that was interrupted: what of it there is, and how it was set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import COLUMNS, ResumeRefused, RunDamaged
from qhy600_ophyd.datasets.ledger import ROW_HASH, Ledger
from qhy600_ophyd.datasets.reading.run_files import RunFiles
from qhy600_ophyd.datasets.reading.stream_file import StreamFile
from qhy600_ophyd.datasets.verifying.document_check import state_of
from qhy600_ophyd.plans import FrameLabel


@dataclass(frozen=True, kw_only=True)
class InterruptedRun:
    """A run that can be gone on with.

    Parameters
    ----------
    files
        All that is there of it, read once.
    """

    files: RunFiles

    @classmethod
    def find(cls, path: Path) -> InterruptedRun:
        """The run that `path`, a folder or a file in it, belongs to.

        Raises
        ------
        ResumeRefused
            It is complete, nobody knows what it was to take, or its files are of another version.
        RunDamaged
            There is nothing of a run, or a file of it cannot be read, so that nobody knows what was taken.
        """
        files = RunFiles.find(path, frames_needed=False)
        for damaged, why in files.damaged.items():
            raise RunDamaged(f"resume refused, since nobody can tell what {damaged.name} holds: {why}")
        run = cls(files=files)
        if not run.start.get("uid"):
            raise ResumeRefused(
                f"resume of {files.folder} refused: it has no start document, which says what it was to take."
                " Runs have one where the camera is told of documents: RE.subscribe(camera.on_document)"
            )
        if files.stop.get("exit_status") == "success":
            raise ResumeRefused(
                f"resume of {files.folder} refused: it is complete, with {len(run.rows)} frames and exit "
                "status 'success'. Run its plan again to have more"
            )
        for file in run.written:
            if file.rows.dtype != Ledger(COLUMNS).dtype:
                raise ResumeRefused(
                    f"resume of {files.folder} refused: {file.path.name} is of a version that records other "
                    "columns. Go on with that version, or run the plan again"
                )
        return run

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.files.folder

    @property
    def start(self) -> Mapping[str, Any]:
        """Start document of the run that was interrupted first."""
        return self.files.start

    @property
    def uid(self) -> str:
        """Of that run."""
        return str(self.start["uid"])

    @property
    def written(self) -> list[StreamFile]:
        """Its files that hold frames, in the order in which they were begun."""
        every = [file for files in self.files.streams.values() for file in files if file.frames]
        return sorted(every, key=lambda file: file.segment)

    @property
    def rows(self) -> NDArray[np.void]:
        """The rows of all its frames, shape ``(frames,)``; of none, of shape ``(0,)``."""
        rows = [file.rows for file in self.written]
        return np.concatenate(rows) if rows else np.empty(0, np.dtype([("started", "i8")]))

    @property
    def labels(self) -> list[FrameLabel]:
        """What its frames are called."""
        return [
            FrameLabel(
                stream=file.stream,
                kind=row["frame_kind"].decode(),
                step=int(row["step"]),
                repeat=int(row["repeat"]),
            )
            for file in self.written
            for row in file.rows
        ]

    @property
    def states(self) -> list[dict[str, Any]]:
        """What a resumed run notes of each of its files."""
        return [
            state_of(file.path.name, file.frames, file.rows[ROW_HASH][-1].tobytes()) for file in self.written
        ]
