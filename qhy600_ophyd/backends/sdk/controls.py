"""What the library reads and writes as numbers, by our names and in our units."""

from __future__ import annotations

from ctypes import byref, c_double

from qhy600_ophyd.backends.sdk import readings
from qhy600_ophyd.backends.sdk.connection import Connection
from qhy600_ophyd.backends.sdk.constants import NO_VALUE, SUCCESS, ControlId
from qhy600_ophyd.backends.sdk.keeping_cold import KeepingCold
from qhy600_ophyd.driver.head import LOST, Control

_NUMBERS: dict[Control, tuple[ControlId, float]] = {
    Control.EXPOSURE: (ControlId.EXPOSURE, 1e6),
    Control.GAIN: (ControlId.GAIN, 1.0),
    Control.OFFSET: (ControlId.OFFSET, 1.0),
    Control.USB_TRAFFIC: (ControlId.USBTRAFFIC, 1.0),
    Control.BIT_DEPTH: (ControlId.TRANSFERBIT, 1.0),
    Control.FRESH_MEMORY: (ControlId.DDR, 1.0),
    Control.GPS_HEADER: (ControlId.GPS, 1.0),
    Control.COOLER_TARGET: (ControlId.COOLER, 1.0),
    Control.COOLER_POWER: (ControlId.CURPWM, 1.0),
    Control.TEMPERATURE: (ControlId.CURTEMP, 1.0),
    Control.UNDERVOLTAGE: (ControlId.UNDERVOLTAGE, 1.0),
}
"""The library's id, and its units in one of ours."""

_AIR = {
    Control.HUMIDITY: (ControlId.HUMIDITY, "GetQHYCCDHumidity", 100.0),
    Control.PRESSURE: (ControlId.PRESSURE, "GetQHYCCDPressure", 2000.0),
}
"""Id, function and greatest value of what is read through a function of its own."""


class Controls:
    """The numbers of a camera.

    Parameters
    ----------
    connection
        To the camera.
    """

    def __init__(self, connection: Connection):
        self._connection = connection
        self._keeping_cold = KeepingCold(connection)
        self._limits: dict[Control, tuple[float, float, float] | None] = {}
        self.bits = 16
        """Bits of a count that were written last."""

    def forget(self) -> None:
        """Ask for limits anew: an initialisation may have changed them."""
        self._limits.clear()

    def between_frames(self) -> None:
        """What has to be told now and then, and cannot be during a readout."""
        self._keeping_cold.tell_if_due()

    def end(self) -> None:
        """Stop whatever goes on by itself."""
        self._keeping_cold.end()

    def write(self, control: Control, value: float) -> None:
        """Write a number, whatever it is; a set point of the cooler is told again every second."""
        if control is Control.BIT_DEPTH:
            self._connection.call("SetQHYCCDBitsMode", int(value))
            self.bits = int(value)
        elif control is Control.COOLER_TARGET:
            self._connection.call("ControlQHYCCDTemp", value)
            self._keeping_cold.keep(value)
        elif control is Control.COOLER_POWER:
            self._keeping_cold.end()
            self._connection.call("SetQHYCCDParam", ControlId.MANULPWM, value)
        else:
            number, scale = _NUMBERS[control]
            self._connection.call("SetQHYCCDParam", number, value * scale)

    def read(self, control: Control) -> float:
        """Read a number; `LOST` from a camera that is gone."""
        if control in _AIR:
            value = readings.air(self._connection, _AIR[control][1])
            return LOST if value is None else value
        number, scale = _NUMBERS[control]
        value = self._connection.call("GetQHYCCDParam", number)
        return LOST if value == NO_VALUE else value / scale

    def limits(self, control: Control) -> tuple[float, float, float] | None:
        """Least value, greatest value and step; ``None`` where the control does not exist."""
        if control not in self._limits:
            self._limits[control] = self._asked_limits(control)
        return self._limits[control]

    def _asked_limits(self, control: Control) -> tuple[float, float, float] | None:
        if control in _AIR:
            number, function, greatest = _AIR[control]
            # "Available" is true of the model; whether this camera has the sensor shows in reading it.
            if not self._available(number) or readings.air(self._connection, function) is None:
                return None
            return 0.0, greatest, 0.0
        number, scale = _NUMBERS[control]
        if not self._available(number):
            return None
        if control is Control.UNDERVOLTAGE:
            return 0.0, 255.0, 1.0
        values = [c_double() for _ in range(3)]
        self._connection.call("GetQHYCCDParamMinMaxStep", number, *(byref(value) for value in values))
        low, high, step = (value.value / scale for value in values)
        return low, high, step

    def _available(self, number: ControlId) -> bool:
        return self._connection.call("IsQHYCCDControlAvailable", number) == SUCCESS
