"""Checksums of frames and of the rows of the ledger. They show an accident; they do not keep out malice."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from qhy600_ophyd.datasets.attribute_text import text_of

if TYPE_CHECKING:
    import h5py

CHECKSUM_BYTES = 16


def counts_checksum(counts: NDArray[Any]) -> bytes:
    """XXH3 of 128 bits over the counts as they lie in memory, which must be C-contiguous; some 10 GB/s."""
    return xxhash.xxh3_128_digest(counts.data)


def row_checksum(*parts: bytes | memoryview) -> bytes:
    """BLAKE2b of 16 bytes over `parts`, one after the other."""
    checksum = blake2b(digest_size=CHECKSUM_BYTES)
    for part in parts:
        checksum.update(part)
    return checksum.digest()


def description_checksum(file: h5py.File, *, counts: str, columns: str) -> bytes:
    """What the first row of a file has in the place of the row before: a checksum of what the file is.

    Covers the stream, the number of its file, shape and type of the frames, the columns and the axes, so that
    a ledger belongs to one file and another description of it shows.

    Parameters
    ----------
    file
        With its skeleton.
    counts
        Where the frames are in it.
    columns
        As the ledger specifies them.
    """
    frames: Any = file[counts]
    segment: Any = file.attrs["segment"]
    about = [
        text_of(file.attrs["stream"]),
        int(segment),
        list(frames.shape[1:]),
        frames.dtype.str,
        columns,
    ]
    axes = [np.ascontiguousarray(file[name]).tobytes() for name in ("x", "y", "x_region", "y_region")]
    return row_checksum(json.dumps(about).encode(), *axes)
