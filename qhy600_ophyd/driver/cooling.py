"""The cooler of a driven camera."""

from __future__ import annotations

from collections.abc import Callable

from qhy600_ophyd.contract import CameraLost, Limits, SettingRefused, TemperatureReading
from qhy600_ophyd.driver.head import LOST, Control, Head

_FULL = 255.0


class DrivenCooler:
    """The cooler behind a head.

    Parameters
    ----------
    head
        Whose.
    ensure
        Raises when the camera cannot be talked to.
    lost
        Called when the camera turns out to be gone.
    """

    def __init__(self, head: Head, *, ensure: Callable[[], None], lost: Callable[[], None]):
        self._head, self._ensure, self._lost = head, ensure, lost
        self._setpoint: float | None = None

    def read(self) -> TemperatureReading:
        """Temperature, set point and drive, now. Raises `CameraNotReady` or `CameraLost`."""
        self._ensure()
        value, power = self._head.read(Control.TEMPERATURE), self._head.read(Control.COOLER_POWER)
        if LOST in (value, power):
            self._lost()
            raise CameraLost("the camera no longer gives its temperature; close it and open it again")
        return TemperatureReading(
            value=value,
            setpoint=self._setpoint,
            power=100.0 * power / _FULL,
            time=self._head.clock.monotonic(),
        )

    def regulate(self, setpoint: float) -> None:
        """Regulate to `setpoint` [°C]. Raises `SettingRefused` outside the limits."""
        self._ensure()
        limits = self._limits()
        if not limits.accepts(setpoint):
            now = "off" if self._setpoint is None else f"{self._setpoint:g}"
            raise SettingRefused("temperature", f"{setpoint:g}", allowed=str(limits), now=now)
        self._head.write(Control.COOLER_TARGET, float(setpoint))
        self._setpoint = float(setpoint)

    def off(self) -> None:
        """Stop cooling."""
        self._ensure()
        self._head.write(Control.COOLER_POWER, 0.0)
        self._setpoint = None

    def resume(self) -> None:
        """After the camera was opened again: go on as before."""
        if self._setpoint is not None:
            self._head.write(Control.COOLER_TARGET, self._setpoint)

    def _limits(self) -> Limits:
        found = self._head.limits(Control.COOLER_TARGET)
        if found is None:
            raise SettingRefused("temperature", "set point", allowed="nothing", advice="It has no cooler")
        low, high, step = found
        return Limits(low=low, high=high, unit="degC", step=step)
