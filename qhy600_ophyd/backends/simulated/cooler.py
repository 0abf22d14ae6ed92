"""The temperature of the sensor, and the cooler that changes it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from qhy600_ophyd.contract import Clock, Limits, SettingRefused, TemperatureReading
from qhy600_ophyd.sensor.cooling import cooling


def temperature_limits() -> Limits:
    """Set points that the cooler accepts; what it can reach is decided by the ambient temperature."""
    low, high = cooling().setpoint
    return Limits(low=low, high=high, unit="degC", step=cooling().setpoint_step)


class SimulatedCooler:
    """A sensor of one thermal mass, cooled with full power until the set point is reached, then held there.

    Driven, it nears T_end (ambient less the cooler's depth) as T = T_end + (T_0 - T_end) exp(-t / tau), with
    tau about 155 s; off, or below its set point, it nears ambient in the same way. This is computed
    exactly, for any interval.

    Parameters
    ----------
    clock
        What it ages on.
    ambient
        Temperature of the air [°C], and of the sensor at the beginning.
    ensure
        Raises when the camera cannot be talked to.
    """

    def __init__(self, *, clock: Clock, ambient: float, ensure: Callable[[], None]):
        if not -50 <= ambient <= 60:
            raise SettingRefused("ambient", f"{ambient:g}", allowed="-50–60 degC")
        self._clock = clock
        self._ambient = ambient
        self._ensure = ensure
        self._temperature = ambient
        self._setpoint: float | None = None
        self._since = clock.monotonic()
        self._lock = threading.Lock()

    def read(self) -> TemperatureReading:
        """Temperature, set point and drive, now. Raises `CameraNotReady` or `CameraLost`."""
        self._ensure()
        return self.sample()

    def sample(self) -> TemperatureReading:
        """As `read`, for the simulator itself: whatever state the camera is in."""
        with self._lock:
            self._advance()
            return TemperatureReading(
                value=self._temperature, setpoint=self._setpoint, power=self._power(), time=self._since
            )

    def regulate(self, setpoint: float) -> None:
        """Regulate to `setpoint` [°C]. Raises `SettingRefused` outside the limits."""
        self._ensure()
        limits = temperature_limits()
        if not limits.accepts(setpoint):
            now = "off" if self._setpoint is None else f"{self._setpoint:g}"
            raise SettingRefused("temperature", f"{setpoint:g}", allowed=str(limits), now=now)
        with self._lock:
            self._advance()
            self._setpoint = float(setpoint)

    def off(self) -> None:
        """Stop cooling."""
        self._ensure()
        with self._lock:
            self._advance()
            self._setpoint = None

    def _advance(self) -> None:
        now = self._clock.monotonic()
        elapsed, self._since = now - self._since, now
        end = self._end()
        later = end + (self._temperature - end) * math.exp(-elapsed / cooling().time_constant)
        if self._setpoint is not None:
            crossed = (self._temperature - self._setpoint) * (later - self._setpoint) <= 0
            later = self._setpoint if crossed else later
        self._temperature = later

    def _end(self) -> float:
        """Where the temperature would go if it were left as it is driven now [°C]."""
        if self._setpoint is None or self._setpoint > self._temperature:
            return self._ambient
        if self._setpoint == self._temperature:
            return self._setpoint
        return self._ambient - cooling().depth

    def _power(self) -> float:
        if self._setpoint is None or self._setpoint > self._temperature:
            return 0.0
        if self._setpoint < self._temperature:
            return 100.0
        return cooling().power(self._ambient - self._setpoint)
