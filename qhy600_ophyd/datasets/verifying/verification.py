"""`verify`: whether a run has all its frames, each once, in order, and as they were taken."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from qhy600_ophyd.contract import RunDamaged
from qhy600_ophyd.datasets.attribute_text import text_of
from qhy600_ophyd.datasets.reading.opening import DAMAGE, read_patiently, reading
from qhy600_ophyd.datasets.reason import reason
from qhy600_ophyd.datasets.run_record import RUN_FILE, read_run_json, runs_in
from qhy600_ophyd.datasets.stream_format import EARLIER_SCHEMAS, LEDGER, SCHEMA, WITHOUT_CHECKSUMS
from qhy600_ophyd.datasets.verifying.document_check import announced_findings, joint_findings
from qhy600_ophyd.datasets.verifying.findings import Finding, Verification
from qhy600_ophyd.datasets.verifying.frame_check import frame_findings, read_frames
from qhy600_ophyd.datasets.verifying.ledger_check import LedgerRows, read_ledger
from qhy600_ophyd.datasets.verifying.repetition import (
    ReadFile,
    alike_by_nature,
    repeated_checksums,
    repetitions,
)
from qhy600_ophyd.datasets.verifying.row_check import row_findings
from qhy600_ophyd.datasets.verifying.sequence_gaps import Numbers, host_gaps, known_losses, sequence_findings


def verify(run: str | PathLike[str] | Any) -> Verification:
    """Hold every row and frame of a run against its checksum, its neighbours and the camera's numbers.

    Each frame is read once, into the same memory; some hundred bytes are kept of each. The run may be
    finished, growing, or left by a kill: what is wrong with one that grows is looked at again before it is
    told. The checksums show accidents and not malice: who wants to can compute them anew.

    Parameters
    ----------
    run
        Its folder, any file in it, or the dataset that `open_run` made of it.

    Returns
    -------
    Verification
        What is wrong, and what could not be proved. Damage is a finding.

    Raises
    ------
    RunDamaged
        There is no such path, or nothing of a run in it.
    """
    path = getattr(run, "attrs", {}).get("path") or run
    place = Path(path).expanduser().absolute()
    if not place.exists():
        raise RunDamaged(f"{place} does not exist. Give a run's folder or a file in it")
    folder = place if place.is_dir() else place.parent
    look = _Look(folder)
    verification = look.verification()
    if verification.ok or not look.growing:
        return verification
    # A frame may have been cut while it was read; what is really wrong stays so.
    again = _Look(folder).verification()
    return replace(again, findings=tuple(f for f in again.findings if f in verification.findings))


class _Look:
    """One look at all files of a run's folder."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._findings: list[Finding] = []
        self._notes: list[str] = []
        self._streams: dict[tuple[str, str], list[LedgerRows]] = {}
        self._unread: set[str] = set()
        self._frames = 0
        files = sorted(folder.glob("*.h5"))
        if not files and not (folder / RUN_FILE).exists():
            raise RunDamaged(f"{folder} is not a run: it holds neither {RUN_FILE} nor an .h5 file of frames")
        for path in files:
            self._read_ledger(path)
        for ledgers in self._streams.values():
            ledgers.sort(key=lambda rows: rows.segment)

    @property
    def growing(self) -> bool:
        """Whether a file was not closed."""
        return any(rows.seal is None for rows in self._ledgers())

    def verification(self) -> Verification:
        """Read the frames, and say what was found in all."""
        repeated = repeated_checksums(self._ledgers())
        files: list[ReadFile] = []
        by_hardware = 0
        for (stream, _), ledgers in self._streams.items():
            first = 0
            for rows in ledgers:
                self._add(row_findings(rows), stream, first)
                if (file := self._read_frames(rows, first, repeated)) is not None:
                    files.append(file)
                    self._add(frame_findings(rows, file.frames), stream, first)
                first += len(rows)
            gaps = 0
            for before, of_one_run in _by_run(ledgers):
                numbers = Numbers.of(_joined(of_one_run))
                by_hardware += int(numbers.from_hardware.sum())
                self._add(known_losses(numbers), stream, before)
                self._add(sequence_findings(numbers), stream, before)
                gaps += host_gaps(numbers)
            self._note_gaps(stream, gaps)
            self._frames += first
        self._findings += repetitions(files, repeated)
        resumed = self._hold_against_documents()
        self._note(files, by_hardware, resumed)
        return Verification(
            path=self._folder,
            frames=self._frames,
            numbered_by_hardware=by_hardware,
            findings=tuple(_in_order(self._findings)),
            notes=tuple(self._notes),
        )

    def _ledgers(self) -> Iterator[LedgerRows]:
        for ledgers in self._streams.values():
            yield from ledgers

    def _read_ledger(self, path: Path) -> None:
        try:
            found = read_patiently(path, lambda file: _ledger_in(file, path))
        except RunDamaged as error:
            self._damaged(path, str(error).removesuffix(". Restore it from a copy"))
            return
        if isinstance(found, LedgerRows):
            self._streams.setdefault((found.stream, found.device), []).append(found)
        elif found is None:
            self._notes.append(f"{path.name} is no stream of frames, and was left out")
        else:
            self._frames += found
            self._unread.add(_stream_of(path))
            what = f"{path.name} was written before rows and frames had checksums"
            self._findings.append(Finding(kind="unverifiable", stream=_stream_of(path), what=what))

    def _read_frames(self, rows: LedgerRows, first: int, repeated: frozenset[bytes]) -> ReadFile | None:
        try:
            with reading(rows.path) as file:
                frames = read_frames(file, rows, repeated=repeated.__contains__)
        except (RunDamaged, *DAMAGE) as error:
            self._damaged(rows.path, f"the frames of {rows.path.name} cannot be read: {reason(error)}")
        else:
            return ReadFile(rows=rows, frames=frames, first=first)
        return None

    def _damaged(self, path: Path, what: str) -> None:
        stream = _stream_of(path)
        self._unread.add(stream)
        kind = "truncated" if "truncated" in what else "damaged"
        self._findings.append(Finding(kind=kind, stream=stream, what=what))

    def _add(self, findings: Iterable[Finding], stream: str, first: int) -> None:
        """Take findings of one file, whose frames are counted from its first, as those of its stream."""
        for finding in findings:
            frame = None if finding.frame is None else finding.frame + first
            self._findings.append(replace(finding, stream=stream, frame=frame))

    def _hold_against_documents(self) -> frozenset[str]:
        """Every event that was announced has its frame, and what was resumed is still there.

        Returns
        -------
        frozenset of str
            Uids of the runs that were resumed.
        """
        try:
            content = read_run_json(self._folder / RUN_FILE)
        except RunDamaged as error:
            self._findings.append(Finding(kind="damaged", what=str(error), advice="See to the documents"))
            return frozenset()
        parts, ledgers = runs_in(content) if content else [], list(self._ledgers())
        self._findings += announced_findings(parts, ledgers, unread=self._unread)
        self._findings += joint_findings(parts, ledgers, unread=self._unread)
        for part in parts[-1:]:
            stop: Mapping[str, Any] = part["stop"]
            if stop.get("exit_status", "success") != "success":
                why = f": {stop['reason']}" if stop.get("reason") else ""
                self._notes.append(f"the run ended with {stop['exit_status']!r}{why}")
        if len(parts) > 1:
            self._notes.append(
                f"the run was resumed {len(parts) - 1} time{'s' if len(parts) > 2 else ''}; what the camera "
                "exposed in between, and nobody stored, is not missed"
            )
        return frozenset(str(part["start"].get("uid", "")) for part in parts[:-1])

    def _note_gaps(self, stream: str, gaps: int) -> None:
        if gaps:
            self._notes.append(
                f"{stream}: {gaps} exposures that the host numbered have no frame here: ended, failed, taken "
                "to check the camera, or kept in another stream"
            )

    def _note(self, files: Sequence[ReadFile], by_hardware: int, resumed: frozenset[str]) -> None:
        """What the checks could not show."""
        for rows in self._ledgers():
            if rows.seal is None and rows.run not in resumed:
                self._notes.append(
                    f"{rows.path.name} was not closed: it still grows, or its program was killed. Frames "
                    "that were never acknowledged are not missed"
                )
        if alike := alike_by_nature(files):
            self._notes.append(
                f"{alike} frames are so even (saturated, or without noise) that a repetition would not show"
            )
        if by_hardware < self._frames:
            self._notes.append(
                f"{self._frames - by_hardware} of {self._frames} frames are numbered by the host alone, "
                "which counts what reached it"
            )


