"""What the camera says of itself: who it is, its modes, its times, the air inside."""

from __future__ import annotations

from ctypes import byref, c_double, c_uint8, c_uint32, create_string_buffer

from qhy600_ophyd.backends.sdk.connection import Connection
from qhy600_ophyd.backends.sdk.constants import BAYER_PATTERNS, TEXT_BYTES, ControlId
from qhy600_ophyd.backends.sdk.failures import SdkError
from qhy600_ophyd.contract import Identity
from qhy600_ophyd.driver.head import HeadMode

_FPGA_PARTS = 4
"""Most parts of the camera's logic that are asked for their version."""


def identity(connection: Connection) -> Identity:
    """Model, serial number, firmware, logic, library, and how fast its USB link is."""
    model, _, serial = connection.name.partition("-")
    return Identity(
        model=model,
        serial=serial,
        firmware=_firmware(connection),
        fpga=_fpga(connection),
        sdk=connection.library.version_text,
        sensor="IMX455",
        usb=usb(connection),
    )


def modes(connection: Connection) -> tuple[HeadMode, ...]:
    """Readout modes in the camera's own order, with the size of a whole frame."""
    number = c_uint32()
    connection.call("GetQHYCCDNumberOfReadModes", byref(number))
    return tuple(_mode(connection, index) for index in range(number.value))


def colour_filters(connection: Connection) -> str:
    """Filters of the first two pixels of the first two rows; empty for a monochrome camera."""
    return BAYER_PATTERNS.get(connection.call("IsQHYCCDControlAvailable", ControlId.COLOR), "")


def exposure_times(connection: Connection) -> tuple[float, float] | None:
    """Line time and actual exposure [s] with what is written; ``None`` where nothing knows them."""
    if not connection.has("GetQHYCCDPreciseExposureInfo"):
        return None
    pixel, line, frame, clocks, lines, actual = (c_uint32() for _ in range(6))
    is_long = c_uint8()
    try:
        connection.call(
            "GetQHYCCDPreciseExposureInfo",
            *(byref(value) for value in (pixel, line, frame, clocks, lines, actual)),
            byref(is_long),
        )
    except SdkError:
        return None
    return line.value * 1e-9, actual.value * 1e-6


def air(connection: Connection, function: str) -> float | None:
    """Humidity [%] or pressure [mbar] of the sensor's chamber; ``None`` where it cannot be read."""
    value = c_double()
    if not connection.has(function):
        return None
    try:
        connection.call(function, byref(value))
    except SdkError:
        return None
    return value.value


def usb(connection: Connection) -> str:
    """How fast its link is, ``"USB 3"`` or ``"USB 2"``; empty where the library does not say."""
    if not connection.has("GetCameraIsSuperSpeedFromID"):
        return ""
    fast = connection.library.functions.GetCameraIsSuperSpeedFromID(connection.name.encode())
    return "USB 3" if fast else "USB 2"


def _mode(connection: Connection, index: int) -> HeadMode:
    name = create_string_buffer(TEXT_BYTES)
    width, height = c_uint32(), c_uint32()
    connection.call("GetQHYCCDReadModeName", index, name)
    connection.call("GetQHYCCDReadModeResolution", index, byref(width), byref(height))
    return HeadMode(name=name.value.decode("ascii", "replace"), width=width.value, height=height.value)


def _firmware(connection: Connection) -> str:
    """Date of the firmware: year and month in the two halves of the first byte, day in the second."""
    parts = (c_uint8 * 32)()
    try:
        connection.call("GetQHYCCDFWVersion", parts)
    except SdkError:
        return ""
    year, month, day = parts[0] >> 4, parts[0] & 15, parts[1]
    return f"20{year + 16 if year <= 9 else year:02d}-{month:02d}-{day:02d}"


def _fpga(connection: Connection) -> str:
    versions = []
    for index in range(_FPGA_PARTS):
        parts = (c_uint8 * 32)()
        try:
            connection.call("GetQHYCCDFPGAVersion", index, parts)
        except SdkError:
            break
        versions.append("-".join(str(part) for part in parts[:4]))
    return " ".join(versions)
