"""What the chip's random numbers are for; each has a key of its own."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from qhy600_ophyd.backends.simulated.random_keys import Purpose, key


class Fixed(IntEnum):
    """Patterns of the chip, the same in every frame."""

    RESPONSE = 1
    DARK = 2
    NOISE = 3
    FAST_TRAPS = 4
    SLOW_TRAPS = 5
    TRAP_KINDS = 6
    WARM = 7
    WARMTH = 8
    THERMAL = 9
    IMAGE_COLUMNS = 10
    OVERSCAN_COLUMNS = 11
    DOTS = 12
    CONVERTER = 13
    TRAP_STATES = 14
    BANDING = 15


class Drawn(IntEnum):
    """Numbers drawn anew for each frame."""

    ELECTRONS = 1
    RADIUS = 2
    TURN = 7
    WARM_ELECTRONS = 3
    ROWS = 4
    THERMAL = 5
    COSMIC_RAYS = 6


def fixed_key(seed: int, what: Fixed, binning: int) -> np.uint64:
    """Key of a pattern; a mode that bins on the chip by `binning` has patterns of its own."""
    return np.uint64(key(seed, Purpose.PATTERN, which=int(what) + 100 * binning))


def frame_key(seed: int, what: Drawn, frame: int) -> np.uint64:
    """Key of what is drawn in frame number `frame`."""
    return np.uint64(key(seed, Purpose.ELECTRONS, frame, int(what)))
