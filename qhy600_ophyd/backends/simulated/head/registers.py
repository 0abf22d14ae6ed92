"""The numbers that the camera holds: what the library says of them, and what is true of the sensor."""

from __future__ import annotations

import math

from qhy600_ophyd.driver.head import Control, HeadError

DEFAULT_GAIN, DEFAULT_OFFSET = 30.0, 30.0
"""What the library states at first; taken for the sensor's own in every mode (assumed)."""

DEFAULT_EXPOSURE = {False: 5.0, True: 0.020}
DEFAULT_BIT_DEPTH = {False: 16.0, True: 8.0}
"""By whether the stream is live."""

LIMITS: dict[Control, tuple[float, float, float]] = {
    Control.EXPOSURE: (1e-6, 3600.0, 1e-6),
    Control.GAIN: (0.0, 200.0, 1.0),
    Control.OFFSET: (0.0, 255.0, 1.0),
    Control.USB_TRAFFIC: (0.0, 60.0, 1.0),
    Control.BIT_DEPTH: (8.0, 16.0, 8.0),
    Control.FRESH_MEMORY: (0.0, 1.0, 1.0),
    Control.GPS_HEADER: (0.0, 1.0, 1.0),
    Control.COOLER_TARGET: (-50.0, 50.0, 0.5),
    Control.COOLER_POWER: (0.0, 255.0, 1.0),
    Control.TEMPERATURE: (-50.0, 50.0, 0.1),
    Control.HUMIDITY: (0.0, 100.0, 0.1),
    Control.PRESSURE: (0.0, 2000.0, 0.1),
    Control.UNDERVOLTAGE: (0.0, 9.0, 1.0),
}
"""Least, greatest and step, as the library lists them; it does not keep to them."""

_AT_FIRST: dict[Control, float] = {
    Control.GAIN: DEFAULT_GAIN,
    Control.OFFSET: DEFAULT_OFFSET,
    Control.USB_TRAFFIC: 50.0,
    Control.FRESH_MEMORY: 0.0,
    Control.GPS_HEADER: 0.0,
    Control.COOLER_TARGET: -100.0,
}
_IN_SENSOR = (Control.GAIN, Control.OFFSET)


class Registers:
    """What was written, what reads back, and what the sensor works with.

    `initialise` gives the sensor its default gain and offset while the written ones still read back. What is
    written then reaches it, but only after a first exposure, which is still made with the defaults.
    """

    def __init__(self) -> None:
        self._said = {**_AT_FIRST, Control.EXPOSURE: DEFAULT_EXPOSURE[False], Control.BIT_DEPTH: 16.0}
        self._sensor = {control: _AT_FIRST[control] for control in _IN_SENSOR}
        self._late: dict[Control, float] = {}
        self.first_is_to_come = True
        """Whether no exposure was completed since the initialisation."""

    def initialise(self, *, live: bool) -> None:
        """What an initialisation does to the numbers."""
        self._said[Control.EXPOSURE] = DEFAULT_EXPOSURE[live]
        self._said[Control.BIT_DEPTH] = DEFAULT_BIT_DEPTH[live]
        self._sensor = {control: _AT_FIRST[control] for control in _IN_SENSOR}
        self._late = {}
        self.first_is_to_come = True

    def forget_more(self) -> None:
        """What some initialisations do on top, and say."""
        for control in (Control.GAIN, Control.OFFSET, Control.USB_TRAFFIC, Control.GPS_HEADER):
            self._said[control] = _AT_FIRST[control]

    def write(self, control: Control, value: float, *, late: bool = False) -> None:
        """Take `value` unchecked; with `late` the old one reads back once more.

        Raises
        ------
        HeadError
            A bit depth that there is not.
        """
        if control is Control.BIT_DEPTH and value not in (8, 16, 32):
            raise HeadError(
                f"bit depth {value:g} refused by the camera: allowed is 8, 16 or 32 "
                f"(still at {self._said[control]:g})"
            )
        if late:
            self._late[control] = self._said[control]
        self._said[control] = float(value)
        if control in _IN_SENSOR:
            self._sensor[control] = _clamped(control, value)

    def read(self, control: Control) -> float:
        """What the library says."""
        return self._late.pop(control, self._said[control])

    def said(self, control: Control) -> float:
        """What was written last and taken, or came from an initialisation."""
        return self._said[control]

    def true(self, control: Control) -> float:
        """What the sensor works with in an exposure that starts now."""
        if control in _IN_SENSOR:
            return _AT_FIRST[control] if self.first_is_to_come else self._sensor[control]
        return _clamped(control, self._said[control])


def _clamped(control: Control, value: float) -> float:
    """What hardware makes of a number that it cannot hold: the nearest that it can."""
    low, high, _ = LIMITS[control]
    if control is Control.BIT_DEPTH or (control is Control.USB_TRAFFIC and 0 <= value <= 255):
        return value
    return low if math.isnan(value) else min(max(value, low), high)
