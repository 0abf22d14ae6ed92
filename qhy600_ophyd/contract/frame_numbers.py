"""Counters of frames in the camera: how wide they are, and how far one number is behind another."""

from __future__ import annotations

from collections.abc import Mapping

COUNTERS: Mapping[str, int] = {"gps_header": 1 << 32, "burst_counter": 1 << 32}
"""Counters in the camera, by the source of a sequence number, and after how many numbers they wrap.

The GPS header has four bytes (rockit-astro/camd-qhy), the burst counter has four (EZCAP_QT,
``threadBurstCapture.cpp``). Neither has been tried on a camera.
"""


def frames_between(before: int, now: int, *, source: str) -> int:
    """How many frames the camera has counted from number `before` to number `now`.

    1 for one behind the other, 0 for the same number, negative for one that comes behind a later one: what
    is more than half of all numbers ahead is taken to be behind.

    Parameters
    ----------
    before, now
        Numbers of two frames of one counter.
    source
        Which of `COUNTERS` has counted.
    """
    turn = COUNTERS[source]
    step = (now - before) % turn
    if step > turn // 2:
        return step - turn
    # The header's counter leaves out 0, which it keeps for "no header".
    left_out = step > 1 and now < before and source == "gps_header"
    return step - left_out
