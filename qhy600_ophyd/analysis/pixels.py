"""Which pixels of a frame a quantity is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import AnalysisRefused
from qhy600_ophyd.sensor import Rectangle, Region

if TYPE_CHECKING:
    import xarray as xr

PixelChoice: TypeAlias = "Region | str | Rectangle | NDArray[np.bool_] | xr.DataArray | None"
"""``None`` (the image region, by the flags of the frames), a `Region` or its name, a `Rectangle` in
unbinned sensor pixels, or booleans of shape ``(y, x)``."""


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """A choice of pixels, ready to be cut out of frames.

    Parameters
    ----------
    rows, columns
        A slice where the choice is contiguous, else indices.
    mask
        Booleans within `rows` × `columns`, or ``None`` for all of them.
    """

    rows: slice | NDArray[np.intp]
    columns: slice | NDArray[np.intp]
    mask: NDArray[np.bool_] | None = None

    def cut(self, frame: NDArray[Any]) -> NDArray[Any]:
        """The chosen pixels of a frame ``(y, x)``: two-dimensional, or one-dimensional under a mask."""
        part = frame[self.rows][:, self.columns]
        return part if self.mask is None else part[self.mask]


def choose_pixels(run: xr.Dataset, region: PixelChoice = None) -> Pixels:
    """The pixels of `run` that `region` names.

    A pixel belongs to a region if its column or its row carries the flag and the other axis is image; to
    the image if both are. Frames without these flags may hold dark columns that nothing tells from the
    image, so that their pixels have to be chosen by a mask or a `Rectangle`.

    Raises
    ------
    AnalysisRefused
        The frames hold no such pixel or are not flagged, or the mask has another shape.
    """
    shape = run.sizes["y"], run.sizes["x"]
    if region is None or isinstance(region, str | Region):
        return _flagged(run, shape, _named(region))
    if isinstance(region, Rectangle):
        return _inside(run, region)
    mask = np.asarray(region)
    if mask.shape != shape or mask.dtype != bool:
        raise AnalysisRefused(
            f"region of shape {mask.shape} and type {mask.dtype} refused: frames here are {shape} (y, x) "
            "and a mask of pixels is boolean"
        )
    if not mask.any():
        raise AnalysisRefused("region refused: the mask chooses no pixel")
    return Pixels(rows=slice(None), columns=slice(None), mask=mask)


def _named(region: Region | str | None) -> Region:
    if region is None:
        return Region.IMAGE
    if isinstance(region, Region):
        return region
    try:
        return Region[region.upper()]
    except KeyError:
        names = ", ".join(r.name.lower() for r in Region)
        raise AnalysisRefused(f"region {region!r} refused: it is one of {names}") from None


def _flagged(run: xr.Dataset, shape: tuple[int, int], wanted: Region) -> Pixels:
    missing = [name for name in ("x_region", "y_region") if name not in run.variables]
    if missing:
        raise AnalysisRefused(
            f"the dataset has no {' and no '.join(missing)}, so that {wanted.name.lower()} pixels are not "
            f"told from others: give region=, a mask of shape {shape} (y, x) or a Rectangle"
        )
    y, x = np.asarray(run["y_region"]), np.asarray(run["x_region"])
    image_rows, image_columns = y == Region.IMAGE, x == Region.IMAGE
    choices = (
        (image_rows, image_columns) if wanted is Region.IMAGE else (image_rows, x == wanted),
        (y == wanted, image_columns),
    )
    for rows, columns in choices:
        if rows.any() and columns.any():
            return Pixels(rows=_compact(rows), columns=_compact(columns))
    raise AnalysisRefused(
        f"region {wanted.name.lower()} refused: these frames hold no such pixel; take them with overscan, "
        "or choose another region"
    )


def _inside(run: xr.Dataset, area: Rectangle) -> Pixels:
    def within(axis: str, start: int, size: int) -> NDArray[np.bool_]:
        centre = np.asarray(run[axis], float)
        return (centre >= start) & (centre < start + size)

    rows, columns = within("y", area.y, area.height), within("x", area.x, area.width)
    if not (rows.any() and columns.any()):
        raise AnalysisRefused(
            f"region {area} refused: it lies outside the frames, x {float(run['x'].min()):g} to "
            f"{float(run['x'].max()):g}, y {float(run['y'].min()):g} to {float(run['y'].max()):g}"
        )
    return Pixels(rows=_compact(rows), columns=_compact(columns))


def _compact(chosen: NDArray[np.bool_]) -> slice | NDArray[np.intp]:
    index = np.flatnonzero(chosen)
    first, last = int(index[0]), int(index[-1])
    return slice(first, last + 1) if last - first + 1 == index.size else index
