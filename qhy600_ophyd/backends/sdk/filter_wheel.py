"""The filter wheel that is plugged into the camera: it has the camera's handle, and so its lock."""

from __future__ import annotations

from ctypes import create_string_buffer

from qhy600_ophyd.backends.sdk.connection import Connection
from qhy600_ophyd.backends.sdk.constants import SUCCESS, TEXT_BYTES, ControlId
from qhy600_ophyd.contract import check_slot

_MOST_SLOTS = 16
"""Slots are one hexadecimal digit; greater numbers stand for "no wheel"."""


class SdkFilterWheel:
    """A QHYCCD filter wheel on its camera's four-pin port.

    A wheel that was just switched on turns for about 16 s to find itself, and is not there for the library
    before.

    Parameters
    ----------
    connection
        To the camera.
    """

    def __init__(self, connection: Connection):
        self._connection = connection

    @property
    def slots(self) -> int:
        """How many filters it holds; 0 where there is no wheel, or none yet."""
        if not self._connection.is_open or self._connection.call("IsQHYCCDCFWPlugged") != SUCCESS:
            return 0
        number = self._connection.call("GetQHYCCDParam", ControlId.CFWSLOTSNUM)
        return int(number) if 1 <= number <= _MOST_SLOTS else 0

    def position(self) -> int | None:
        """The slot in front of the sensor, from 1; ``None`` while it turns."""
        text = create_string_buffer(TEXT_BYTES)
        self._connection.call("GetQHYCCDCFWStatus", text)
        said = text.value[:1].decode("ascii", "replace")
        return int(said, 16) + 1 if said and said in "0123456789abcdefABCDEF" else None

    def turn_to(self, slot: int) -> None:
        """Start turning to a slot, from 1; returns at once. Raises `SettingRefused` for one it has not."""
        order = f"{check_slot(self, slot) - 1:X}".encode()
        self._connection.call("SendOrder2QHYCCDCFW", order, len(order))
