"""`HDF5FrameSink`: frames of one stream into one netCDF-4 file that can be read while it grows."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5s
from numpy.typing import NDArray

from qhy600_ophyd.contract import Address, Clock, Frame, Layout, StoreError, SystemClock
from qhy600_ophyd.contract.store import DocumentKind
from qhy600_ophyd.datasets.event_log import append_event, event_log_path
from qhy600_ophyd.datasets.file_skeleton import (
    COUNTS,
    LEDGER,
    START_BYTES,
    STOP_BYTES,
    UID_BYTES,
    make_skeleton,
    rewrite_text,
)
from qhy600_ophyd.datasets.json_text import json_text
from qhy600_ophyd.datasets.ledger import Ledger
from qhy600_ophyd.datasets.run_record import RunRecord

_RESERVE = 4 << 20
"""Bytes that an append leaves free, so that the file's own bookkeeping still fits on a full disk."""


class HDF5FrameSink:
    """One stream of frames in one HDF5 file in SWMR mode.

    `append` writes the counts and flushes them, then the frame's row of the ledger and flushes that: a kill
    between any two writes leaves every frame that was acknowledged, and none that was not. It is a kill
    of the process that this survives; a loss of power is left to the operating system. The columns for
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
    clock
        That the interval is measured on.
    """

    def __init__(
        self,
        path: Path,
        *,
        record: RunRecord | None = None,
        segment: int = 1,
        column_interval: float = 0.01,
        clock: Clock | None = None,
    ):
        self.path = Path(path).absolute()
        self._record = record
        self._segment = segment
        self._interval = column_interval
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._file: h5py.File | None = None
        self._layout: Layout | None = None
        self._broken = ""
        self._sequences: list[int] = []
        self._waiting: list[NDArray[np.void]] = []
        self._columns_written = self._clock.monotonic()

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
        try:
            part.unlink(missing_ok=True)
            make_skeleton(part, stream=stream, segment=self._segment, layout=layout, ledger=self._ledger)
            part.replace(self.path)
            file = h5py.File(self.path, "r+", libver="latest")
            file.swmr_mode = True
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StoreError(
                f"{self.path} cannot be made ({reason(error)}). Choose another folder"
            ) from error
        self._file, self._layout = file, layout
        self._counts: Any = file[COUNTS]
        self._rows: Any = file[LEDGER]
        self._frames: Any = file["frame"]
        self._columns: dict[str, Any] = {name: file[name] for name in self._ledger.columns}
        self._texts = [column for column in self._columns.values() if column.dtype.kind == "S"]
        self._own = frozenset(f"{layout.attributes.get('device', '')}_{name}" for name in self._columns)

    def append(self, frame: Frame) -> None:
        """Store a frame and its row; when this returns, a killed process loses neither.

        Raises
        ------
        StoreError
            The disk is full or fails, the frame is of another shape or type, or its row does not fit the
            columns. The frames before it are kept, and when there is room again appending can go on.
        """
        with self._lock:
            file, layout, n = self._opened("append to"), self._layout_of_open(), self.committed
            if frame.counts.shape != layout.shape or frame.counts.dtype != np.dtype(layout.dtype):
                raise StoreError(
                    f"frame of {frame.counts.shape} {frame.counts.dtype} refused: {self.path.name} holds "
                    f"{layout.shape} {layout.dtype}. Start another stream or a new run"
                )
            row = self._ledger.row(frame.row, n)
            self._require_space(frame.counts.nbytes)
            try:
                self._write_counts(n, np.ascontiguousarray(frame.counts))
                self._waiting.append(row)
                if self._clock.monotonic() - self._columns_written >= self._interval:
                    self._write_columns()
                self._write_row(n, row)
                file.flush()
            except OSError as error:
                self._undo(n, error)
            self._sequences.append(int(row["sequence"][0]) if "sequence" in self._columns else -1)

    @property
    def committed(self) -> int:
        """Frames stored."""
        return len(self._sequences)

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
            try:
                self._cut(n)
                file.flush()
            except OSError as error:
                self._broken = reason(error)
                raise StoreError(f"{self.path} cannot be cut to {n} frames ({self._broken})") from error
            del self._sequences[n:]

    def annotate(self, kind: DocumentKind, document: Mapping[str, Any]) -> None:
        """Keep a document: start, descriptor and stop in ``run.json``, start and stop in the file as well.

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
            if kind != "descriptor":
                self._write_attributes(_attribute_texts(kind, document))

    def close(self) -> None:
        """Write the columns that wait and finish the file; does nothing when closed.

        Raises
        ------
        StoreError
            The disk is full or fails: the frames are kept and can be read as after a kill.
        """
        with self._lock:
            file, self._file = self._file, None
            if file is None:
                return
            try:
                if not self._broken:
                    self._write_columns()
                    self._frames.resize((self.committed,))
                file.close()
            except (OSError, RuntimeError) as error:
                raise StoreError(
                    f"{self.path} could not be finished ({reason(error)}). "
                    f"Its {self.committed} frames are kept: open_run reads them"
                ) from error

    def address(self) -> Address:
        """Where the frames are."""
        layout = self._layout_of_open()
        return Address(
            uri=self.path.as_uri().replace("file://", "file://localhost", 1),
            mimetype="application/x-hdf5",
            counts=COUNTS,
            chunk_shape=(1, *layout.shape),
        )

    def _keep_event(self, event: Mapping[str, Any]) -> None:
        append_event(event_log_path(self.path), event, own=self._own, frame=self._frame_of(event))
        if self._file is not None and self._waiting and not self._broken:
            try:
                self._write_columns()
                self._file.flush()
            except OSError as error:
                self._broken = reason(error)
                raise StoreError(
                    f"{self.path} cannot be written ({self._broken}). Its {self.committed} frames are kept"
                ) from error

    def _opened(self, verb: str) -> h5py.File:
        if self._file is None:
            raise StoreError(f"cannot {verb} {self.path}: it is not open")
        if self._broken:
            raise StoreError(
                f"cannot {verb} {self.path}: writing to it failed ({self._broken}). Close it; "
                f"its {self.committed} frames are kept"
            )
        return self._file

    def _layout_of_open(self) -> Layout:
        if self._layout is None:
            raise StoreError(f"{self.path} was never opened. Call open(stream, layout) first")
        return self._layout

    def _require_space(self, nbytes: int) -> None:
        free = shutil.disk_usage(self.path.parent).free
        if free < nbytes + _RESERVE:
            raise StoreError(
                f"disk full: a frame needs {nbytes / 1e6:.1f} MB and {self.path.parent} has {free / 1e6:.1f} "
                f"MB left. The {self.committed} frames before it are kept; free some space and go on"
            )

    def _write_counts(self, n: int, counts: NDArray[Any]) -> None:
        for column in self._texts:  # h5netcdf fills up short numbers, but not short texts
            column.id.set_extent((n + 1,))
        self._counts.id.set_extent((n + 1, *counts.shape))
        self._counts.id.write_direct_chunk((n, 0, 0), counts)
        # SWMR keeps order within a dataset only: the counts must be there before their row is.
        self._opened("append to").flush()

    def _write_row(self, n: int, row: NDArray[np.void]) -> None:
        self._rows.id.set_extent((n + 1,))
        self._rows.id.write_direct_chunk((n,), row)

    def _write_columns(self) -> None:
        self._columns_written = self._clock.monotonic()
        if not self._waiting:
            return
        rows = np.concatenate(self._waiting)
        first = int(rows["committed"][0]) - 1
        stop = first + len(rows)
        for name, column in self._columns.items():
            values = np.ascontiguousarray(rows[name])
            place = h5s.create_simple((stop, *values.shape[1:]))
            place.select_hyperslab((first, *(0 for _ in values.shape[1:])), values.shape)
            column.id.set_extent((stop, *values.shape[1:]))
            column.id.write(h5s.create_simple(values.shape), place, values)
        self._waiting.clear()

    def _cut(self, n: int) -> None:
        """Shorten everything to `n` frames, the ledger first, so that no row is ever without its frame."""
        for dataset in (self._rows, *self._columns.values(), self._counts):
            if dataset.shape[0] > n:
                dataset.resize(n, axis=0)
                if dataset is self._rows:
                    dataset.flush()
        self._waiting = [row for row in self._waiting if row["committed"][0] <= n]

    def _undo(self, n: int, error: OSError) -> None:
        """Take back a frame that could not be written, and say so."""
        try:
            self._cut(n)
        except (OSError, RuntimeError):
            self._broken = reason(error)
        raise StoreError(
            f"frame {n + 1} could not be written to {self.path} ({reason(error)}). "
            f"The {n} frames before it are kept; free some space or choose another folder"
        ) from error

    def _frame_of(self, event: Mapping[str, Any]) -> int:
        """Index of the frame that an event tells of: the last one with its sequence number, or the last."""
        layout = self._layout_of_open()
        sequence = event.get("data", {}).get(f"{layout.attributes.get('device', '')}_sequence")
        for index in range(self.committed - 1, -1, -1):
            if sequence is None or self._sequences[index] == sequence:
                return index
        return self.committed - 1

    def _write_attributes(self, texts: Mapping[str, str]) -> None:
        if self._file is not None:
            for name, text in texts.items():
                rewrite_text(self._file.attrs, name, text)
            self._file.flush()
            return
        try:
            with h5py.File(self.path, "r+", libver="latest") as file:
                file.swmr_mode = True
                for name, text in texts.items():
                    rewrite_text(file.attrs, name, text)
        except OSError:
            return  # a reader holds the file, or it was moved away


def reason(error: BaseException) -> str:
    """Why the file system refused, on one line."""
    strerror = getattr(error, "strerror", None)
    return str(strerror or error).splitlines()[0]


def _attribute_texts(kind: str, document: Mapping[str, Any]) -> dict[str, str]:
    """The attributes that a start or stop document fills, cut to the room that was made for them."""
    if kind == "stop":
        text = json_text(document)
        if len(text.encode()) > STOP_BYTES and document.get("reason"):
            text = json_text({**document, "reason": str(document["reason"])[: STOP_BYTES // 8]})
        return {"stop": text}
    uid = str(document.get("uid", "")).encode()[:UID_BYTES].decode(errors="ignore")
    text = json_text(document)
    return {"run_uid": uid, "start": text} if len(text.encode()) <= START_BYTES else {"run_uid": uid}
