"""Dark current of a pixel against the sensor's temperature."""

from __future__ import annotations

import numpy as np

from qhy600_ophyd.sensor.tables import table


def dark_current(temperature: float) -> float:
    """Mean dark current [e-/pixel/s] at a sensor temperature [°C].

    The logarithm of the table is joined by straight lines, and these are prolonged beyond its ends
    (-20 and +20 °C): below by the Arrhenius-like slope of its first interval, above by that of its last.
    """
    celsius, rate = np.array(table("dark_current")["rows"], dtype=float).T
    logarithm = np.log(rate)
    right = int(np.clip(np.searchsorted(celsius, temperature), 1, len(celsius) - 1))
    slope = (logarithm[right] - logarithm[right - 1]) / (celsius[right] - celsius[right - 1])
    return float(np.exp(logarithm[right] + slope * (temperature - celsius[right])))
