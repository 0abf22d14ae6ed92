"""Where randomness comes from: keys made of the seed, the frame's number and what the numbers are for."""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b

_PATTERN = -1
"""In place of a frame's number: what belongs to the chip and is the same in every frame."""


class Purpose(IntEnum):
    """What random numbers are drawn for."""

    PATTERN = 0
    ELECTRONS = 1
    START_DELAY = 3
    FAULT = 4


def key(seed: int, purpose: Purpose, frame: int = _PATTERN, which: int = 0) -> int:
    """A number of 64 bits, the same for the same four on any machine."""
    return hashed(f"{seed} {int(purpose)} {frame} {which}")


def hashed(text: str, *, size: int = 8) -> int:
    """A number of `size` bytes, the same for the same text on any machine (BLAKE2b)."""
    return int.from_bytes(blake2b(text.encode(), digest_size=size).digest(), "little")


def fraction(seed: int, purpose: Purpose, frame: int, which: int = 0) -> float:
    """A number from 0 to 1, uniformly distributed over frames."""
    return key(seed, purpose, frame, which) / 2**64
