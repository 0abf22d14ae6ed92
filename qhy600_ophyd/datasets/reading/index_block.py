"""Blocks of HDF5's index of chunks, of which a killed program may have written the first pages only.

A file of a stream has one entry for each frame and one for each row, in blocks that grow with their number
("extensible array" in HDF5's File Format Specification 3.0). From some eight thousand entries on, or two
thousand of compressed frames, a block is longer than a page of the system's memory, and the write that a kill
ends may stop between two of them. Every entry is then as before or as after, or it is the one across both,
whose frame or row was never acknowledged; only the checksum over all of them fits neither. Nothing rests on
that checksum: rows and frames have their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qhy600_ophyd.datasets.lookup3 import lookup3
from qhy600_ophyd.datasets.stream_format import PAGE_BYTES

_HEADER = b"EAHD"
_BLOCKS = (b"EADB", b"EASB")
"""Of entries, and in very long files of blocks of them."""

_OWNER = slice(6, 14)
"""Address of the header, in a block."""

_ENTRY_BYTES, _NUMBER_BITS, _PAGE_BITS = 6, 7, 11
"""Places in a header: how long an entry is, how many bits number them, and how many of those a page takes."""

_MOST_PAGES = 64
"""Of one block: enough for a hundred million entries."""

_SUM_BYTES = 4


@dataclass(frozen=True, eq=False)
class _Index:
    """What its header says of an index: where a block's entries begin, and how long a page is.

    Long blocks are divided into pages (HDF5's own, longer than the system's) with a checksum each.
    """

    bare: int
    page: int

    @classmethod
    def of(cls, header: bytes) -> _Index:
        return cls(
            bare=_OWNER.stop + (header[_NUMBER_BITS] + 7) // 8 + _SUM_BYTES,
            page=(1 << header[_PAGE_BITS]) * header[_ENTRY_BYTES] + _SUM_BYTES,
        )


class IndexBlocks:
    """What has been seen of a file's indices while it was read.

    Parameters
    ----------
    read_at
        So many bytes of the file from an address on.
    """

    def __init__(self, read_at: Callable[[int, int], bytes]):
        self._read_at = read_at
        self._indices: dict[int, _Index] = {}

    def mend(self, start: int, data: memoryview) -> None:
        """Give a block of an index the checksum of what it holds; all else stays as it is.

        Parameters
        ----------
        start
            Address in the file.
        data
            What HDF5 read there: of its own, it reads one piece at a time, headers before blocks.
        """
        if data[: len(_HEADER)] == _HEADER and len(data) > _PAGE_BITS:
            self._indices[start] = _Index.of(bytes(data))
        written_at_once = start // PAGE_BYTES == (start + len(data) - 1) // PAGE_BYTES
        if not written_at_once and (self._owner(bytes(data[: _OWNER.stop])) or self._is_page(start, data)):
            data[-_SUM_BYTES:] = lookup3(bytes(data[:-_SUM_BYTES])).to_bytes(_SUM_BYTES, "little")

    def _owner(self, begin: bytes) -> _Index | None:
        """The index that a block belongs to, if one begins like this."""
        address = int.from_bytes(begin[_OWNER], "little")
        return self._indices.get(address) if begin[: len(_HEADER)] in _BLOCKS else None

    def _is_page(self, start: int, data: memoryview) -> bool:
        """Whether a block of one of the indices, whose pages are so long, lies before it."""
        return any(
            self._owner(self._read_at(place, _OWNER.stop)) is index
            for index in self._indices.values()
            if len(data) == index.page
            for place in range(start - index.bare, max(start - _MOST_PAGES * index.page, 0), -index.page)
        )
