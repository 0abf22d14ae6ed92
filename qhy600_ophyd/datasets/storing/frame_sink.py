"""`HDF5FrameSink`: frames of one stream into one netCDF-4 file that can be read while it grows."""

from __future__ import annotations

import errno
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from qhy600_ophyd.contract import Address, Clock, Frame, Layout, StoreError, SystemClock
from qhy600_ophyd.contract.store import DocumentKind
from qhy600_ophyd.datasets.compression import Compression, check_compression
from qhy600_ophyd.datasets.event_log import append_event, event_log_path
from qhy600_ophyd.datasets.ledger import Ledger
from qhy600_ophyd.datasets.reason import reason
from qhy600_ophyd.datasets.run_record import RunRecord
from qhy600_ophyd.datasets.storing.disk_room import Fsync, check_fsync
from qhy600_ophyd.datasets.storing.document_attributes import document_attributes, rewrite_closed
from qhy600_ophyd.datasets.storing.file_skeleton import make_skeleton
from qhy600_ophyd.datasets.storing.growing_file import REFUSALS, RESERVE, GrowingFile
from qhy600_ophyd.datasets.stream_format import COUNTS


class HDF5FrameSink:
    """One stream of frames in one HDF5 file in SWMR mode, with checksums that `verify` holds it against.

    `append` writes the counts and flushes them, then the frame's row of the ledger and flushes that: a kill
    at any moment leaves every frame that was acknowledged, and none in part. It is a kill of the process
    that this survives; a loss of power is left to the operating system. The columns for
    readers of plain xarray cost ten times the ledger's row, so frames that come faster than
    `column_interval` have them written together: with a later frame, with the event, or at `close`.

    Parameters
    ----------
    path
        The file to make; nothing may be there.
    record
        The run's documents; without it they are kept in the file's attributes only.
    segment
        Which of the stream's files this is, from 1.
    column_interval
        Frames that come faster than this have their columns written together [s]; 0: never together.
    compression
        Of the counts: ``"none"`` or ``"bitshuffle-lz4"``.
    fsync
        When frames are brought to the disk: ``"never"``, at ``"close"``, or with each ``"frame"``.
    clock
        That the interval is measured on.

    Raises
    ------
    StoreError
        There is no such compression or policy.
    """

    def __init__(
        self,
        path: Path,
        *,
        record: RunRecord | None = None,
        segment: int = 1,
        column_interval: float = 0.25,
        compression: Compression = "none",
        fsync: Fsync = "never",
        clock: Clock | None = None,
    ):
        check_compression(compression)
        check_fsync(fsync)
        self.path = Path(path).absolute()
        self._record = record
        self._segment = segment
        self._interval = column_interval
        self._compression: Compression = compression
        self._fsync: Fsync = fsync
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._file: GrowingFile | None = None
        self._layout: Layout | None = None
        self._kept = 0
        self._sequences: list[int] = []  # of the frames that are there, and perhaps of one that failed

    def __repr__(self) -> str:
        state = "not opened" if self._layout is None else "closed" if self._file is None else "open"
        return f"<HDF5FrameSink {self.path.name}: {self.committed} frames, {state}>"

    def open(self, stream: str, layout: Layout) -> None:
        """Make the file, complete but without frames, and go into SWMR mode.

        Raises
        ------
        StoreError
            The file is there already, the folder cannot be written, or a column is of variable length.
        """
        if self._layout is not None:
            raise StoreError(f"{self.path} was opened before. Make another sink for another stream")
        self._ledger = Ledger(layout.columns)
        if self.path.exists():
            raise StoreError(
                f"{self.path} exists already and is not overwritten. Move it, or start a new run"
            )
        # Under another name until it is whole, so that a kill here leaves nothing that looks like a stream.
        part = self.path.with_name(self.path.name + ".part")
        made = False
        try:
            part.unlink(missing_ok=True)
            make_skeleton(
                part,
                stream=stream,
                segment=self._segment,
                layout=layout,
                ledger=self._ledger,
                compression=self._compression,
            )
            part.replace(self.path)
            made = True
            file = GrowingFile(
                self.path,
                self._ledger,
                column_interval=self._interval,
                clock=self._clock,
                fsync=self._fsync,
            )
        except REFUSALS as error:
            part.unlink(missing_ok=True)
            if made:  # no frame is in it
                self.path.unlink(missing_ok=True)
            raise StoreError(
                f"{self.path} cannot be made ({reason(error)}). Choose another folder"
            ) from error
        self._file, self._layout = file, layout
        device = layout.attributes.get("device", "")
        self._own = frozenset(f"{device}_{name}" for name in self._ledger.columns)

    def append(self, frame: Frame) -> None:
        """Store a frame and its row; when this returns, a killed process loses neither.

        Raises
        ------
        StoreError
            The disk is full or fails, the frame is of another shape or type, or its row does not fit the
            columns. The frames before it are kept, and when there is room again appending can go on.
        """
        with self._lock:
            file, layout = self._opened("append to"), self._layout_of_open()
            n = file.frames
            if frame.counts.shape != layout.shape or frame.counts.dtype != np.dtype(layout.dtype):
                raise StoreError(
                    f"frame of {frame.counts.shape} {frame.counts.dtype} refused: {self.path.name} holds "
                    f"{layout.shape} {layout.dtype}. Start another stream or a new run"
                )
            row = self._ledger.row(frame.row, n)
            self._sequences[n:] = row["sequence"].tolist() if "sequence" in self._ledger.columns else [-1]
            self._require_space(frame.counts.nbytes)
            try:
                file.append(frame.counts, row)
            except REFUSALS as error:
                raise StoreError(
                    f"frame {n + 1} could not be written to {self.path} ({reason(error)}). "
                    f"The {n} frames before it are kept; {_way_out(error)}"
                ) from error

    @property
    def committed(self) -> int:
        """Frames stored."""
        return self._kept if self._file is None else self._file.frames

    def truncate(self, n: int) -> None:
        """Forget every frame after the first `n`; readers of a growing file see them go.

        Raises
        ------
        StoreError
            There are fewer than `n`, or the disk fails.
        """
        with self._lock:
            file = self._opened("truncate")
            if not 0 <= n <= self.committed:
                raise StoreError(f"cannot keep {n} frames of {self.path.name}: it holds {self.committed}")
            if n == self.committed:
                return
            with self._refused(f"cannot be cut to {n} frames"):
                file.truncate(n)

    def annotate(self, kind: DocumentKind, document: Mapping[str, Any]) -> None:
        """Keep a document: all but events in ``run.json``, and all but descriptors in the file as well.

        Of an event, what other devices read goes to ``<stream>.events.jsonl`` with the index of its frame.
        After `close` the file is opened once more for its attributes; a reader that holds it is left in
        peace, and ``run.json`` alone has the document then.

        Raises
        ------
        StoreError
            The run's folder cannot be written, or the sink was never opened.
        """
        with self._lock:
            self._layout_of_open()
            if kind == "event":
                self._keep_event(document)
                return
            if self._record is not None:
                self._record.keep(kind, document)
            if kind == "descriptor":
                return
            texts = document_attributes(kind, document)
            if self._file is None:
                rewrite_closed(self.path, texts)
                return
            with self._refused("cannot be told what the run says of itself"):
                self._file.rewrite(texts)

    def close(self) -> None:
        """Write the columns that wait and finish the file; does nothing when closed.

        Raises
        ------
        StoreError
            The disk is full or fails: the frames are kept and can be read as after a kill.
        """
        with self._lock:
            if self._file is None:
                return
            file, self._file, self._kept = self._file, None, self._file.frames
            try:
                with self._refused("could not be finished"):
                    file.close()
            finally:
                if self._record is not None:
                    self._record.release()

    def address(self) -> Address:
        """Where the frames are."""
        layout = self._layout_of_open()
        return Address(
            uri=self.path.as_uri().replace("file://", "file://localhost", 1),
            mimetype="application/x-hdf5",
            counts=COUNTS,
            chunk_shape=(1, *layout.shape),
            compression="" if self._compression == "none" else self._compression,
        )

    def _keep_event(self, event: Mapping[str, Any]) -> None:
        append_event(event_log_path(self.path), event, own=self._own, frame=self._frame_of(event))
        if self._file is not None:
            with self._refused("cannot be written"):
                self._file.catch_up()

    @contextmanager
    def _refused(self, what: str) -> Iterator[None]:
        try:
            yield
        except REFUSALS as error:
            kept = f"Its {self.committed} frames are kept: open_run reads them"
            raise StoreError(f"{self.path} {what} ({reason(error)}). {kept}") from error

    def _opened(self, verb: str) -> GrowingFile:
        if self._file is None:
            raise StoreError(f"cannot {verb} {self.path}: it is not open")
        if self._file.broken:
            raise StoreError(
                f"cannot {verb} {self.path}: writing to it failed ({self._file.broken}). Close it; "
                f"its {self.committed} frames are kept"
            )
        return self._file

    def _layout_of_open(self) -> Layout:
        if self._layout is None:
            raise StoreError(f"{self.path} was never opened. Call open(stream, layout) first")
        return self._layout

    def _require_space(self, nbytes: int) -> None:
        try:
            free = shutil.disk_usage(self.path.parent).free
        except FileNotFoundError:
            return  # the folder is gone, which the file tells with its frames
        if free < nbytes + RESERVE:
            raise StoreError(
                f"disk full: a frame needs {nbytes / 1e6:.1f} MB and {self.path.parent} has {free / 1e6:.1f} "
                f"MB left. The {self.committed} frames before it are kept; free some space and go on"
            )

    def _frame_of(self, event: Mapping[str, Any]) -> int:
        """Index of the frame that an event tells of: the last one with its sequence number, or the last."""
        layout = self._layout_of_open()
        sequence = event.get("data", {}).get(f"{layout.attributes.get('device', '')}_sequence")
        for index in range(self.committed - 1, -1, -1):
            if sequence is None or self._sequences[index] == sequence:
                return index
        return self.committed - 1


def _way_out(error: BaseException) -> str:
    if getattr(error, "errno", None) == errno.EFBIG:
        return "files may not be longer here: take fewer frames in a stream, or choose another folder"
    return "free some space or choose another folder"
