"""How a compressed frame is laid out: the framing of HDF5's bitshuffle filter with LZ4.

A frame's length and that of a block (big-endian, 8 and 4 bytes); then each block as its compressed length
(4 bytes) and its bytes; then, as they are, the counts that are left over where their number does not divide
by eight. See ``bshuf_h5filter.c`` and ``bitshuffle.c`` of bitshuffle 0.5.
"""

from __future__ import annotations

import struct

HEADER = struct.Struct(">QI")
_LENGTH = struct.Struct(">I")

_TARGET = 8192
"""Bytes in a block, which the filter aims at."""

_MULTIPLE = 8
"""Counts of which the bits are exchanged together."""

_FEWEST = 128
"""Counts in a block, at least."""

_LZ4_OVERHEAD = 16
"""Bytes by which LZ4 may lengthen what it cannot compress, beside one in 255."""


def block_counts(itemsize: int) -> int:
    """Counts in a block, as the filter chooses it for counts of `itemsize` bytes."""
    return max(_TARGET // itemsize // _MULTIPLE * _MULTIPLE, _FEWEST)


def most_bytes(nbytes: int, itemsize: int) -> int:
    """Bytes that a frame of `nbytes` may take, compressed."""
    block = block_counts(itemsize) * itemsize
    blocks = nbytes // block + 1
    return HEADER.size + nbytes + blocks * (block // 255 + _LZ4_OVERHEAD + _LENGTH.size)


def framing_fault(chunk: bytes, nbytes: int, itemsize: int) -> str:
    """What is wrong with the framing of a compressed frame of `nbytes`; empty if nothing is.

    The filter believes each length that it reads and follows it, out of its memory as well. So this is asked
    before the filter gets to see a chunk.
    """
    if len(chunk) < HEADER.size:
        return f"{len(chunk)} bytes are no compressed frame"
    if not any(chunk[: HEADER.size]):
        return "there are zeros in the place of its compressed bytes"
    block, least = block_counts(itemsize) * itemsize, _MULTIPLE * itemsize
    if HEADER.unpack_from(chunk) != (nbytes, block):
        return "its compressed bytes do not begin as those of such a frame"
    left_over = nbytes % least
    place, end = HEADER.size, len(chunk) - left_over
    for _ in range(nbytes // block + (nbytes % block >= least)):
        if place + _LENGTH.size > end:
            return "its compressed bytes end too early"
        place += _LENGTH.size + _LENGTH.unpack_from(chunk, place)[0]
    return "" if place == end else "its compressed blocks are not as long as they say"
