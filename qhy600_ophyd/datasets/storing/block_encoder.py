"""`BlockEncoder`: frames compressed in threads by PyPI's bitshuffle, in the framing of HDF5's filter."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.datasets.chunk_framing import HEADER, block_counts, most_bytes

_GROUP = 1 << 21
"""Bytes that a thread compresses at once: whole blocks, few enough that memory is used again and again."""

_MOST_THREADS = 4
"""More have not been tried; two compress a whole frame in 0.04 s."""

_OPENMP = "OMP_NUM_THREADS"


class BlockEncoder:
    """Compresses groups of blocks side by side, which one after the other are the same as all at once.

    Parameters
    ----------
    shape, dtype
        Of a frame.

    Raises
    ------
    ImportError
        The library is not there, or does not load.
    """

    def __init__(self, shape: tuple[int, int], dtype: np.dtype[Any]):
        itemsize = dtype.itemsize
        self._block = block_counts(itemsize)
        self._group = max(_GROUP // (self._block * itemsize), 1) * self._block
        nbytes = shape[0] * shape[1] * itemsize
        self._header = np.frombuffer(HEADER.pack(nbytes, self._block * itemsize), np.uint8)
        self._chunk = np.empty(most_bytes(nbytes, itemsize), np.uint8)
        self._compress_lz4 = _bitshuffle()
        threads = min(os.cpu_count() or 1, _MOST_THREADS)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="compress-frames")

    def encode(self, counts: NDArray[Any]) -> NDArray[np.uint8]:
        """The chunk of a frame; the next call overwrites it."""
        flat = counts.reshape(-1)
        groups = [flat[first : first + self._group] for first in range(0, flat.size, self._group)]
        end = len(self._header)
        self._chunk[:end] = self._header
        # One group is not worth a thread.
        compressed = (self._pool.map if len(groups) > 1 else map)(self._compress, groups)
        for part in compressed:
            self._chunk[end : end + len(part)] = part
            end += len(part)
        return self._chunk[:end]

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _compress(self, counts: NDArray[Any]) -> NDArray[np.uint8]:
        return self._compress_lz4(counts, self._block)


def _bitshuffle() -> Callable[[NDArray[Any], int], NDArray[np.uint8]]:
    """The function of the library, which is kept from beginning threads of its own.

    Its OpenMP waits by turning in a loop, which takes several times as long as soon as anything else wants a
    processor. It asks how many threads it may have when it is loaded, and nobody else uses its copy of it.
    """
    given = os.environ.get(_OPENMP)
    os.environ[_OPENMP] = "1"
    try:
        from bitshuffle import compress_lz4
    finally:
        if given is None:
            del os.environ[_OPENMP]
        else:
            os.environ[_OPENMP] = given
    return compress_lz4
