"""Three numbers that tell at a glance whether a frame is sane: mean, black level, overscan level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import Layout
from qhy600_ophyd.sensor import Region

_SAMPLES = 1 << 18
"""Pixels at most for a level: its error is then σ / 512, far below a count for any read noise here."""

_ROWS_AT_ONCE = 32
"""Whose counts fit into the processor's own memory; 256 at most, so that sums of bytes fit into 16 bits."""

_CLIP = 5.0
"""Standard deviations from the median beyond which a pixel is warm, or hit, and does not count."""


@dataclass(frozen=True)
class Areas:
    """Where in a frame of one layout each region lies; ``None`` where the layout has no such pixel."""

    image: tuple[slice, slice] | None
    dark: tuple[slice, slice] | None
    overscan: tuple[slice, slice] | None

    @classmethod
    def of(cls, layout: Layout) -> Areas:
        """From the flags of a layout; every region is one rectangle on this chip."""
        rows = {r: _span(layout.y_region == r) for r in (Region.IMAGE, Region.OVERSCAN)}
        columns = {r: _span(layout.x_region == r) for r in (Region.IMAGE, Region.DARK)}
        everywhere = slice(0, layout.shape[1])
        return cls(
            image=_area(rows[Region.IMAGE], columns[Region.IMAGE]),
            dark=_area(rows[Region.IMAGE], columns[Region.DARK]),
            overscan=_area(rows[Region.OVERSCAN], everywhere),
        )

    def read(self, counts: NDArray[Any]) -> dict[str, float | None]:
        """Mean of the image, clipped means of the dark columns and the overscan rows [count].

        A median of whole counts is a whole count; the mean of what lies within 5 σ of it (σ from the
        median absolute deviation) resolves a drift of a hundredth.

        Parameters
        ----------
        counts
            Shape ``(rows, columns)`` of the layout.

        Returns
        -------
        dict
            ``mean``, ``black_level``, ``overscan_level``, by the names of the vocabulary.
        """
        return {
            "mean": None if self.image is None else float(_mean(counts[self.image])),
            "black_level": None if self.dark is None else _level(counts[self.dark]),
            "overscan_level": None if self.overscan is None else _level(counts[self.overscan]),
        }


def _span(wanted: NDArray[np.bool_]) -> slice | None:
    (places,) = np.nonzero(wanted)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else None


def _area(rows: slice | None, columns: slice | None) -> tuple[slice, slice] | None:
    return None if rows is None or columns is None else (rows, columns)


def _mean(counts: NDArray[Any]) -> float:
    return _total(counts) / counts.size


def _total(counts: NDArray[Any]) -> int:
    """Exact sum of counts of shape ``(rows, columns)``, at the speed of the memory.

    The sum H of up to 256 high bytes fits into 16 bits, and so does that of the low bytes, which is left of
    the sum W of the whole counts: L = (W - 256 H) mod 65536. All of it is done in 16 bits, of which a
    processor adds many at once; sums in 64 bit take twice as long.
    """
    if counts.dtype == np.uint8 and counts.shape[1] % 2 == 0 and counts.strides[1] == 1:
        # Two counts are the bytes of one.
        return sum(_byte_sums(counts.view(np.uint16)))
    if counts.dtype != np.uint16:
        return int(counts.sum(axis=1, dtype=np.uint64).sum())
    high, low = _byte_sums(counts)
    return 256 * high + low


def _byte_sums(counts: NDArray[np.uint16]) -> tuple[int, int]:
    """Sums of the high and of the low bytes."""
    shifted = np.empty((min(_ROWS_AT_ONCE, len(counts)), counts.shape[1]), np.uint16)
    high = low = 0
    for first in range(0, len(counts), _ROWS_AT_ONCE):
        rows = counts[first : first + _ROWS_AT_ONCE]
        highs = np.right_shift(rows, 8, out=shifted[: len(rows)]).sum(axis=0, dtype=np.uint16)
        lows = rows.sum(axis=0, dtype=np.uint16) - (highs << 8)
        high += int(highs.sum(dtype=np.uint64))
        low += int(lows.sum(dtype=np.uint64))
    return high, low


def _level(counts: NDArray[Any]) -> float:
    # An odd stride through the flattened area meets every column.
    flat = counts.reshape(-1)
    sample = flat[:: max(flat.size // _SAMPLES, 1) | 1].astype(np.float32)
    distance = np.abs(sample - np.median(sample))
    # Whole counts cannot tell a deviation below one apart from none.
    sigma = max(1.4826 * float(np.median(distance)), 1.0)
    return float(sample[distance <= _CLIP * sigma].mean(dtype=np.float64))
