"""Pixels behind filters of different colours, which see different light and may not be averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qhy600_ophyd.analysis.pixels import PixelChoice
from qhy600_ophyd.contract import AnalysisRefused
from qhy600_ophyd.sensor import Rectangle, Region

if TYPE_CHECKING:
    import xarray as xr


def colour_mask(run: xr.Dataset, colour: str) -> xr.DataArray:
    """The image pixels behind one colour, as a ``region`` for any analysis.

    ``run.attrs["colour_filters"]`` names the filters at rows and columns of the sensor (`y` and `x`) that are
    even and even, even and odd, odd and even, odd and odd, as `sensor.colour.phase` does: of ``"RGGB"``, red
    is ``(run.y % 2 == 0) & (run.x % 2 == 0)``.

    Parameters
    ----------
    run
        Of a camera with colour filters, not binned: binning sums pixels of different colours.
    colour
        ``"R"``, ``"G"`` (both greens) or ``"B"``.

    Returns
    -------
    xarray.DataArray
        Booleans ``(y, x)``; False in dark columns and overscan rows.

    Raises
    ------
    AnalysisRefused
        The run has no colour filters or not this one, or its frames are binned.
    """
    filters = _filters(run)
    if colour not in filters or len(colour) != 1:
        allowed = ", ".join(sorted(set(filters))) or "none: the run has no colour filters"
        raise AnalysisRefused(f"colour {colour!r} refused: allowed is {allowed}")
    for axis in ("y", "x"):
        if run.sizes[axis] > 1 and (np.diff(np.asarray(run[axis], float)) != 1).any():
            raise AnalysisRefused(
                f"colour {colour!r} refused: these frames are binned or thinned out along {axis}, so that "
                "colours are mixed; take the run with binning 1"
            )
    image = (run["y_region"] == Region.IMAGE) & (run["x_region"] == Region.IMAGE)
    place = run["y"] % 2 * 2 + run["x"] % 2
    behind = place.isin([n for n, each in enumerate(filters) if each == colour])
    return (image & behind).transpose("y", "x")


def refuse_mixed_colours(run: xr.Dataset, region: PixelChoice) -> None:
    """Raise `AnalysisRefused` unless the frames have no colour filters, or `region` chooses among them."""
    filters = _filters(run)
    whole_image = region is None or isinstance(region, Rectangle)
    if isinstance(region, str | Region):
        whole_image = region in (Region.IMAGE, Region.IMAGE.name, Region.IMAGE.name.lower())
    if filters and whole_image:
        one = filters[0]
        raise AnalysisRefused(
            f"the camera has colour filters ({filters}), and pixels behind different colours see different "
            f"light: choose one colour with a mask, region=analysis.colour_mask(run, {one!r})"
        )


def _filters(run: xr.Dataset) -> str:
    return str(run.attrs.get("colour_filters", ""))
