"""Frames of a camera under test, and what is told by the pixels that see no light.

The camera need not be in the dark for them: its dark columns and overscan rows are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import Camera, FrameInfo, LendsMemory, Settings
from qhy600_ophyd.sensor import Rectangle, Region

PATIENCE = 60.0
"""Seconds to wait for a frame beyond its exposure."""

STEADY = 20.0
"""Counts by which the level of black may drift between frames of equal settings: guessed, and far less than
what an offset does that is wrong by 80 steps."""

_CLIP = 5.0
"""Standard deviations from the median beyond which a pixel is warm, or one of the overscan's dots."""

_MOST = 1 << 22
"""Pixels of an area that are looked at, about: more would take gigabytes and tell nothing more."""

Counts = NDArray[Any]


def buffer_for(camera: Camera) -> Counts:
    """Memory for the next frame."""
    shape, dtype = camera.settings.frame_shape, np.dtype(camera.settings.frame_dtype)
    if isinstance(camera, LendsMemory):
        return camera.lend(math.prod(shape) * dtype.itemsize).view(dtype).reshape(shape)
    return np.empty(shape, dtype)


def taken(camera: Camera, settings: Settings | None = None) -> tuple[FrameInfo, Counts]:
    """A single frame, with `settings` applied first."""
    if settings is not None:
        camera.configure(settings)
    out = buffer_for(camera)
    camera.arm(1)
    return camera.grab(out, PATIENCE), out


def shortest(camera: Camera) -> float:
    """Exposure of a bias frame [s]."""
    return camera.capabilities.exposure.low


def strip(camera: Camera, rows: int) -> Rectangle:
    """The first so many rows, dark columns included."""
    total = camera.capabilities.geometry_in(camera.settings.readout_mode).total
    return Rectangle(0, 0, total.width, min(rows, total.height) // 4 * 4)


@dataclass(frozen=True, kw_only=True)
class Level:
    """Mean of an area and its standard error, and the standard deviation of its pixels [count]."""

    mean: float
    error: float
    spread: float


@dataclass(frozen=True, kw_only=True)
class Areas:
    """A frame in its regions, each of shape ``(rows, columns)``; ``None`` where it has none of that.

    Parameters
    ----------
    image, dark, overscan
        As their names say; columns that are always 0 belong to none. Of a large one every n-th row.
    empty
        The columns that are always 0.
    """

    image: Counts | None
    dark: Counts | None
    overscan: Counts | None
    empty: Counts

    @classmethod
    def of(cls, camera: Camera, info: FrameInfo, counts: Counts) -> Areas:
        """Cut a frame by what is known of the chip in its mode."""
        settings = info.settings
        assert settings.roi is not None
        geometry = camera.capabilities.geometry_in(settings.readout_mode)
        x = geometry.x_region(settings.roi, settings.binning or 1)
        y = geometry.y_region(settings.roi, settings.binning or 1)

        def cut(rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> Counts | None:
            (places,) = np.nonzero(rows)
            thinned = places[:: max(int(places.size * columns.sum()) // _MOST, 1)]
            found = counts[np.ix_(thinned, np.flatnonzero(columns))]
            return found if found.size else None

        return cls(
            image=cut(y == Region.IMAGE, x == Region.IMAGE),
            dark=cut(y == Region.IMAGE, x == Region.DARK),
            overscan=cut(y == Region.OVERSCAN, (x == Region.IMAGE) | (x == Region.DARK)),
            empty=counts[:, x == Region.TRANSITION],
        )


def level(area: Counts | None) -> Level:
    """Level of an area, warm pixels left out; its error from the scatter of its rows, which share noise."""
    assert area is not None, "the frame has no such area"
    values = area.astype(np.float64)
    distance = np.abs(values - np.median(values))
    # Whole counts cannot tell a deviation below one apart from none.
    far = distance > _CLIP * max(1.4826 * float(np.median(distance)), 1.0)
    kept = np.ma.masked_array(values, far)
    rows = kept.mean(axis=1).compressed()
    error = float(rows.std(ddof=1)) / math.sqrt(rows.size) if rows.size > 1 else math.nan
    return Level(mean=float(kept.mean()), error=error, spread=float(kept.std()))


def black(camera: Camera, info: FrameInfo, counts: Counts) -> Level:
    """Level of the dark columns, of a single pixel's size: sums of pixels are divided by their number."""
    found = level(Areas.of(camera, info, counts).dark)
    binning = info.settings.binning or 1
    return Level(mean=found.mean / binning**2, error=found.error / binning**2, spread=found.spread / binning)


def read_noise(first: Counts | None, second: Counts | None) -> tuple[float, float]:
    """Read noise from an area of two bias frames, and its standard error [count].

    The difference has twice the variance and no fixed pattern: sigma = std(b1 - b0) / sqrt(2) (Janesick 2007,
    ch. 5). Its error is sigma / 2 sqrt((k - 1) / N) with the kurtosis k of the N differences, which is 3 for
    normal noise and more for pixels that jump.
    """
    assert first is not None
    assert second is not None
    difference = second.astype(np.float64) - first
    difference -= difference.mean()
    variance = float(np.mean(difference**2))
    kurtosis = float(np.mean(difference**4)) / variance**2
    sigma = math.sqrt(variance / 2)
    return sigma, sigma / 2 * math.sqrt((kurtosis - 1) / difference.size)


def mean_and_error(values: Any) -> tuple[float, float]:
    """Mean of equally good values, and its standard error."""
    array = np.asarray(values, float)
    return float(array.mean()), float(array.std(ddof=1)) / math.sqrt(array.size)
