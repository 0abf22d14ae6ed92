"""The parts of a dataset by what their pixels are for, chosen lazily."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import xarray as xr

from qhy600_ophyd.contract import AnalysisRefused
from qhy600_ophyd.sensor import Region

Pixels = TypeVar("Pixels", xr.Dataset, xr.DataArray)


def image_region(pixels: Pixels) -> Pixels:
    """The pixels that see light: image columns and image rows.

    Parameters
    ----------
    pixels
        Dims ``y`` and ``x``, with ``x_region`` and ``y_region``.

    Raises
    ------
    AnalysisRefused
        It says nothing of regions, or has no such pixels.
    """
    return _part(pixels, x=Region.IMAGE, y=Region.IMAGE)


def dark_region(pixels: Pixels) -> Pixels:
    """The pixels that are exposed but optically black: dark columns, image rows. As `image_region`."""
    return _part(pixels, x=Region.DARK, y=Region.IMAGE)


def overscan_region(pixels: Pixels) -> Pixels:
    """The pixels that are read but do not exist: image columns, overscan rows. As `image_region`."""
    return _part(pixels, x=Region.IMAGE, y=Region.OVERSCAN)


def _part(pixels: Pixels, *, x: Region, y: Region) -> Pixels:
    places: dict[str, slice | np.ndarray] = {}
    for axis, region in (("x", x), ("y", y)):
        if f"{axis}_region" not in pixels.coords:
            raise AnalysisRefused(f"no coordinate {axis}_region says what the pixels are for. Use open_run")
        chosen = np.flatnonzero(pixels[f"{axis}_region"].values == region.value)
        if chosen.size == 0:
            raise AnalysisRefused(
                f"no {region.name.lower()} pixels along {axis} among the {pixels.sizes[axis]} recorded. "
                "Take frames with overscan=True and a ROI that has them"
            )
        first, last = int(chosen[0]), int(chosen[-1])
        # A slice reads less than a list of places, and regions are mostly in one piece.
        places[axis] = slice(first, last + 1) if chosen.size == last + 1 - first else chosen
    return pixels.isel(places)
