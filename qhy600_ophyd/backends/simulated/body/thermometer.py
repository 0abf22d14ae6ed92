"""What the camera says its sensor's temperature is."""

from __future__ import annotations

from statistics import NormalDist

from qhy600_ophyd.backends.simulated.random_keys import hashed

RESOLUTION = 0.1
"""Step of a reading [K]: real cameras report tenths (assumed to be all they have)."""

NOISE = 0.02
"""Standard deviation of a reading before it is rounded [K] (assumed)."""

_NORMAL = NormalDist(sigma=NOISE)


class Thermometer:
    """Converts once a second, so that two readings within a second of the camera have the same noise.

    Parameters
    ----------
    seed
        Of the noise: the same seed and second give the same.
    """

    def __init__(self, seed: int):
        self._seed = seed

    def reading(self, temperature: float, second: int) -> float:
        """Reading [°C] of a true temperature [°C] in that second of the camera."""
        drawn = hashed(f"{self._seed} thermometer {second}", size=6)
        noise = _NORMAL.inv_cdf((drawn + 0.5) / 2**48)
        return round(round((temperature + noise) / RESOLUTION) * RESOLUTION, 6)
