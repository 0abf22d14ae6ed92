"""`FramePreparation`: the checksum of a frame, and its compressed bytes, while other threads work as well."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from numpy.typing import NDArray

from qhy600_ophyd.datasets.checksums import counts_checksum
from qhy600_ophyd.datasets.compression import is_compressed
from qhy600_ophyd.datasets.storing.frame_encoder import frame_encoder

_WORTH_A_THREAD = 1 << 20
"""Bytes of a frame for which it pays to compute its checksum beside writing it; 0.1 ms of it."""


class FramePreparation:
    """What the frames of a file need beside being written.

    Parameters
    ----------
    counts
        The file's dataset.
    """

    def __init__(self, counts: Any):
        compressed = is_compressed(counts)
        self._encoder = frame_encoder(counts.shape[1:], counts.dtype) if compressed else None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="frame-checksum")

    def checksum(self, counts: NDArray[Any]) -> Callable[[], bytes]:
        """Begin with the checksum of a frame, C-contiguous; what is returned waits for it."""
        if counts.nbytes < _WORTH_A_THREAD:
            done = counts_checksum(counts)
            return lambda: done
        return self._pool.submit(counts_checksum, counts).result

    def chunk(self, counts: NDArray[Any]) -> NDArray[Any]:
        """The bytes of a frame as they go into the file; good until the next call."""
        return counts if self._encoder is None else self._encoder.encode(counts)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
        if self._encoder is not None:
            self._encoder.close()
