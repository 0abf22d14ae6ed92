"""Random numbers that a scene is made from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.random_keys import hashed


def uniform(seed: int, what: str, count: int) -> NDArray[np.float64]:
    """Independent numbers, uniform between 0 and 1, both excluded, shape ``(count,)``.

    They are made from the raw stream of PCG64, which numpy keeps from version to version, unlike the
    distributions built on it. More numbers of one name begin with the fewer.

    Parameters
    ----------
    seed
        Of the camera.
    what
        What they are for; each has numbers of its own.
    count
        How many.
    """
    key = hashed(f"scene {what} {seed}", size=16)
    raw = np.random.PCG64(key).random_raw(count)
    return ((raw >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
