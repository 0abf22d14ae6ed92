"""A word to whoever waits for the first frame of a new installation."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SILENCE = 4.0
"""Host seconds that nobody wonders about."""

_REASON = (
    "preparing the simulated sensor: its loops are compiled once for each installation (about 20 s), its "
    "patterns are made once for each camera"
)

_log = logging.getLogger("qhy600_ophyd.backends.simulated")


@contextmanager
def told_when_slow() -> Iterator[None]:
    """Say once why it takes so long, if what is done here takes longer than a few seconds."""
    notice = threading.Timer(_SILENCE, _log.warning, args=(_REASON,))
    notice.daemon = True
    notice.start()
    try:
        yield
    finally:
        notice.cancel()
