"""Pieces of work that take turns, so that what else the computer does strikes all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any


def seconds(work: Callable[[], Any]) -> float:
    """Time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def medians(rounds: int, *works: Callable[[], Any]) -> list[float]:
    """Median times of several pieces of work that take turns; the first round warms up and does not count."""
    return [statistics.median(times) for times in _turns(rounds, works)]


def fastest(rounds: int, *works: Callable[[], Any], before: Callable[[], Any]) -> list[float]:
    """Shortest times, where the computer's memory and disk make some turns several times as long as others.

    What is to be done `before` each of them is not timed.
    """
    return [min(times) for times in _turns(rounds, works, before)]


def _turns(
    rounds: int, works: Sequence[Callable[[], Any]], before: Callable[[], Any] = lambda: None
) -> list[tuple[float, ...]]:
    def timed(work: Callable[[], Any]) -> float:
        before()
        return seconds(work)

    return list(zip(*[[timed(work) for work in works] for _ in range(rounds + 1)][1:], strict=True))
