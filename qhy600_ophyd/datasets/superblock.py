"""The first bytes of an HDF5 file, by which it says whether somebody writes it and where it ends."""

from __future__ import annotations

from pathlib import Path

from qhy600_ophyd.datasets.lookup3 import lookup3

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_VERSION = 3
"""Of the superblock, which files have that can be read while they grow."""

SUPERBLOCK_BYTES = 48
_OPEN_FLAGS = 11
"""Place of the byte in which a writer leaves its mark."""

_END = slice(28, 36)
"""Place of the address where the file ends, which its writer sets when it closes the file."""

_ROOM = 1 << 44
"""Bytes by which a growing file may grow while it is read."""

_SUM = slice(44, 48)


def stated_end(superblock: bytes) -> int | None:
    """Where a file ends by its superblock; ``None`` if its writer has not closed it, or it is damaged."""
    try:
        still, beyond = at_rest(superblock, size=0)
    except OSError:
        return None
    return None if beyond or still[len(_SIGNATURE)] != _VERSION else _number(still[_END])


def is_closed(path: Path) -> bool:
    """Whether the writer of a file has closed it; False also if that cannot be told."""
    with path.open("rb") as file:
        return stated_end(file.read(SUPERBLOCK_BYTES)) is not None


def at_rest(superblock: bytes, *, size: int) -> tuple[bytes, int]:
    """A superblock without the mark of a writer, and how far behind its real end it lets the file end."""
    if len(superblock) < SUPERBLOCK_BYTES:
        raise OSError(f"truncated file: {len(superblock)} bytes are left of it")
    if superblock[: len(_SIGNATURE)] != _SIGNATURE:
        raise OSError("file signature not found")
    if superblock[len(_SIGNATURE)] != _VERSION:
        return superblock, 0
    if lookup3(superblock[: _SUM.start]) != _number(superblock[_SUM]):
        raise OSError("its first bytes are damaged")
    if superblock[_OPEN_FLAGS] == 0:
        return superblock, 0
    still = bytearray(superblock)
    still[_OPEN_FLAGS] = 0
    still[_END] = (size + _ROOM).to_bytes(8, "little")
    still[_SUM] = lookup3(bytes(still[: _SUM.start])).to_bytes(4, "little")
    return bytes(still), _ROOM


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
