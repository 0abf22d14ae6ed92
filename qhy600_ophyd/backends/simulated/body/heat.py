"""Temperatures of the two nodes at any time, from one change of their surroundings to the next."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.body.two_nodes import Course, course
from qhy600_ophyd.sensor.cooling import KELVIN, thermal_constants


class Heat:
    """The two nodes, in equilibrium at time 0.

    Parameters
    ----------
    ambient
        Temperature of the air, or of the cooling water [°C].
    load
        Heat into the cold node [W].
    liquid
        Whether water takes the heat away.
    """

    def __init__(self, *, ambient: float, load: float, liquid: bool):
        self._constants = thermal_constants(liquid=liquid)
        self._ambient, self._load, self._duty = ambient, load, 0.0
        self._since = 0.0
        self._integral = 0.0
        start = self._from(ambient + KELVIN, ambient + KELVIN)
        self._course = self._from(start.cold_end, start.hot_end)

    @property
    def ambient(self) -> float:
        """Of the air, or of the water [°C]."""
        return self._ambient

    @property
    def duty(self) -> float:
        """Of the cooler, 0 to 1."""
        return self._duty

    @property
    def end(self) -> float:
        """Where the cold node goes if nothing changes [°C]."""
        return self._course.cold_end - KELVIN

    @property
    def left(self) -> float:
        """The cold node is never farther than this from `end` any more, if nothing changes [K]."""
        return self._course.cold_left

    def lasts_until(self, parts: float) -> float:
        """Time [s] when exp(-`parts`) of the slower exponential is left."""
        return self._since - parts / self._course.slow

    def change(
        self, at: float, *, duty: float | None = None, load: float | None = None, ambient: float | None = None
    ) -> None:
        """Let the duty, the heat [W] or the ambient temperature [°C] be another one from then [s] on."""
        cold, hot = self._course.at(at - self._since)
        self._integral = self.integral(at)
        self._since = at
        self._duty = self._duty if duty is None else duty
        self._load = self._load if load is None else load
        self._ambient = self._ambient if ambient is None else ambient
        self._course = self._from(cold, hot)

    def cold(self, at: float) -> float:
        """The sensor [°C] at a time [s] after the last change."""
        return self._course.at(at - self._since)[0] - KELVIN

    def hot(self, at: float) -> float:
        """The heat sink [°C] at a time [s] after the last change."""
        return self._course.at(at - self._since)[1] - KELVIN

    def integral(self, at: float) -> float:
        """Of the sensor's temperature from time 0 on [°C s]."""
        passed = at - self._since
        return self._integral + self._course.cold_integral(passed) - KELVIN * passed

    def cooler_power(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the cooler takes [W] at times [s] after the last change, same shape."""
        return self._course.cooler_power(at - self._since)

    def cooler_power_at(self, at: float) -> float:
        """What the cooler takes [W] at one time [s] after the last change."""
        cold, hot = self._course.at(at - self._since)
        return self._constants.power(self._duty, cold, hot)

    def _from(self, cold: float, hot: float) -> Course:
        return course(
            self._constants,
            cold=cold,
            hot=hot,
            duty=self._duty,
            ambient=self._ambient + KELVIN,
            heat=self._load,
        )
