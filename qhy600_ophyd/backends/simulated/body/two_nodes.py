"""Heat in the camera: a cold node (the sensor) and a hot node (the heat sink) with a Peltier cooler between.

With the cooler's duty u, cold and hot node Tc and Th and the surroundings Ta in kelvin:

    Cc dTc/dt = -(a u Tc - R u^2 / 2 - k (Th - Tc)) + Q + G (Ta - Tc)
    Ch dTh/dt =   a u Th + R u^2 / 2 - k (Th - Tc) - (Th - Ta) / Rhs

and the cooler takes P = a u (Th - Tc) + R u^2 from the supply. At a constant duty both equations are linear
in the temperatures. The off-diagonal elements of their matrix are positive, so that its two eigenvalues are
real and different, and each temperature is its end value and two exponentials. Nothing is stepped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.sensor.cooling import ThermalConstants


@dataclass(frozen=True, kw_only=True)
class Course:
    """How the two temperatures go on from one moment while nothing else changes.

    Parameters
    ----------
    duty
        0 to 1.
    cold_end, hot_end
        Where they end [K].
    slow, fast
        The two eigenvalues [1/s], negative, `slow` nearer to zero.
    cold_slow, cold_fast, hot_slow, hot_fast
        What is left to go at time 0 with either eigenvalue [K].
    pumping, resistance
        Of the cooler: a [W/K] and R [W].
    """

    duty: float
    cold_end: float
    hot_end: float
    slow: float
    fast: float
    cold_slow: float
    cold_fast: float
    hot_slow: float
    hot_fast: float
    pumping: float
    resistance: float

    def at(self, seconds: float) -> tuple[float, float]:
        """Cold and hot node after so long [K]."""
        slow, fast = math.exp(self.slow * seconds), math.exp(self.fast * seconds)
        return (
            self.cold_end + self.cold_slow * slow + self.cold_fast * fast,
            self.hot_end + self.hot_slow * slow + self.hot_fast * fast,
        )

    def cold_integral(self, seconds: float) -> float:
        """Integral of the cold node over the first so many seconds [K s]."""
        return (
            self.cold_end * seconds
            + self.cold_slow * math.expm1(self.slow * seconds) / self.slow
            + self.cold_fast * math.expm1(self.fast * seconds) / self.fast
        )

    def cooler_power(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the cooler takes at these times [W], same shape."""
        difference = (
            self.hot_end
            - self.cold_end
            + (self.hot_slow - self.cold_slow) * np.exp(self.slow * seconds)
            + (self.hot_fast - self.cold_fast) * np.exp(self.fast * seconds)
        )
        return self.pumping * self.duty * difference + self.resistance * self.duty**2

    @property
    def cold_left(self) -> float:
        """The cold node is never farther than this from its end any more [K]."""
        return abs(self.cold_slow) + abs(self.cold_fast)


def course(
    constants: ThermalConstants, *, cold: float, hot: float, duty: float, ambient: float, heat: float
) -> Course:
    """The course from `cold` and `hot` on.

    Parameters
    ----------
    constants
        Of the two nodes.
    cold, hot
        Now [K].
    duty
        Of the cooler, 0 to 1.
    ambient
        Of the air or the cooling water [K].
    heat
        Into the cold node [W].
    """
    between, to_air = constants.conduction, 1 / constants.sink_resistance
    pumped, joule = constants.pumping * duty, 0.5 * constants.resistance * duty**2
    a = -(pumped + between + constants.leak) / constants.cold_capacity
    b = between / constants.cold_capacity
    c = between / constants.hot_capacity
    d = (pumped - between - to_air) / constants.hot_capacity
    into_cold = (joule + heat + constants.leak * ambient) / constants.cold_capacity
    into_hot = (joule + to_air * ambient) / constants.hot_capacity
    determinant, half = a * d - b * c, 0.5 * (a + d)
    root = math.hypot(0.5 * (a - d), math.sqrt(b * c))
    slow, fast = half + root, half - root
    cold_end = (b * into_hot - d * into_cold) / determinant
    hot_end = (c * into_cold - a * into_hot) / determinant
    x, y = cold - cold_end, hot - hot_end
    cold_slow = ((a - fast) * x + b * y) / (slow - fast)
    hot_slow = (c * x + (d - fast) * y) / (slow - fast)
    return Course(
        duty=duty,
        cold_end=cold_end,
        hot_end=hot_end,
        slow=slow,
        fast=fast,
        cold_slow=cold_slow,
        cold_fast=x - cold_slow,
        hot_slow=hot_slow,
        hot_fast=y - hot_slow,
        pumping=constants.pumping,
        resistance=constants.resistance,
    )
