"""What the camera's firmware does with its cooler once a second."""

from __future__ import annotations

PERIOD = 1.0
"""Between two steps of the firmware [s]."""

FULL = 255
"""The PWM of full duty."""

RAMP = 3 / FULL
"""Largest change of the duty in one step; full power is reached after 85 s."""

PROPORTIONAL = 0.2
"""Duty per kelvin (assumed; with the next, any set point is met to 0.1 K in about ten minutes)."""

RESET_TIME = 90.0
"""In which the integral part grows as large as the proportional one [s] (assumed)."""


class Regulation:
    """A PI law in its incremental form: what the duty changes by is computed, then what it may be is kept to.

        change = proportional * ((e - e_before) + e * period / reset_time),  e = temperature - target

    There is no sum that could run away while the duty stands at a limit or is held back by the ramp, which is
    what other forms need an anti-windup for.

    Parameters
    ----------
    target
        [°C].
    """

    def __init__(self, target: float):
        self.target = target
        self._before: float | None = None

    def step(self, temperature: float, duty: float, limit: float) -> float:
        """The next second's duty, 0 to `limit`, from the sensor's temperature [°C] and the duty so far."""
        error = temperature - self.target
        before = error if self._before is None else self._before
        self._before = error
        change = PROPORTIONAL * (error - before + error * PERIOD / RESET_TIME)
        return min(max(duty + min(max(change, -RAMP), RAMP), 0.0), limit)
