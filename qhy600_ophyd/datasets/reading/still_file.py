"""A file that may be growing, as its bytes are now: for HDF5 it is one that nobody writes.

HDF5 opens a file that its writer has not closed in SWMR mode only, and there it waits without end for a
writer to mend whatever does not fit its checksum. After a kill there is no writer, and whoever reads a
damaged file would hang. So the mark of the writer is taken out of what HDF5 gets to see, and what does not
fit is an error at once. A growing file can be read in this way too, since in SWMR mode its writer lets
nothing refer to what is not there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qhy600_ophyd.datasets.reading.index_block import IndexBlocks
from qhy600_ophyd.datasets.superblock import SUPERBLOCK_BYTES, at_rest

_AHEAD = 4096
"""Bytes up to which HDF5 may read on behind a piece of its own, for which it does not know the size yet."""


class StillFile:
    """The bytes of a file for h5py's driver for Python files, read only.

    Parameters
    ----------
    path
        Of an HDF5 file whose superblock begins with its first byte.

    Raises
    ------
    FileNotFoundError
        It is not there.
    OSError
        It is no such file, or its superblock is damaged.
    """

    def __init__(self, path: Path):
        self._file = path.open("rb", buffering=0)
        self._place = 0
        try:
            size = self._size()
            self._superblock, beyond = at_rest(self._file.read(SUPERBLOCK_BYTES), size=size)
            self._end = size + beyond
            self._index = IndexBlocks(self._read_at) if beyond else None
        except BaseException:
            self._file.close()
            raise

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; the end is where HDF5 saw it first: a file that grows may be cut in between."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._end}
        self._place = start[whence] + offset
        return self._place

    def tell(self) -> int:
        """The present place."""
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the present place on, as far as there are bytes.

        Raises
        ------
        OSError
            There are not as many as there should be.
        """
        view, start, done = memoryview(buffer).cast("B"), self._place, 0
        self._file.seek(min(start, self._size()))
        while done < len(view) and (size := self._file.readinto(view[done:])):
            done += size
        if done < len(view) and (done == 0 or len(view) > _AHEAD):
            raise OSError(f"truncated file: it ends {len(view) - done} bytes too early")
        self._place += done
        covered = min(max(SUPERBLOCK_BYTES - start, 0), done)
        view[:covered] = self._superblock[start : start + covered]
        if self._index is not None:
            self._index.mend(start, view[:done])
        return done

    def read(self, size: int) -> bytes:
        """The next `size` bytes, as far as there are."""
        data = bytearray(size)
        return bytes(data[: self.readinto(data)])

    def _read_at(self, place: int, size: int) -> bytes:
        self._file.seek(place)
        return self._file.read(size)

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def flush(self) -> None:
        """Nothing is written."""

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __enter__(self) -> StillFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