def _ledger_in(file: h5py.File, path: Path) -> LedgerRows | int | None:
    """The rows of a stream's file; without checksums, how many there are; of another file, nothing."""
    schema = text_of(file.attrs.get("schema", b""))
    if schema == WITHOUT_CHECKSUMS:
        rows: Any = file[LEDGER]
        return rows.shape[0]
    return read_ledger(file, path) if schema in (SCHEMA, *EARLIER_SCHEMAS) else None


def _joined(ledgers: Sequence[LedgerRows]) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of a stream; the number in a row that is not as it was written is not known."""
    columns = {name: np.concatenate([rows.kept[name] for rows in ledgers]) for name in ledgers[0].kept}
    whole = np.concatenate([rows.whole for rows in ledgers])
    return {**columns, "sequence": np.where(whole, columns["sequence"], -1)}


def _by_run(ledgers: Sequence[LedgerRows]) -> Iterator[tuple[int, list[LedgerRows]]]:
    """The files of a stream that one bluesky run wrote, and how many frames stand before them.

    A run that resumes another has a camera that was opened anew, which counts from the beginning.
    """
    first = 0
    for _, group in itertools.groupby(ledgers, key=lambda rows: rows.run):
        of_one_run = list(group)
        yield first, of_one_run
        first += sum(map(len, of_one_run))


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By stream and frame; what was seen in several ways is told once."""
    first: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        what = finding.what if finding.frame is None else ""
        first.setdefault((finding.stream, finding.kind, finding.frame, what), finding)
    return sorted(first.values(), key=lambda f: (f.stream, -1 if f.frame is None else f.frame))


def _stream_of(path: Path) -> str:
    """The stream of a file that does not say it itself: ``primary_2.h5`` goes on with ``primary.h5``."""
    return re.sub(r"_\d+$", "", path.stem)
