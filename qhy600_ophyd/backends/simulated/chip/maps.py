"""The fixed patterns of a chip: a few bytes a pixel, and lists of the pixels that are unlike the others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip.normal_deviates import normal
from qhy600_ophyd.backends.simulated.chip.parameters import ChipParameters
from qhy600_ophyd.backends.simulated.chip.poisson_numbers import exponential
from qhy600_ophyd.backends.simulated.chip.purposes import Fixed, fixed_key
from qhy600_ophyd.backends.simulated.chip.random_bits import pixel_bits, row_key
from qhy600_ophyd.backends.simulated.chip.rare_pixels import RarePixels, chosen_pixels, summed_fraction
from qhy600_ophyd.backends.simulated.chip.telegraph import Traps, traps
from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.sensor import Geometry, Rectangle, Region

WARMTH = (10.0, 100.0)
"""Dark current of warm pixels, in means of the others: evenly distributed in the logarithm between."""

_WIDEST = 16384
_f = np.float32
_S32 = np.uint64(32)
_ZERO, _HALF = _f(0.0), _f(0.5)


class Codes(NamedTuple):
    """What differs from pixel to pixel, in whole steps; each has the shape of the chip.

    `response` is int8, a pixel's response being 1 + response_step × code; `dark` is uint16 and `noise` uint8,
    factors on the mean dark current and on the RMS of the normal noise.
    """

    response: NDArray[np.int8]
    dark: NDArray[np.uint16]
    noise: NDArray[np.uint8]
    response_step: np.float32
    dark_step: np.float32
    noise_step: np.float32


class Maps(NamedTuple):
    """All that is fixed about the pixels of a chip."""

    codes: Codes
    fast: Traps
    slow: Traps
    warm: RarePixels
    thermal: RarePixels


def make_maps(
    parameters: ChipParameters, *, seed: int, geometry: Geometry, binning: int, threads: int
) -> Maps:
    """The maps of a chip.

    Parameters
    ----------
    parameters, seed, geometry
        Of the chip.
    binning
        Pixels that one pixel of `geometry` stands for, along each axis; it has their mean response and dark
        current and the sum of their noise, which differ less, and one of a rare kind more often.
    threads
        Most threads to use; the maps do not depend on it.

    Raises
    ------
    SettingRefused
        The chip is too wide.
    """
    shape = geometry.shape
    if shape[1] > _WIDEST:
        raise SettingRefused("width", shape[1], allowed=f"at most {_WIDEST} columns")
    prnu, spread = parameters.prnu / binning, parameters.dark_spread / binning
    noise_spread = parameters.noise_spread / binning
    codes = Codes(
        response=np.empty(shape, np.int8),
        dark=np.empty(shape, np.uint16),
        noise=np.empty(shape, np.uint8),
        response_step=_f(min(5 * prnu, 1.0) / 127),
        dark_step=_f(np.exp(4.5 * spread - spread**2 / 2) / 65535),
        noise_step=_f(np.exp(4.5 * noise_spread - noise_spread**2) / 255),
    )
    keys = np.array([fixed_key(seed, what, binning) for what in (Fixed.RESPONSE, Fixed.DARK, Fixed.NOISE)])

    def fill(first: int, last: int) -> None:
        _fill_codes(codes, keys, first, last, _f(prnu), _f(spread), _f(noise_spread))

    edges = np.linspace(0, shape[0], threads + 1).astype(int)
    if threads > 1:
        with ThreadPoolExecutor(threads, thread_name_prefix="simulated-chip") as pool:
            list(pool.map(fill, edges[:-1], edges[1:]))
    else:
        fill(0, shape[0])
    rows, columns = pixels_with_charge(geometry)

    def chosen(what: Fixed, fraction: float) -> RarePixels:
        return chosen_pixels(fixed_key(seed, what, binning), fraction, rows, columns)

    warm = chosen(Fixed.WARM, min(parameters.warm_fraction * binning**2, 1.0))
    place = np.random.Generator(np.random.Philox(key=int(fixed_key(seed, Fixed.WARMTH, binning))))
    factor = WARMTH[0] * (WARMTH[1] / WARMTH[0]) ** place.random(warm.x.size)
    return Maps(
        codes=codes,
        fast=traps(parameters, seed=seed, binning=binning, slow=False, rows=rows, columns=columns),
        slow=traps(parameters, seed=seed, binning=binning, slow=True, rows=rows, columns=columns),
        warm=warm._replace(value=factor.astype(np.float32) / _f(binning**2)),
        thermal=chosen(Fixed.THERMAL, summed_fraction(parameters.thermal_noise_fraction, binning)),
    )


def pixels_with_charge(geometry: Geometry) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows, and columns, of the chip that have a photodiode, in the light or not."""
    rows = geometry.y_region(geometry.total) == Region.IMAGE
    columns = np.isin(geometry.x_region(geometry.total), (Region.IMAGE, Region.DARK))
    return rows, columns


def in_physical_units(maps: Maps, area: Rectangle) -> dict[str, NDArray[Any]]:
    """What the pixels of `area` are like, each of shape ``(area.height, area.width)``, float32.

    ``response``, ``dark`` and ``noise`` are factors of mean (for noise: of RMS) 1; ``warm`` is the additional
    dark current in units of the mean, ``jump`` [e-] and ``jump_probability`` of going up (and of going
    down) in a frame belong to telegraph pixels, ``slow_jump`` likewise, ``thermal`` is 1 for pixels with
    random-change thermal noise; all zero elsewhere.
    """
    part = slice(area.y, area.y + area.height), slice(area.x, area.x + area.width)
    codes = maps.codes

    def spread(pixels: RarePixels) -> NDArray[np.float32]:
        return pixels.on(codes.noise.shape)[part]

    return {
        "response": 1 + codes.response_step * codes.response[part].astype(np.float32),
        "dark": codes.dark_step * codes.dark[part].astype(np.float32),
        "noise": codes.noise_step * codes.noise[part].astype(np.float32),
        "warm": spread(maps.warm),
        "jump": spread(maps.fast.jumps),
        "jump_probability": spread(maps.fast.probabilities),
        "slow_jump": spread(maps.slow.jumps),
        "thermal": spread(maps.thermal),
    }


@njit(cache=True, nogil=True, error_model="numpy")
def _deviates(z, key, n):
    low, high = np.uint32(key), np.uint32(key >> _S32)
    for x in range(n):
        z[x] = normal(pixel_bits(low, high, x))


@njit(cache=True, nogil=True, error_model="numpy")
def _fill_codes(codes, keys, first, last, prnu, dark_spread, noise_spread):
    width = codes.noise.shape[1]
    z = np.empty(width, np.float32)
    dark_mean, noise_mean = _HALF * dark_spread * dark_spread, noise_spread * noise_spread
    for y in range(first, last):
        _deviates(z, row_key(keys[0], y), width)
        response, dark, noise = codes.response[y], codes.dark[y], codes.noise[y]
        for x in range(width):
            code = z[x] * prnu / codes.response_step if prnu > _ZERO else _ZERO
            response[x] = np.int8(np.rint(min(max(code, _f(-127.0)), _f(127.0))))
        _deviates(z, row_key(keys[1], y), width)
        for x in range(width):
            code = exponential(dark_mean - dark_spread * z[x]) / codes.dark_step
            dark[x] = np.uint16(min(code + _HALF, _f(65535.0)))
        _deviates(z, row_key(keys[2], y), width)
        for x in range(width):
            code = exponential(noise_mean - noise_spread * z[x]) / codes.noise_step
            noise[x] = np.uint8(min(code + _HALF, _f(255.0)))
