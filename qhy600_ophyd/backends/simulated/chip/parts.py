"""Rows shared out among threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

PIXELS_PER_PART = 50_000
"""Fewer are not worth a thread."""

_PARTS_PER_THREAD = 4  # so that a thread that is held up does not hold up the frame


def in_parts(rows: Callable[[int, int], None], height: int, pixels_per_row: int, threads: int) -> None:
    """Call ``rows(first, last)`` for parts of so many rows, on as many of `threads` as are worth it."""
    parts = min(height * pixels_per_row // PIXELS_PER_PART, _PARTS_PER_THREAD * threads)
    if threads == 1 or parts < 2:
        rows(0, height)
        return
    edges = [height * n // parts for n in range(parts + 1)]
    with ThreadPoolExecutor(threads, thread_name_prefix="simulated-exposure") as pool:
        list(pool.map(lambda part: rows(*part), pairwise(edges)))
