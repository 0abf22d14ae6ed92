"""`GrowingFile`: one HDF5 file in SWMR mode, and the order in which a frame is written into it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5s, h5t
from numpy.typing import NDArray

from qhy600_ophyd.contract import Clock
from qhy600_ophyd.datasets.attribute_text import rewrite_text
from qhy600_ophyd.datasets.checksums import description_checksum
from qhy600_ophyd.datasets.ledger import COMMITTED, ROW_HASH, Ledger
from qhy600_ophyd.datasets.reason import reason
from qhy600_ophyd.datasets.storing.disk_room import DiskRoom, Fsync
from qhy600_ophyd.datasets.storing.file_skeleton import ROWS_PER_CHUNK
from qhy600_ophyd.datasets.storing.frame_preparation import FramePreparation
from qhy600_ophyd.datasets.stream_format import COUNTS, LEDGER, SEAL

REFUSALS = (OSError, RuntimeError)
"""What h5py raises where the system refuses: the second when it flushes and closes."""

RESERVE = 4 << 20
"""Bytes that are taken beyond a frame's, for all that HDF5 writes with it and when the file is closed.

More are taken for rows of more than 4 kB.

What follows the frame takes half of them only: where a frame has found room, its row will.
"""

_CACHE_BYTES = 64 << 10
"""Of each column, that HDF5 keeps in memory: the chunk that grows, and not those which nobody reads again."""


class GrowingFile:
    """An open file of one stream, from its skeleton to its last frame; one thread at a time.

    The counts go first, flushed, then the frame's row of the ledger, flushed. The columns for readers of
    plain xarray cost ten times the row, so those of frames that come fast wait and are written together.

    Parameters
    ----------
    path
        A file made by `make_skeleton`; it is opened and goes into SWMR mode.
    ledger
        Of the file's columns.
    column_interval
        Frames that come faster than this have their columns written together [s]; 0: never together.
    clock
        That the interval is measured on.
    fsync
        When what was written is brought to the disk.

    Raises
    ------
    OSError or RuntimeError
        Here and in every method: what the file system or HDF5 says.
    """

    def __init__(
        self, path: Path, ledger: Ledger, *, column_interval: float, clock: Clock, fsync: Fsync = "never"
    ):
        with ExitStack() as undo:
            self._room = DiskRoom(path, fsync=fsync)
            undo.callback(self._room.close)
            self._file = h5py.File(path, "r+", libver="latest", rdcc_nbytes=_CACHE_BYTES)
            undo.callback(self._file.close)
            self._file.swmr_mode = True
            self._counts: Any = self._file[COUNTS]
            self._rows: Any = self._file[LEDGER]
            self._scale: Any = self._file["frame"]
            self._columns: dict[str, Any] = {name: self._file[name] for name in ledger.columns}
            self._description = description_checksum(
                self._file, counts=COUNTS, columns=ledger.specification()
            )
            self._types = {name: h5t.py_create(column.dtype) for name, column in self._columns.items()}
            self._texts = [column for column in self._columns.values() if column.dtype.kind == "S"]
            self._ledger = ledger
            self._row_before = self._description
            self._interval = column_interval
            self._clock = clock
            self._waiting: list[NDArray[np.void]] = []
            self._columns_written = -math.inf  # the first frame never waits
            self._take_room()
            self._preparation = FramePreparation(self._counts)
            undo.pop_all()
        self.frames = 0
        """Frames that are there, each with its row."""
        self.broken = ""
        """Why a write failed that could not be taken back; empty while all is well."""

    def append(self, counts: NDArray[Any], row: NDArray[np.void]) -> None:
        """Write a frame and its row durably, with its checksums; a frame that fails is taken back.

        Parameters
        ----------
        counts
            Shape and type of the file's.
        row
            By `Ledger.row` for index `frames`, shape (1,); its checksums are filled in.

        Raises
        ------
        StoreError
            The file was removed or renamed.
        """
        self._room.check_there(self.frames)
        counts = np.ascontiguousarray(counts, self._counts.dtype)
        checksum = self._preparation.checksum(counts)
        try:
            try:
                self.write_counts(counts)
            finally:  # whatever happens, the counts are the caller's again afterwards
                counts_hash = checksum()
            own = self._ledger.seal(row, counts=counts_hash, before=self._row_before)
            self._waiting.append(row)
            self._take_room()
            if self._clock.monotonic() - self._columns_written >= self._interval:
                self.write_columns()
            self.write_row(row)
            self._room.sync()
        except BaseException:
            self._undo()
            raise
        self.frames += 1
        self._row_before = own

    def write_counts(self, counts: NDArray[Any]) -> None:
        """Write the counts of the next frame, C-contiguous, and flush them."""
        n = self.frames
        chunk = self._preparation.chunk(counts)
        self._take_room(chunk.nbytes)
        for column in self._texts:  # h5netcdf fills up short numbers, but not short texts
            column.id.set_extent((n + 1,))
        self._counts.id.set_extent((n + 1, *counts.shape))
        self._counts.id.write_direct_chunk((n, 0, 0), chunk)
        # SWMR keeps order within a dataset only: the counts must be there before their row is.
        for dataset in (*self._texts, self._counts):
            dataset.flush()

    def write_row(self, row: NDArray[np.void]) -> None:
        """Write the row of the next frame, which makes it count, and flush it."""
        self._rows.id.set_extent((self.frames + 1,))
        self._rows.id.write_direct_chunk((self.frames,), row)
        self._rows.flush()

    def write_columns(self) -> None:
        """Write the columns that wait, and flush them."""
        self._columns_written = self._clock.monotonic()
        if not self._waiting:
            return
        rows = np.concatenate(self._waiting)
        first = int(rows[COMMITTED][0]) - 1
        stop = first + len(rows)
        # Columns of one shape have one place in the file, and keep their type: to make these costs more than
        # to write.
        places: dict[tuple[int, ...], tuple[Any, Any]] = {}
        for name, column in self._columns.items():
            values = np.ascontiguousarray(rows[name])
            rest = values.shape[1:]
            if rest not in places:
                place = h5s.create_simple((stop, *rest))
                place.select_hyperslab((first, *(0 for _ in rest)), values.shape)
                places[rest] = h5s.create_simple(values.shape), place
            column.id.set_extent((stop, *rest))
            column.id.write(*places[rest], values, self._types[name])
            column.flush()
        self._waiting.clear()

    def catch_up(self) -> None:
        """Write the columns that wait, and flush; does nothing if none do or the file is broken.

        Raises
        ------
        StoreError
            The file was removed or renamed.
        """
        self._room.check_there(self.frames)
        if self._waiting and not self.broken:
            self._take_room()
            try:
                self.write_columns()
            except REFUSALS as error:
                self.broken = reason(error)
                raise

    def truncate(self, n: int) -> None:
        """Keep the first `n` frames only."""
        try:
            row_before = self._rows[n - 1][ROW_HASH].tobytes() if n else self._description
            self._cut(n)
            self._row_before = row_before
            self._flush_all()
        except BaseException as error:
            self.broken = reason(error)
            raise

    def rewrite(self, texts: Mapping[str, str]) -> None:
        """Change text attributes where they lie; one that is too long for its room stays as it was."""
        for name, text in texts.items():
            rewrite_text(self._file.attrs, name, text)
        self._flush_all()

    def close(self) -> None:
        """Write what waits, say how many frames there are, and give the file back whatever fails.

        The seal is the last of all: a file that has one is complete, up to the last row that it names.

        Raises
        ------
        StoreError
            The file was removed or renamed.
        """
        try:
            self._room.check_there(self.frames)
            if not self.broken:
                self._take_room()
                self.write_columns()
                self._scale.resize((self.frames,))
                self._file.flush()
                seal = {"frames": self.frames, "last_row": self._row_before.hex()}
                self.rewrite({SEAL: json.dumps(seal)})
        finally:
            try:
                self._file.close()
            finally:
                self._preparation.close()
                self._room.close()

    def _take_room(self, chunk: int | None = None) -> None:
        """Take room for a chunk of so many bytes, or for what follows it: its row, columns, and the close.

        Columns grow by a chunk of rows at a time, all of them with the same row.
        """
        row_bytes = self._ledger.dtype.itemsize
        spare = max(RESERVE // 2, 2 * ROWS_PER_CHUNK * row_bytes)
        beyond = spare if chunk is None else chunk + 2 * spare
        self._room.ensure(self._file.id.get_filesize() + (len(self._waiting) + 1) * row_bytes + beyond)

    def _flush_all(self) -> None:
        """Flush the whole file, and not one dataset.

        HDF5 may then cut it where its last page ends, which would take more time than a stream has, and the
        room behind is gone until it is taken again; if that is refused, what comes next will say so.
        """
        self._file.flush()
        with suppress(*REFUSALS):
            self._take_room()

    def _cut(self, n: int) -> None:
        """Shorten everything to `n` frames, the ledger first, so that no row is ever without its frame."""
        for dataset in (self._rows, *self._columns.values(), self._counts):
            if dataset.shape[0] > n:
                dataset.resize(n, axis=0)
                if dataset is self._rows:
                    dataset.flush()
                    self.frames = min(self.frames, n)
        self._waiting = [row for row in self._waiting if row[COMMITTED][0] <= n]

    def _undo(self) -> None:
        """Take back a frame that could not be written whole."""
        try:
            self._cut(self.frames)
        except REFUSALS as error:
            self.broken = reason(error)
