"""Standard normal numbers from random bits, by a polynomial for the inverse distribution function.

The highest bit is the sign; the other 31, k, give the probability of the tail p = (k + 1/2) / 2^32, at most
1/2, and s = sqrt(-2 ln p) is nearly the deviate itself, so that one polynomial of degree 10 in s serves
from the centre to 6.3 sigma. The polynomials for ln and for z(s) are fits of ours of least greatest error:
2e-7 of ln, 5e-6 of z up to 4 sigma and 5e-5 beyond, which moves the distribution function by less than
2e-6.
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
)

_f = np.float32
_EXPONENT_BIAS = np.int32(0x3F3504F3)  # bits of sqrt(1/2): mantissas from there to sqrt(2)
_MANTISSA = np.int32(0x007FFFFF)
_S23 = np.int32(23)
_MAGNITUDE = np.uint32(0x7FFFFFFF)
_SIGN = np.int32(-0x80000000)
_HALF, _UNIT = _f(0.5), _f(2.0**-32)
_TWO_LN2, _MINUS_TWO = _f(-2 * np.log(2.0)), _f(-2.0)
_CENTRE = _f(3.970557828758685)
_L0, _L1, _L2, _L3, _L4, _L5, _L6 = (
    _f(c)
    for c in (1.00000325, -0.500019651, 0.333032982, -0.248813397, 0.206046744, -0.189019775, 0.118274721)
)
_Z0, _Z1, _Z2, _Z3, _Z4, _Z5, _Z6, _Z7, _Z8, _Z9, _Z10 = (
    _f(c)
    for c in (
        3.36899003,
        1.09439632,
        -0.0173713553,
        0.00341807096,
        -0.00060173251,
        0.000134802088,
        -7.12986695e-05,
        5.06435971e-06,
        6.20045991e-06,
        7.75353987e-07,
        -5.88044126e-07,
    )
)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def normal(bits):
    """Standard normal float32 from 32 random bits."""
    p = _f(as_float(np.int32(bits & _MAGNITUDE)) + _HALF) * _UNIT
    raw = bits_of_float(p)
    shifted = np.int32(raw - _EXPONENT_BIAS)
    exponent = np.int32(shifted >> _S23)
    m = float_of_bits(np.int32(np.int32(shifted & _MANTISSA) + _EXPONENT_BIAS)) - _f(1.0)
    m2 = m * m
    ln = fused(m2, fused(m, fused(m2, _L6, _L5), _L4), fused(m, _L3, _L2))
    ln = fused(m2, ln, fused(m, _L1, _L0)) * m
    s = root(fused(_TWO_LN2, as_float(exponent), _MINUS_TWO * ln)) - _CENTRE
    s2 = s * s
    s4 = s2 * s2
    low = fused(s2, fused(s, _Z3, _Z2), fused(s, _Z1, _Z0))
    middle = fused(s2, fused(s, _Z7, _Z6), fused(s, _Z5, _Z4))
    high = fused(s2, _Z10, fused(s, _Z9, _Z8))
    z = fused(s4, fused(s4, high, middle), low)
    return float_of_bits(np.int32(bits_of_float(z) ^ np.int32(np.int32(bits) & _SIGN)))


@njit(cache=True, nogil=True, error_model="numpy")
def fill_normal(deviates, bits, n):
    """The first `n` of `bits` as standard normal numbers."""
    for i in range(n):
        deviates[i] = normal(bits[i])
