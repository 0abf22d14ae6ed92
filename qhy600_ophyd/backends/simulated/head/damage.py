"""What happens to good counts on their way: nothing in any of these is told by a return code."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.random_keys import Purpose, fraction

_BAND = 8
"""Columns of a vertical band, and of the gap to the next."""


def damaged(counts: NDArray[Any], kinds: set[str], *, seed: int, frame: int) -> NDArray[Any]:
    """A copy of `counts` with the damage of each kind, the same for the same seed and frame.

    Parameters
    ----------
    counts
        Shape ``(rows, columns)``.
    kinds
        Of ``"shifted_frame"``, ``"blocky_frame"``, ``"wrong_size"``, ``"banded"``.
    seed, frame
        What places and distances are drawn from.

    Returns
    -------
    NDArray
        Contiguous; smaller than `counts` for ``"wrong_size"``.
    """
    steps = {
        "banded": _banded,
        "shifted_frame": _shifted,
        "blocky_frame": _blocky,
        "wrong_size": _smaller,
    }
    result = counts.copy()
    for which, (kind, step) in enumerate(steps.items()):
        if kind in kinds:
            result = step(result, fraction(seed, Purpose.FAULT, frame, 1_000 + which))
    return np.ascontiguousarray(result)


def _banded(counts: NDArray[Any], _: float) -> NDArray[Any]:
    """Vertical bands whose counts are inverted, as frames have after an exposure changed during a stream."""
    inverted = np.arange(counts.shape[1]) // _BAND % 2 == 0
    counts[:, inverted] = ~counts[:, inverted]
    return counts


def _shifted(counts: NDArray[Any], draw: float) -> NDArray[Any]:
    """Part of a line went missing: everything comes earlier by some pixels, and lines wrap."""
    by = 1 + int(draw * max(counts.shape[1] - 2, 0))
    return np.roll(counts.reshape(-1), -by).reshape(counts.shape)


def _blocky(counts: NDArray[Any], draw: float) -> NDArray[Any]:
    """A block of rows that arrived late: the block above it stands in its place."""
    rows = counts.shape[0]
    height = max(rows // 8, 1)
    first = height + int(draw * max(rows - 2 * height, 0))
    block = counts[first : first + height]
    block[:] = counts[first - height : first - height + len(block)]
    return counts


def _smaller(counts: NDArray[Any], _: float) -> NDArray[Any]:
    """Without the columns and rows that some versions of the library leave out."""
    rows, columns = counts.shape
    return counts[: max(rows - 34, (rows + 1) // 2), min(24, columns // 2) :]
