"""The compiled inner loops: random numbers by counter, Poisson electrons, counts.

Every random number is a hash of a key (seed, frame, purpose) and of the pixel's place on the chip, so that a
pixel gets the same number whatever area is read, in whatever order and by however many threads. The hash is
the finaliser of SplitMix64 (Steele, Lea & Flood 2014) over a Weyl sequence.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

IMAGE, DARK, ZERO = 0, 1, 2
"""What a column holds: light and dark charge, dark charge alone, nothing at all (it reads 0)."""

FACTORS = 4096
"""Equally likely factors that a fixed pattern is made of."""

_WEYL = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S11, _S12, _S16, _S27, _S30, _S31 = (np.uint64(n) for n in (11, 12, 16, 27, 30, 31))
_SIGNED_11 = np.int64(11)
_ONE = np.uint64(1)
_LAYER_MASK = np.uint64(255)
_FACTOR_MASK = np.uint64(FACTORS - 1)
_UNIT = 2.0**-53
_SMALL_MEAN = 10.0
_MOST = np.uint64(200)
_NONE = np.uint64(0)

_TAIL = 3.6541528853610088
_LAYER_AREA = 0.00492867323399


def _ziggurat() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Edges and densities of 256 layers of equal area under exp(-x^2/2) (Marsaglia & Tsang 2000)."""
    edge = np.zeros(257)
    density = np.ones(257)
    density[1] = math.exp(-(_TAIL**2) / 2)
    edge[0], edge[1] = _LAYER_AREA / density[1], _TAIL
    for layer in range(2, 256):
        density[layer] = density[layer - 1] + _LAYER_AREA / edge[layer - 1]
        edge[layer] = math.sqrt(-2 * math.log(density[layer]))
    return edge, density


_EDGE, _DENSITY = _ziggurat()
_SCALED_EDGE = _EDGE * 2.0**-52
_RECIPROCAL = 1.0 / np.maximum(np.arange(int(_MOST) + 1), 1)


@njit(cache=True, nogil=True, error_model="numpy")
def mix(state):
    """Hash of 64 bits."""
    state = (state ^ (state >> _S30)) * _MIX_1
    state = (state ^ (state >> _S27)) * _MIX_2
    return state ^ (state >> _S31)


@njit(cache=True, nogil=True, error_model="numpy")
def uniform(bits):
    """Uniform in (0, 1) from 64 random bits."""
    return (np.float64(np.int64(bits >> _S11)) + 0.5) * _UNIT


@njit(cache=True, nogil=True, error_model="numpy")
def normal(bits):
    """Standard normal from 64 random bits, by the ziggurat."""
    layer = bits & _LAYER_MASK
    value = np.float64(np.int64(bits) >> _SIGNED_11) * _SCALED_EDGE[layer]
    if abs(value) < _EDGE[layer + _ONE]:
        return value
    return _outside_layer(layer, value, bits)


@njit(cache=True, nogil=True, error_model="numpy")
def _outside_layer(layer, value, bits):
    """The rare end of `normal`: the wedge of a layer, the tail, or another try, from hashes of `bits`."""
    while True:
        bits = mix(bits + _WEYL)
        if layer == 0:
            while True:
                beyond = -math.log(uniform(bits)) / _TAIL
                bits = mix(bits + _WEYL)
                if -2.0 * math.log(uniform(bits)) > beyond * beyond:
                    return math.copysign(_TAIL + beyond, value)
                bits = mix(bits + _WEYL)
        height = _DENSITY[layer] + uniform(bits) * (_DENSITY[layer + _ONE] - _DENSITY[layer])
        if height < math.exp(-0.5 * value * value):
            return value
        bits = mix(bits + _WEYL)
        layer = bits & _LAYER_MASK
        value = np.float64(np.int64(bits) >> _SIGNED_11) * _SCALED_EDGE[layer]
        if abs(value) < _EDGE[layer + _ONE]:
            return value


@njit(cache=True, nogil=True, error_model="numpy")
def _few(mean, bits):
    """Poisson number by inversion of the distribution function, for a mean below 10."""
    u = uniform(bits)
    if u < 1.0 - mean:  # exp(-mean) is larger still
        return 0.0
    probability = math.exp(-mean)
    cumulative, number, place = probability, 0.0, _NONE
    while u > cumulative and place < _MOST:
        place += _ONE
        number += 1.0
        probability *= mean * _RECIPROCAL[place]
        cumulative += probability
    return number


@njit(cache=True, nogil=True, error_model="numpy")
def _against_normal(number, mean):
    """Probabilities of `number`: the Poisson one, and the discrete normal one that stands in for it."""
    poisson = math.exp(number * math.log(mean) - mean - math.lgamma(number + 1.0))
    b1 = 1.0 / (24.0 * mean)
    b2 = 0.3 * b1 * b1
    c3 = b1 * b2 / 7.0
    c2 = b2 - 15.0 * c3
    c1 = b1 - 6.0 * b2 + 45.0 * c3
    c0 = 1.0 - b1 + 3.0 * b2 - 15.0 * c3
    x2 = (number - mean + 0.5) ** 2 / mean
    shape = ((c3 * x2 + c2) * x2 + c1) * x2 + c0
    return poisson, shape * math.exp(-0.5 * x2) / math.sqrt(2.0 * math.pi * mean)


