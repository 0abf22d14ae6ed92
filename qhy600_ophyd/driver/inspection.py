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
_NEIGHBOURS = 9
"""Rows over which it is judged how much rows differ there."""

_ALIKE = 0.5
"""Greatest part of its counts that a row may share with the next one and still tell something: rows of 64
counts, of which each is equal to its neighbour with this chance, are equal by accident once in 2^64."""


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
        Shape ``(rows, columns)``; of a frame that begins with a header, the rows below it.
    settings
        That it was taken with, complete.
    geometry
        Of the readout mode.
    before
        Digest of the frame before.

    Notes
    -----
    The columns between the dark ones and the image read exactly 0 on this camera, so that an image that was
    shifted on its way shows there. Rows cannot repeat, and a frame cannot be that of the exposure before,
    since noise makes no two alike: but only where it moves the counts. Saturated rows, and rows in 8 bit with
    little noise, are alike by nature; a frame with such rows says that it could not be looked at there.
    """
    assert settings.roi is not None
    kinds = geometry.x_region(settings.roi, settings.binning or 1)
    empty = np.flatnonzero(kinds == Region.TRANSITION)
    seeing = np.flatnonzero(kinds != Region.TRANSITION)
    if not counts.size:
        return Finding(unverified=("alignment", "repetition"))
    if seeing.size and not _any(counts):
        return Finding(damage="all its counts are 0", zero=True)
    if empty.size and counts[:, empty].any():
        return Finding(damage="columns that are always 0 are not: the image is shifted")
    unverified = [] if empty.size else ["alignment"]
    sample = np.ascontiguousarray(counts[:, _telling_columns(kinds)])
    digest = blake2b(sample.tobytes(), digest_size=16).digest()
    telling = _telling_rows(sample)
    if telling.sum() < 2:
        return Finding(digest=digest, unverified=(*unverified, "repetition"))
    if before == digest:
        return Finding(damage="it is the frame before once more", digest=digest)
    rows = sample[telling]
    if not rows.any(axis=1).all():
        return Finding(damage="some of its rows are empty", digest=digest)
    if np.unique(rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))).size < len(rows):
        return Finding(damage="some of its rows are there twice", digest=digest)
    if not telling.all():
        unverified.append("repetition")
    return Finding(digest=digest, unverified=tuple(unverified))


def _any(counts: NDArray[Any]) -> bool:
    """Whether any count is above 0; a good frame shows it in its first rows."""
    return any(bool(counts[first : first + 64].any()) for first in range(0, len(counts), 64))


def _telling_columns(kinds: NDArray[np.int8]) -> NDArray[np.intp]:
    """The first of the columns with the image, or of all that see anything where there is no image."""
    image = np.flatnonzero(kinds == Region.IMAGE)
    found = image if image.size >= _SAMPLED_COLUMNS else np.flatnonzero(kinds != Region.TRANSITION)
    return found[:_SAMPLED_COLUMNS]


def _telling_rows(sample: NDArray[Any]) -> NDArray[np.bool_]:
    """Which rows lie where rows differ so much from one to the next that two alike are no accident."""
    if sample.shape[1] < _SAMPLED_COLUMNS or len(sample) < 2:
        return np.zeros(len(sample), bool)
    alike = (sample[1:] == sample[:-1]).mean(axis=1)
    around = np.pad(alike, (_NEIGHBOURS // 2, _NEIGHBOURS // 2 + 1), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, _NEIGHBOURS)
    return np.median(windows, axis=1)[: len(sample)] <= _ALIKE
