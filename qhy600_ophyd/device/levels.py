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

_MEAN_OF = 1 << 24
"""Pixels up to which all are added up for the mean. Of a larger image every n-th row is, n odd so that each
colour of filters has its share. Of a whole frame 12 million pixels are left, and an error of σ / 3500."""

_TALLIED = 1 << 20
"""Counts that lie within less are counted one by one, which is much faster than sorting them."""

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
        median absolute deviation) resolves a drift of a hundredth. The mean of an image of more than
        16 million pixels is that of evenly spaced rows.

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
    """Mean of counts of shape ``(rows, columns)``, exact for those that it takes, at the speed of the memory.

    A row of less than 65536 counts of 16 bits has a sum of 32 bits, which a processor adds fastest.
    """
    if counts.size > _MEAN_OF:
        counts = counts[:: -(-counts.size // _MEAN_OF) | 1]
    narrow = counts.dtype.itemsize <= 2 and counts.shape[1] <= 1 << 16
    rows = np.add.reduce(counts, axis=1, dtype=np.uint32 if narrow else np.uint64)
    return int(rows.sum(dtype=np.uint64)) / counts.size


def _level(counts: NDArray[Any]) -> float:
    # An odd stride through the flattened area meets every column.
    flat = counts.reshape(-1)
    values, times = _tally(flat[:: max(flat.size // _SAMPLES, 1) | 1])
    distance = np.abs(values - _median(values, times))
    order = np.argsort(distance)
    # Whole counts cannot tell a deviation below one apart from none.
    sigma = max(1.4826 * _median(distance[order], times[order]), 1.0)
    good = distance <= _CLIP * sigma
    return float(np.average(values[good], weights=times[good]))


def _tally(sample: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The different counts of a sample, ascending, and how often each is there."""
    low = int(sample.min())
    if int(sample.max()) - low >= _TALLIED:
        values, times = np.unique(sample, return_counts=True)
        return values.astype(np.float64), times
    times = np.bincount((sample - sample.dtype.type(low)).astype(np.intp))
    (places,) = np.nonzero(times)
    return (places + low).astype(np.float64), times[places]


def _median(values: NDArray[np.float64], times: NDArray[np.intp]) -> float:
    """Median of ascending `values` of which each is there so many times."""
    ends = np.cumsum(times)
    last = int(ends[-1]) - 1
    middle = np.searchsorted(ends, [last // 2, (last + 1) // 2], side="right")
    return float(values[middle].mean())
