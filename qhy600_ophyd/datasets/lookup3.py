"""The checksum that HDF5 has on its own pieces of a file."""

from __future__ import annotations

_MASK = 0xFFFFFFFF


def lookup3(data: bytes) -> int:
    """Bob Jenkins' checksum of 32 bits (lookup3.c, 2006: ``hashlittle`` from 0), as HDF5 has on metadata."""
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    place = 0
    while len(data) - place > 12:
        a, b, c = _mix(*_added((a, b, c), data[place : place + 12]))
        place += 12
    if place == len(data):
        return c
    a, b, c = _added((a, b, c), data[place:].ljust(12, b"\0"))
    for x, y, turn in ((2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24)):
        words = [a, b, c]
        words[x] = ((words[x] ^ words[y]) - _turned(words[y], turn)) & _MASK
        a, b, c = words
    return c


def _added(words: tuple[int, int, int], data: bytes) -> tuple[int, int, int]:
    """Twelve bytes as three numbers, added to the words."""
    a, b, c = (
        word + int.from_bytes(data[4 * n : 4 * n + 4], "little") & _MASK for n, word in enumerate(words)
    )
    return a, b, c


def _mix(a: int, b: int, c: int) -> tuple[int, int, int]:
    for turn in (4, 6, 8, 16, 19, 4):
        a = ((a - c) & _MASK) ^ _turned(c, turn)
        c = (c + b) & _MASK
        a, b, c = b, c, a
    return a, b, c


def _turned(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _MASK
