"""Trying a call a few times: the link has its moments."""

from __future__ import annotations

from collections.abc import Callable

from qhy600_ophyd.driver.head import HeadError

TRIES = 3
"""How often a call is tried that fails for no reason of its own."""


def insist(call: Callable[[], None]) -> None:
    """Call until it succeeds, three times at most. Raises the last `HeadError`."""
    for _ in range(TRIES - 1):
        try:
            call()
        except HeadError:
            continue
        return
    call()
