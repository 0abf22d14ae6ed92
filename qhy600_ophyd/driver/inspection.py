"""Looking at a frame for the damage that no return code tells of."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import Settings
from qhy600_ophyd.sensor import Geometry, Region

_SAMPLED_COLUMNS = 64
_TELLING_RANGE = 8
"""A row whose sample spans fewer counts (saturated, or dark in 8 bit) may be like another one."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a frame shows.

    Parameters
    ----------
    damage
        What is wrong, in words; empty if nothing is seen.
    zero
        All its counts are 0: what the library delivers when it has no frame.
    digest
        Of a sample of its counts; equal ones come from the same exposure.
    unverified
        What could not be looked at.
    """

    damage: str = ""
    zero: bool = False
    digest: bytes = b""
    unverified: tuple[str, ...] = ()


def inspect(
    counts: NDArray[Any], settings: Settings, geometry: Geometry, *, before: bytes | None = None
) -> Finding:
    """Look at a frame; costs a small part of its readout.

    Parameters
    ----------
    counts
        Shape ``(rows, columns)``.
    settings
        That it was taken with, complete.
    geometry
        Of the readout mode.
    before
        Digest of the frame before.

    Notes
    -----
    The columns between the dark ones and the image read exactly 0 on this camera, so that an image that was
    shifted on its way shows there; rows cannot repeat, since no two have the same noise; and a frame cannot
    be that of the exposure before.
    """
    assert settings.roi is not None
    kinds = geometry.x_region(settings.roi, settings.binning or 1)
    seeing = np.flatnonzero(kinds != Region.TRANSITION)
    empty = np.flatnonzero(kinds == Region.TRANSITION)
    if seeing.size and not _any(counts):
        return Finding(damage="all its counts are 0", zero=True)
    unverified = [] if empty.size else ["alignment"]
    if empty.size and counts[:, empty].any():
        return Finding(damage="columns that are always 0 are not: the image is shifted")
    sample = np.ascontiguousarray(counts[:, seeing[:_SAMPLED_COLUMNS]])
    digest = blake2b(sample.tobytes(), digest_size=16).digest()
    telling = _telling(sample)
    if telling.sum() > 1:
        if before == digest:
            return Finding(damage="it is the frame before once more", digest=digest)
        rows = sample[telling]
        if np.unique(rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))).size < len(rows):
            return Finding(damage="some of its rows are there twice", digest=digest)
    else:
        unverified.append("repetition")
    if telling.any() and not sample.any(axis=1).all():
        return Finding(damage="some of its rows are empty", digest=digest)
    return Finding(digest=digest, unverified=tuple(unverified))


def _any(counts: NDArray[Any]) -> bool:
    """Whether any count is above 0; a good frame shows it in its first rows."""
    return any(bool(counts[first : first + 64].any()) for first in range(0, len(counts), 64))


def _telling(sample: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows hold counts so far apart that two alike are no accident."""
    if sample.shape[1] < _SAMPLED_COLUMNS:
        return np.zeros(len(sample), bool)
    return sample.max(axis=1) - sample.min(axis=1) >= _TELLING_RANGE