@njit(cache=True, nogil=True, error_model="numpy")
def _corrected(number, mean, u, bits):
    """The rare end of `_many`: the normal number is refused, or one of the difference is drawn."""
    if number >= math.floor(mean - 1.1484):
        return number
    if number >= 0.0:
        poisson, stand_in = _against_normal(number, mean)
        if stand_in * (1.0 - u) <= poisson:
            return number
    while True:
        bits = mix(bits + _WEYL)
        exponential = -math.log(uniform(bits))
        bits = mix(bits + _WEYL)
        u = 2.0 * uniform(bits) - 1.0
        deviate = 1.8 + math.copysign(exponential, u)
        if deviate > -0.6744:
            number = math.floor(mean + math.sqrt(mean) * deviate)
            poisson, stand_in = _against_normal(number, mean)
            if 0.1069 / mean * abs(u) <= (poisson - stand_in) * math.exp(exponential):
                return number


@njit(cache=True, nogil=True, error_model="numpy")
def _many(mean, bits):
    """Poisson number from a normal one that is nearly always right, for a mean of 10 or more.

    Algorithm PD of Ahrens & Dieter (1982, ACM TOMS 8, 163); exact.
    """
    number = math.floor(mean + math.sqrt(mean) * normal(bits))
    bits = mix(bits + _WEYL + _WEYL)
    u = uniform(bits)
    short = mean - number
    if 6.0 * mean * mean * u >= short * short * short and number >= 0.0:
        return number
    return _corrected(number, mean, u, bits)


@njit(cache=True, nogil=True, error_model="numpy")
def poisson(mean, bits):
    """Poisson number, as a float, from 64 random bits."""
    if mean <= 0.0:
        return 0.0
    if mean < _SMALL_MEAN:
        return _few(mean, bits)
    return _many(mean, bits)


@njit(cache=True, nogil=True, error_model="numpy")
def place_of(x, y):
    """Counter of the pixel in column `x` and row `y` of the chip."""
    return ((np.uint64(y) << _S16) | np.uint64(x)) * _WEYL


@njit(cache=True, nogil=True, error_model="numpy")
def expose_rows(
    out,
    first,
    last,
    x_origin,
    y_origin,
    binning,
    columns,
    rows_with_charge,
    keys,
    light,
    response_factors,
    dark,
    dark_factors,
    well,
    loss,
    counts_per_electron,
    noise,
    bias,
    shift,
):
    """Fill rows `first` to `last` of `out` with the counts of one exposure.

    Parameters
    ----------
    out
        Unsigned counts, shape ``(rows, columns)`` of the (binned) frame.
    first, last
        Rows of `out` to fill, the last excluded.
    x_origin, y_origin
        Unbinned place of the first pixel on the chip.
    binning
        Pixels summed along each axis, each converted by itself; the sum is clipped at 65535.
    columns, rows_with_charge
        `IMAGE`, `DARK` or `ZERO` of each unbinned column, and whether each unbinned row collects charge.
    keys
        Three 64-bit keys: fixed pattern, electrons, read noise.
    light, dark
        Mean electrons of a mean pixel in this exposure.
    response_factors, dark_factors
        What a pixel's light and dark current are multiplied by: one of 4096 each, both of mean 1.
    well, loss
        Electrons that a pixel holds; relative loss of signal per electron.
    counts_per_electron, noise, bias
        Conversion, and in counts: RMS of the read noise, mean without charge.
    shift
        Bits that the count loses at its low end.
    """
    pattern_key, electron_key, noise_key = keys[0], keys[1], keys[2]
    for row in range(first, last):
        for column in range(out.shape[1]):
            total = 0
            for y in range(row * binning, (row + 1) * binning):
                row_place = np.uint64(y + y_origin) << _S16
                for x in range(column * binning, (column + 1) * binning):
                    kind = columns[x]
                    if kind == ZERO:
                        continue
                    place = (row_place | np.uint64(x + x_origin)) * _WEYL
                    signal = bias + noise * normal(mix(noise_key + place)) + 0.5
                    if rows_with_charge[y]:
                        pattern = mix(pattern_key + place)
                        factor = response_factors[(pattern >> _S12) & _FACTOR_MASK]
                        mean = dark * dark_factors[pattern & _FACTOR_MASK] + (
                            light * factor if kind == IMAGE else 0.0
                        )
                        electrons = min(poisson(mean, mix(electron_key + place)), well)
                        signal += electrons * (1.0 - loss * electrons) * counts_per_electron
                    total += np.int64(min(max(signal, 0.0), 65535.0))
            out[row, column] = min(total, 65535) >> shift


@njit(cache=True, nogil=True)
def poisson_numbers(mean, key, count):
    """`count` independent Poisson numbers, shape ``(count,)``."""
    numbers = np.empty(count)
    for place in range(count):
        numbers[place] = poisson(mean, mix(key + place_of(place & 65535, place >> 16)))
    return numbers


@njit(cache=True, nogil=True)
def normal_numbers(key, count):
    """`count` independent standard normal numbers, shape ``(count,)``."""
    numbers = np.empty(count)
    for place in range(count):
        numbers[place] = normal(mix(key + place_of(place & 65535, place >> 16)))
    return numbers
