"""Poisson numbers from random bits, a segment of a row at a time.

Means below 12 are inverted exactly: the number is how many of the cumulative probabilities c_0, c_1, ... lie
below the uniform u. All pixels of a segment take as many terms as the largest mean needs to reach 1 - 2^-12;
the one pixel in 4096 whose u lies above is done by itself, in double precision and with all its bits.

Means of 12 and more are the integer part of

    m + sqrt(m) z + (1/3 + z²/6) + (-z/36 - z³/72) / sqrt(m) + (-8/405 + 7 z²/810 + z⁴/270) / m

for a normal z: the expansion of Cornish and Fisher of the gamma distribution whose distribution function is
the Poisson one (Abramowitz & Stegun 26.2.49, 26.4.21). Its distribution function is right to 4e-5 at a mean
m of 12, and to 4e-5 (12 / m)^(3/2) above; 6e7 pixels tell 2.5e-4. Which way a pixel goes is decided by its
own mean alone.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from qhy600_ophyd.backends.simulated.chip.deviate_pairs import sine
from qhy600_ophyd.backends.simulated.chip.machine_words import (
    as_float,
    bits_of_float,
    float_of_bits,
    fused,
    larger,
    root,
    shifted,
    whole,
)
from qhy600_ophyd.backends.simulated.chip.normal_deviates import normal
from qhy600_ophyd.backends.simulated.chip.random_bits import fill_bits

_f = np.float32
MANY = _f(12.0)
_UPPER = np.uint32(0xFFF00000)  # bits of u above 1 - 2^-12
_NONE = np.uint32(0)
_S8 = np.uint32(8)
_S1, _S23 = np.int32(1), np.int32(23)
_MAGIC = np.int32(0x5F375A86)  # of the inverse square root by bits (Lomont 2003)
_BIAS = np.int32(127)
_HALF, _ONE, _ZERO, _THREE_HALVES = _f(0.5), _f(1.0), _f(0.0), _f(1.5)
_UNIT = _f(2.0**-24)
_SIGN = np.int32(-0x80000000)
_HALF_BITS = np.int32(0x3F000000)
_MINUS_LOG2E = _f(-1 / math.log(2))
_E0, _E1, _E2, _E3, _E4, _E5 = (
    _f(c) for c in (1.00000007, 0.693146967, 0.240221197, 0.0555071327, 0.00967554133, 0.00132764715)
)
_BLOCK = 64
_MOST_TERMS = 40
_RECIPROCAL = np.array([1.0 / (k + 1) for k in range(_MOST_TERMS)], np.float32)
_RECIPROCAL_0, _RECIPROCAL_1 = _RECIPROCAL[:2]
_HARDLY_ANY = _f(0.11)  # a mean for which fewer than 2^-12 of the numbers exceed 2
_C = tuple(_f(c) for c in (1 / 3, 1 / 6, -1 / 36, -1 / 72, -8 / 405, 7 / 810, 1 / 270))
_C0, _C1, _C2, _C3, _C4, _C5, _C6 = _C


def _terms_needed() -> np.ndarray:
    """Cumulative probabilities to compare with, for means up to each quarter."""
    terms = []
    for quarter in range(1, 4 * int(MANY) + 1):
        mean = quarter / 4
        k, p = 0, math.exp(-mean)
        cumulative = p
        while cumulative < 1 - 2.0**-12 * 0.99:
            k += 1
            p *= mean / k
            cumulative += p
        terms.append(k + 1)
    return np.array(terms, np.int64)


_TERMS = _terms_needed()


@njit(cache=True, nogil=True, error_model="numpy")
def exactly(mean, bits):
    """Poisson number by inversion in double precision; u is the middle of the interval that `bits` name."""
    if mean <= 0.0:
        return _ZERO
    u = (np.float64(bits) + 0.5) * 2.0**-32
    p = math.exp(-mean)
    cumulative = p
    k = 0
    while u > cumulative and k < 1000:
        k += 1
        p *= mean / k
        cumulative += p
    return _f(k)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def exponential(x):
    """exp(-x) of a float32 from -80 to 80, to 2e-7."""
    y = x * _MINUS_LOG2E
    n = whole(y + float_of_bits(np.int32((bits_of_float(y) & _SIGN) | _HALF_BITS)))
    r = y - as_float(n)
    r2 = r * r
    e = fused(r2, fused(r2, fused(r, _E5, _E4), fused(r, _E3, _E2)), fused(r, _E1, _E0))
    return e * float_of_bits(np.int32(np.int32(n + _BIAS) << _S23))


@njit(cache=True, nogil=True, error_model="numpy")
def _start(numbers, mean, bits, u, p, c, n):
    for i in range(n):
        u[i] = (as_float(np.int32(shifted(bits[i], _S8))) + _HALF) * _UNIT
        p[i] = exponential(mean[i])
        c[i] = p[i]
        numbers[i] = _ZERO


@njit(cache=True, nogil=True, error_model="numpy")
def _four_terms(numbers, mean, u, p, c, r0, r1, r2, r3, n):
    for i in range(n):
        m, v, q, s = mean[i], u[i], p[i], c[i]
        number = numbers[i]
        number += _ONE if v > s else _ZERO
        q = q * (m * r0)
        s += q
        number += _ONE if v > s else _ZERO
        q = q * (m * r1)
        s += q
        number += _ONE if v > s else _ZERO
        q = q * (m * r2)
        s += q
        number += _ONE if v > s else _ZERO
        q = q * (m * r3)
        p[i] = q
        c[i] = s + q
        numbers[i] = number


@njit(cache=True, nogil=True, error_model="numpy")
def _unlikely(numbers, mean, bits, n):
    for start in range(0, n, _BLOCK):
        stop = min(start + _BLOCK, n)
        top = _NONE
        for i in range(start, stop):
            top = larger(top, bits[i])
        if top >= _UPPER:
            for i in range(start, stop):
                if bits[i] >= _UPPER and mean[i] < MANY:
                    numbers[i] = exactly(np.float64(mean[i]), bits[i])


@njit(cache=True, nogil=True, error_model="numpy")
def _hardly_any(numbers, mean, bits, n):
    """The first three terms, in one go; the same operations on a pixel as in the others' passes."""
    for i in range(n):
        v = (as_float(np.int32(shifted(bits[i], _S8))) + _HALF) * _UNIT
        m = mean[i]
        q = exponential(m)
        s = q
        number = _ONE if v > s else _ZERO
        q = q * (m * _RECIPROCAL_0)
        s += q
        number += _ONE if v > s else _ZERO
        s += q * (m * _RECIPROCAL_1)
        number += _ONE if v > s else _ZERO
        numbers[i] = number


