"""The loops over pixels. Sums are of integers and exact, but for that of fourth powers."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Not `parallel=True`: on some platforms numba's thread pool aborts the process when two threads of the
# program enter it at once, and a camera may be exposing in the other. The loop runs at memory speed and
# without the interpreter's lock, so that the next frames are read meanwhile.


@njit(nogil=True, cache=True)
def _sum_rows(
    a: NDArray[np.unsignedinteger],
    b: NDArray[np.unsignedinteger],
    code: int,
    out: NDArray[np.int64],
    fourth: NDArray[np.float64],
) -> None:  # pragma: no cover  (compiled)
    for i in range(a.shape[0]):
        row_a, row_b = a[i], b[i]
        sum_a = np.int64(0)
        sum_b = np.int64(0)
        square = np.int64(0)
        product = np.int64(0)
        full = np.int64(0)
        power = 0.0
        for j in range(row_a.shape[0]):
            p, q = np.int64(row_a[j]), np.int64(row_b[j])
            d = p - q
            sum_a += p
            sum_b += q
            square += d * d
            power += np.float64(d * d) * np.float64(d * d)
            product += p * q
            full += np.int64(p >= code) + np.int64(q >= code)
        out[i, 0] = sum_a
        out[i, 1] = sum_b
        out[i, 2] = square
        out[i, 3] = product
        out[i, 4] = full
        fourth[i] = power


def pair_sums(
    a: NDArray[np.unsignedinteger], b: NDArray[np.unsignedinteger], code: int
) -> tuple[int, int, int, int, int, float]:
    """Σa, Σb, Σ(a − b)², Σab, the number of counts at or above `code`, and Σ(a − b)⁴, in one pass.

    Parameters
    ----------
    a, b
        Counts of equal shape ``(rows, columns)``; up to 20 bits, since the sum over one row is kept in
        64 bits. The sum over rows has no limit.
    code
        Saturation [count].
    """
    out, fourth = np.empty((a.shape[0], 5), np.int64), np.empty(a.shape[0])
    _sum_rows(a, b, code, out, fourth)
    sum_a, sum_b, square, product, full = (sum(column) for column in out.T.tolist())
    return sum_a, sum_b, square, product, full, float(fourth.sum())
