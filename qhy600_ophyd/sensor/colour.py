"""The colour filters before the pixels of a QHY600C."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.sensor.tables import NotPublished, table

RGGB = "RGGB"
"""Filters of the image's first pixels: row 0 columns 0 and 1, then row 1 columns 0 and 1 (product page)."""

CHANNELS = "RGB"
"""The colours there are, in the order of `transmission`."""


def phase(x0: int, y0: int) -> str:
    """Filters of the first four pixels of an area that starts at column `x0` and row `y0` of the image.

    Parameters
    ----------
    x0, y0
        Start of the area relative to the image's first pixel, unbinned; negative in the dark columns.

    Returns
    -------
    str
        ``"RGGB"``, ``"GRBG"``, ``"GBRG"`` or ``"BGGR"``, row by row.
    """
    return "".join(RGGB[(y0 + row) % 2 * 2 + (x0 + column) % 2] for row in (0, 1) for column in (0, 1))


def transmission(wavelength: float) -> tuple[float, float, float]:
    """Of the red, green and blue filter, 0 to 1, at a wavelength [nm]; assumed, not published.

    Raises
    ------
    NotPublished
        The table ends before that wavelength.
    """
    nanometres, *channels = np.array(table("colour")["transmission"], dtype=float).T
    if not nanometres[0] <= wavelength <= nanometres[-1]:
        raise NotPublished(
            f"no transmission of the colour filters is known at {wavelength:g} nm; "
            f"the table goes from {nanometres[0]:g} to {nanometres[-1]:g} nm"
        )
    red, green, blue = (float(np.interp(wavelength, nanometres, channel)) for channel in channels)
    return red, green, blue


def mosaic(wavelength: float, *, x0: int = 0, y0: int = 0) -> NDArray[np.float64]:
    """Transmission by parity of row and column, shape ``(2, 2)``, at a wavelength [nm].

    Parameters
    ----------
    wavelength
        [nm].
    x0, y0
        Where the first element lies relative to the image's first pixel, as in `phase`.

    Raises
    ------
    NotPublished
        As `transmission`.
    """
    channel = dict(zip(CHANNELS, transmission(wavelength), strict=True))
    return np.array([channel[colour] for colour in phase(x0, y0)]).reshape(2, 2)
