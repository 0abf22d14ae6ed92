"""`RunFolders`: the default store of frames, one folder a run."""

from __future__ import annotations

import os
import re
import secrets
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qhy600_ophyd.contract import Clock, Layout, StoreError, SystemClock
from qhy600_ophyd.contract.store import DocumentKind
from qhy600_ophyd.datasets.compression import Compression, check_compression
from qhy600_ophyd.datasets.reason import reason
from qhy600_ophyd.datasets.run_record import RunRecord
from qhy600_ophyd.datasets.storing.disk_room import Fsync, check_fsync
from qhy600_ophyd.datasets.storing.frame_sink import HDF5FrameSink


class RunFolders:
    """Makes open sinks, a folder for each run.

    ``<time>_<plan>_<uid8>/`` holds ``primary.h5``, a file for each other stream, and ``run.json``. A stream
    that is opened again in the same run goes on in ``primary_2.h5``, and so does a run whose start document
    ``resumes`` an earlier one, in that one's folder. Without a start document each sink has a folder of its
    own, named after the stream.

    Parameters
    ----------
    root
        Folder of all runs, ``~`` allowed; made when the first run begins.
    compression
        Of the counts: ``"none"``, or ``"bitshuffle-lz4"``, which loses nothing and whose readers need
        ``import hdf5plugin``.
    fsync
        When frames are brought to the disk, which a loss of power survives: ``"never"``, at ``"close"``, or
        with each ``"frame"``. A killed process loses nothing in any case.
    clock
        For the names of runs without a start document.

    Raises
    ------
    StoreError
        There is no such compression or policy.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        compression: Compression = "none",
        fsync: Fsync = "never",
        clock: Clock | None = None,
    ):
        check_compression(compression)
        check_fsync(fsync)
        self.root = Path(root).expanduser().absolute()
        self._compression: Compression = compression
        self._fsync: Fsync = fsync
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._records: weakref.WeakValueDictionary[Path, RunRecord] = weakref.WeakValueDictionary()
        self._sinks: weakref.WeakKeyDictionary[HDF5FrameSink, str] = weakref.WeakKeyDictionary()
        """Those that were made, each with the uid of its run."""
        self._known: dict[str, Path] = {}
        """Folders that are not found by the uid of a run."""

    def __repr__(self) -> str:
        return f"RunFolders({str(self.root)!r})"

    def __call__(self, stream: str, layout: Layout) -> HDF5FrameSink:
        """An open sink for one stream of the run that ``layout.start`` begins.

        Raises
        ------
        StoreError
            The folder cannot be written.
        """
        with self._lock:
            folder = self._folder(stream, layout)
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"{folder} cannot be made ({reason(error)}). Choose a folder that can be written"
                ) from error
            record = self._record(folder)
            record.hold()  # until the sink is closed
            try:
                if layout.start:
                    record.keep("start", layout.start)
                path, segment = _free_place(folder, _file_safe(stream))
                sink = HDF5FrameSink(
                    path, record=record, segment=segment, compression=self._compression, fsync=self._fsync
                )
                sink.open(stream, layout)
            except BaseException:
                record.release()
                raise
            self._sinks[sink] = str((layout.start or {}).get("uid", ""))
            return sink

    def annotate(self, uid: str, kind: DocumentKind, document: Mapping[str, Any]) -> None:
        """Keep a document in ``run.json`` and in the files of a run that this store has made.

        Parameters
        ----------
        uid
            Of the run.
        kind, document
            As `HDF5FrameSink.annotate` takes them.

        Raises
        ------
        StoreError
            The folder cannot be written.
        """
        with self._lock:
            sinks = [sink for sink, run in self._sinks.items() if run == uid]
        for sink in sinks:
            sink.annotate(kind, document)

    def check_writable(self) -> None:
        """Find out before a run whether its folder can be made; nothing is made.

        Raises
        ------
        StoreError
            It cannot; names what is in the way.
        """
        place = next(p for p in (self.root, *self.root.parents) if p.exists())
        if not place.is_dir():
            raise StoreError(f"{self.root} cannot be made: {place} is a file. Choose another folder")
        if not os.access(place, os.W_OK):
            raise StoreError(
                f"{self.root} cannot be written: {place} is read-only here. Choose another folder"
            )

    def folder_of(self, uid: str) -> Path | None:
        """The folder of the run that began with that uid; ``None`` if it has no frames here."""
        return self._known.get(uid) or next(iter(self.root.glob(f"*_{uid[:8]}")), None)

    @contextmanager
    def going_on_in(self, folder: Path, uid: str) -> Iterator[RunRecord]:
        """Have runs that resume `uid` written into `folder`, and nobody else writing there meanwhile.

        Parameters
        ----------
        folder
            Of the run to be resumed, whatever it is called by now.
        uid
            Of that run.

        Yields
        ------
        RunRecord
            For the documents of a run that may have no frame left to take.

        Raises
        ------
        StoreError
            It is being written.
        """
        with self._lock:
            record = self._record(folder)
            record.hold()
            self._known[uid] = folder
        try:
            yield record
        finally:
            record.release()

    def _record(self, folder: Path) -> RunRecord:
        record = self._records.get(folder)
        if record is None:
            record = self._records[folder] = RunRecord(folder)
        return record

    def _folder(self, stream: str, layout: Layout) -> Path:
        start = layout.start or {}
        resumed = self.folder_of(str(start["resumes"])) if start.get("resumes") else None
        if resumed is None:
            return self.root / self._folder_name(stream, layout)
        self._known[str(start.get("uid"))] = resumed
        return resumed

    def _folder_name(self, stream: str, layout: Layout) -> str:
        start = layout.start or {}
        seconds = start.get("time", self._clock.utc_ns() / 1e9)
        when = datetime.fromtimestamp(float(seconds), UTC).strftime("%Y%m%dT%H%M%S")
        what = _file_safe(str(start.get("plan_name") or stream))
        which = str(start.get("uid") or secrets.token_hex(4))[:8]
        return f"{when}_{what}_{which}"


def _free_place(folder: Path, name: str) -> tuple[Path, int]:
    path, segment = folder / f"{name}.h5", 1
    while path.exists():
        segment += 1
        path = folder / f"{name}_{segment}.h5"
    return path, segment


def _file_safe(name: str) -> str:
    """`name` without what some file system does not take."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "unnamed"
