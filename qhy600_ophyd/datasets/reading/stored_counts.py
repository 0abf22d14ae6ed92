"""`StoredCounts`: the frames of an open file, raw or compressed, and a damaged one as an error."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.datasets.chunk_framing import framing_fault
from qhy600_ophyd.datasets.compression import is_compressed, load_filter
from qhy600_ophyd.datasets.reading.chunk_place import chunk_of
from qhy600_ophyd.datasets.stream_format import COUNTS


class StoredCounts:
    """The counts of a stream's file.

    A compressed frame is looked at before HDF5 decompresses it, which a damaged one could make crash.

    Parameters
    ----------
    file
        Open, of the schema of streams.

    Attributes
    ----------
    dataset
        h5py's.
    """

    def __init__(self, file: h5py.File):
        self.dataset: Any = file[COUNTS]
        self._compressed = is_compressed(self.dataset)
        if self._compressed:
            load_filter()

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """As of h5py's dataset.

        Raises
        ------
        OSError
            A frame is damaged, or the file ends before it does.
        """
        if self._compressed:
            first = key[0] if isinstance(key, tuple) and key else key
            for place in np.atleast_1d(np.arange(self.dataset.shape[0])[first]).tolist():
                self._refuse_damage(place)
        return self.dataset[key]

    def read_into(self, frame: NDArray[Any], place: int) -> None:
        """Read the frame of index `place` into memory that is there.

        Raises
        ------
        OSError
            It is damaged, or the file ends before it does.
        """
        if self._compressed:
            self._refuse_damage(place)
        self.dataset.read_direct(frame, np.s_[place])

    def _refuse_damage(self, place: int) -> None:
        if chunk_of(self.dataset, place).byte_offset is None:
            return  # nothing was written, and it reads as zeros
        _, height, width = self.dataset.shape
        left_out, chunk = self.dataset.id.read_direct_chunk((place, 0, 0))
        itemsize = self.dataset.dtype.itemsize
        if not left_out and (fault := framing_fault(chunk, height * width * itemsize, itemsize)):
            raise OSError(fault)
