"""Two independent standard normal numbers for each pixel, by the polar form of Box & Muller (1958).

A radius sqrt(-2 ln u), to 6.6 sigma, and an angle of t half turns give radius × cos(pi t) and radius ×
sin(pi t). ln, to 2e-6, and sin, to 6e-7, are polynomials of ours of least greatest error.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from qhy600_ophyd.backends.simulated.chip.machine_words import (
    as_float,
    bits_of_float,
    float_of_bits,
    fused,
    root,
    shifted,
)
from qhy600_ophyd.backends.simulated.chip.random_bits import STEPS, column_step, step_bits

_f = np.float32
_S1 = np.uint32(1)
_S23 = np.int32(23)
_S32 = np.uint64(32)
_EXPONENT_BIAS = np.int32(0x3F3504F3)  # bits of sqrt(1/2): mantissas from there to sqrt(2)
_MANTISSA = np.int32(0x007FFFFF)
_SIGN = np.int32(-0x80000000)
_HALF, _ONE, _MINUS_TWO = _f(0.5), _f(1.0), _f(-2.0)
_UNIT = _f(2.0**-31)
_TWO_LN2 = _f(-2 * np.log(2.0))
_L0, _L1, _L2, _L3, _L4, _L5 = (
    _f(c) for c in (1.00001278, -0.499850514, 0.332258728, -0.254724643, 0.223300692, -0.143198481)
)
_S_0, _S_1, _S_2, _S_3 = (_f(c) for c in (3.14158202, -5.1671428, 2.54189903, -0.554636197))


@njit(cache=True, nogil=True, error_model="numpy")
def fill_polar(radius, turn, radius_key, turn_key, x, n):
    """Radius, and angle in half turns from -1 to 1, of the pixels in columns `x` to ``x + n`` of a row."""
    low, high = column_step(radius_key, x), np.uint32(radius_key >> _S32)
    for i in range(n):
        bits = step_bits(low, high, STEPS[i])
        p = _f(as_float(np.int32(shifted(bits, _S1))) + _HALF) * _UNIT
        raw = np.int32(bits_of_float(p) - _EXPONENT_BIAS)
        m = float_of_bits(np.int32(np.int32(raw & _MANTISSA) + _EXPONENT_BIAS)) - _ONE
        m2 = m * m
        ln = fused(m2, fused(m2, fused(m, _L5, _L4), fused(m, _L3, _L2)), fused(m, _L1, _L0)) * m
        radius[i] = root(fused(_TWO_LN2, as_float(np.int32(raw >> _S23)), _MINUS_TWO * ln))
    low, high = column_step(turn_key, x), np.uint32(turn_key >> _S32)
    for i in range(n):
        turn[i] = as_float(np.int32(step_bits(low, high, STEPS[i]))) * _UNIT


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def cosine(radius, turn):
    """The one of the two numbers."""
    return radius * _sine_of(_HALF - abs(turn))


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def sine(radius, turn):
    """The other."""
    size = radius * _sine_of(_HALF - abs(_HALF - abs(turn)))
    return float_of_bits(np.int32(bits_of_float(size) | np.int32(bits_of_float(turn) & _SIGN)))


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _sine_of(v):
    """sin(pi v) for v from -1/2 to 1/2."""
    v2 = v * v
    return v * fused(v2, fused(v2, fused(v2, _S_3, _S_2), _S_1), _S_0)
