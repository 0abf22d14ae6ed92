"""Where on the chip which pixels lie: image, optically dark columns, transition, overscan rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Region(IntEnum):
    """What a pixel is for. The values are the CF flags of ``x_region`` and ``y_region``."""

    IMAGE = 0
    DARK = 1
    TRANSITION = 2
    OVERSCAN = 3
    HEADER = 4
    MIXED = 5


@dataclass(frozen=True)
class Rectangle:
    """An area in unbinned sensor pixels; the origin is the first column and first row read.

    Parameters
    ----------
    x, y
        First column and first row.
    width, height
        Columns and rows.
    """

    x: int
    y: int
    width: int
    height: int

    def __iter__(self):
        return iter((self.x, self.y, self.width, self.height))

    def contains(self, other: Rectangle) -> bool:
        """Whether `other` lies wholly inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.width <= self.x + self.width
            and other.y + other.height <= self.y + self.height
        )

    def inwards(self, binning: int) -> Rectangle:
        """The largest area inside this one whose start and size are multiples of `binning`."""
        x, y = -(-self.x // binning) * binning, -(-self.y // binning) * binning
        return Rectangle(
            x,
            y,
            max((self.x + self.width) // binning * binning - x, 0),
            max((self.y + self.height) // binning * binning - y, 0),
        )

    def __str__(self) -> str:
        return f"({self.x}, {self.y}, {self.width}, {self.height})"


Strips = tuple[tuple[Region, int], ...]


@dataclass(frozen=True)
class Geometry:
    """The regions of a chip, as strips of columns and strips of rows.

    Parameters
    ----------
    columns, rows
        ``(region, how many)`` from the first column to the last, and from the first row to the last.
    """

    columns: Strips
    rows: Strips

    @classmethod
    def plain(cls, width: int, height: int) -> Geometry:
        """A chip, or a recording of one, that has image pixels only."""
        return cls(columns=((Region.IMAGE, width),), rows=((Region.IMAGE, height),))

    @classmethod
    def imx455(cls, width: int = 9576, height: int = 6388) -> Geometry:
        """The layout of the QHY600 around an image area of any size.

        22 optically dark and 2 transition columns on the left, 2 transition and 32 overscan rows at the
        bottom: measured on production cameras (rockit-astro/camd-qhy, ``image_region``, ``dark_region``,
        ``bias_region``), and what the SDK calls the effective area, (24, 0, 9576, 6388).
        """
        return cls(
            columns=((Region.DARK, 22), (Region.TRANSITION, 2), (Region.IMAGE, width)),
            rows=((Region.IMAGE, height), (Region.TRANSITION, 2), (Region.OVERSCAN, 32)),
        )

    @classmethod
    def hardware_3x3(cls, width: int = 3192, height: int = 2124) -> Geometry:
        """The layout of the mode that bins 3 × 3 on the chip, in its own pixels, around an image of any size.

        3200 × 2144 in all, image (8, 0, 3192, 2124) and dark columns (0, 0, 6, 2124), as the vendor's library
        states them. Nothing is published of the 20 rows below the image: 2 of transition and 18 of
        overscan are assumed, in the manner of the unbinned frame.
        """
        return cls(
            columns=((Region.DARK, 6), (Region.TRANSITION, 2), (Region.IMAGE, width)),
            rows=((Region.IMAGE, height), (Region.TRANSITION, 2), (Region.OVERSCAN, 18)),
        )

    @property
    def total(self) -> Rectangle:
        """Everything the camera reads out."""
        return Rectangle(0, 0, sum(n for _, n in self.columns), sum(n for _, n in self.rows))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of an unbinned frame of the whole chip."""
        return self.total.height, self.total.width

    @property
    def image(self) -> Rectangle:
        """The pixels that see light."""
        x, width = _span(self.columns, Region.IMAGE)
        y, height = _span(self.rows, Region.IMAGE)
        return Rectangle(x, y, width, height)

    def x_region(self, area: Rectangle, binning: int = 1) -> NDArray[np.int8]:
        """Region of each (binned) column of `area`, shape ``(width // binning,)``."""
        return _binned_flags(self.columns, area.x, area.width, binning)

    def y_region(self, area: Rectangle, binning: int = 1, *, header_rows: int = 0) -> NDArray[np.int8]:
        """Region of each (binned) row of `area`, shape ``(height // binning,)``.

        The first `header_rows` of them hold something else than counts, at least in part.
        """
        flags = _binned_flags(self.rows, area.y, area.height, binning)
        flags[:header_rows] = Region.HEADER
        return flags


def _span(strips: Strips, wanted: Region) -> tuple[int, int]:
    start = 0
    for region, length in strips:
        if region is wanted:
            return start, length
        start += length
    raise ValueError(f"this chip has no {wanted.name.lower()} pixels")


def _binned_flags(strips: Strips, start: int, size: int, binning: int) -> NDArray[np.int8]:
    flags = np.repeat([region for region, _ in strips], [length for _, length in strips])
    groups = flags[start : start + size // binning * binning].reshape(-1, binning)
    pure = (groups == groups[:, :1]).all(axis=1)
    return np.where(pure, groups[:, 0], Region.MIXED).astype(np.int8)


QHY600_GEOMETRY = Geometry.imx455()
"""The chip of the QHY600: 9600 × 6422 read, 9576 × 6388 exposed (QHYCCD product page)."""
