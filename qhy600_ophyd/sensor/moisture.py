"""When the water in air settles on something cold: the Magnus formula, over water and over ice.

e(t) = 6.112 hPa exp(a t / (b + t)), with a = 17.62 and b = 243.12 °C over water (-45 to 60 °C), a = 22.46 and
b = 272.62 °C over ice (-65 to 0 °C): World Meteorological Organization, Guide to Instruments and Methods of
Observation (WMO-No. 8), annex on humidity. That of pure vapour: air enhances it by less than 1 %.
"""

from __future__ import annotations

import math

_AT_ZERO = 6.112
"""Saturation pressure at 0 °C [hPa]."""

_WATER = (17.62, 243.12)
_ICE = (22.46, 272.62)
"""None, and [°C]."""


def vapour_pressure(temperature: float) -> float:
    """Saturation pressure of water vapour over water [hPa] at a temperature [°C]."""
    a, b = _WATER
    return _AT_ZERO * math.exp(a * temperature / (b + temperature))


def dew_point(pressure: float) -> float:
    """Temperature [°C] at which vapour of that pressure [hPa], above 0, is saturated over water."""
    return _saturated(pressure, *_WATER)


def frost_point(pressure: float) -> float:
    """Temperature [°C] at which vapour of that pressure [hPa], above 0, is saturated over ice."""
    return _saturated(pressure, *_ICE)


def settles_at(air: float, humidity: float) -> float:
    """Temperature [°C] of a surface on which water settles: the dew point, or below 0 °C the frost point.

    Frost comes first: over ice less vapour is enough than over water that is as cold.

    Parameters
    ----------
    air
        Temperature of the air [°C].
    humidity
        Its relative humidity over water [percent], as sensors give it.

    Returns
    -------
    float
        NaN for air without any moisture, on which no formula has a word.
    """
    if not humidity > 0:
        return math.nan
    pressure = vapour_pressure(air) * humidity / 100
    dew = dew_point(pressure)
    return dew if dew >= 0 else frost_point(pressure)


def _saturated(pressure: float, a: float, b: float) -> float:
    x = math.log(pressure / _AT_ZERO)
    return b * x / (a - x)