@njit(cache=True, nogil=True, error_model="numpy")
def _few(numbers, mean, bits, largest, u, p, c, n):
    if largest < _HARDLY_ANY:
        _hardly_any(numbers, mean, bits, n)
        return
    _start(numbers, mean, bits, u, p, c, n)
    terms = _TERMS[min(int(largest * 4), len(_TERMS) - 1)]
    for k in range(0, terms, 4):
        _four_terms(
            numbers,
            mean,
            u,
            p,
            c,
            _RECIPROCAL[k],
            _RECIPROCAL[k + 1],
            _RECIPROCAL[k + 2],
            _RECIPROCAL[k + 3],
            n,
        )


@njit(cache=True, nogil=True, error_model="numpy")
def one(mean, bits):
    """A single Poisson number, as those of `fill_poisson`."""
    if mean >= MANY:
        return _from_normal(_f(mean), normal(bits))
    return exactly(np.float64(mean), bits)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _from_normal(m, z):
    half = -_HALF * m
    guess = float_of_bits(np.int32(_MAGIC - (bits_of_float(m) >> _S1)))
    over_root = guess * fused(half, guess * guess, _THREE_HALVES)  # to 0.2 %, for terms that are small
    z2 = z * z
    x = fused(root(m), z, fused(z2, _C1, _C0) + m)
    x = fused(over_root, z * fused(z2, _C3, _C2), x)
    x = fused(over_root * over_root, fused(z2, fused(z2, _C6, _C5), _C4), x)
    return as_float(whole(max(x, _ZERO)))


@njit(cache=True, nogil=True, error_model="numpy")
def _many(numbers, mean, radius, turn, n):
    for i in range(n):
        numbers[i] = _from_normal(mean[i], sine(radius[i], turn[i]))


@njit(cache=True, nogil=True, error_model="numpy")
def _many_where(numbers, mean, radius, turn, n):
    for i in range(n):
        m = mean[i]
        large = _from_normal(max(m, _ONE), sine(radius[i], turn[i]))
        numbers[i] = large if m >= MANY else numbers[i]


@njit(cache=True, nogil=True, error_model="numpy")
def fill_poisson(numbers, mean, key, x, radius, turn, bits, scratch, n):
    """The first `n` of `numbers` are Poisson numbers of `mean` [float32, not negative].

    Small means use the random bits of `key` for the pixels from column `x` on, large ones `sine` of the polar
    numbers `radius` and `turn`. `bits` [uint32] and `scratch` [float32, shape ``(3, n)`` or more] are
    overwritten.
    """
    top, bottom = _NONE, _NONE
    for i in range(n):
        pattern = np.uint32(bits_of_float(mean[i]))
        top = larger(top, pattern)
        bottom = larger(bottom, np.uint32(~pattern))
    largest, least = float_of_bits(np.int32(top)), float_of_bits(np.int32(~bottom))
    if least >= MANY:
        _many(numbers, mean, radius, turn, n)
        return
    fill_bits(bits, key, x, n)
    _few(numbers, mean, bits, largest, scratch[0], scratch[1], scratch[2], n)
    if largest >= MANY:
        _many_where(numbers, mean, radius, turn, n)
    _unlikely(numbers, mean, bits, n)
