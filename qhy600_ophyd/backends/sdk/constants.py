"""Numbers of libqhyccd's headers.

Source: `qhyccderr.h`, `qhyccdstruct.h` and `qhyccdcamdef.h` of SDK 25.9.29 as pyobs/pyobs-qhyccd publishes
them; control ids below 88 are the same in every header from 2020 to 2026.
"""

from __future__ import annotations

from enum import IntEnum

SUCCESS = 0
ERROR = 0xFFFFFFFF
IMAGE_SHIFTED = 0xFFFFFFFE
DEVICE_GONE = 0xFFFFFFFD
NO_SUCH_MODE = 0xFFFF
"""What calls about readout modes return for one that does not exist."""

READ_DIRECTLY = 0x2001
"""From starting an exposure: success, read without sleeping first."""

DELAY_200MS = 0x2000
"""From starting an exposure or binning: success; after binning, wait for 200 ms."""

NO_VALUE = 4294967295.0
"""What every function that returns a double gives when it has nothing to give."""

TEXT_BYTES = 256
"""Room for any text that the library writes; its own samples give it 32 to 128."""

STATUS_BYTES = 64
"""Room for `GetQHYCCDCameraStatus`, whose length no header states."""

OLDEST_SDK = (21, 0, 0, 0)
"""Libraries before 2021 lack functions that are needed here."""

TESTED_SDKS = ((25, 9), (26, 6))
"""Year and month of the libraries whose behaviour this package was written against."""


class ControlId(IntEnum):
    """What `GetQHYCCDParam` and `SetQHYCCDParam` understand, as far as a QHY600 has it."""

    GAIN = 6
    OFFSET = 7
    EXPOSURE = 8
    TRANSFERBIT = 10
    USBTRAFFIC = 12
    CURTEMP = 14
    CURPWM = 15
    MANULPWM = 16
    CFWPORT = 17
    COOLER = 18
    COLOR = 20
    BIN1X1 = 21
    BIN2X2 = 22
    BIN3X3 = 23
    BIN4X4 = 24
    TRIGGER_INTERFACE = 26
    BITS8 = 34
    BITS16 = 35
    GPS = 36
    IGNORE_OVERSCAN = 37
    CFWSLOTSNUM = 44
    DDR = 48
    DDR_BUFFER_CAPACITY = 51
    DDR_BUFFER_READ_THRESHOLD = 52
    SINGLE_FRAME_MODE = 57
    LIVE_MODE = 58
    HARDWARE_FRAME_COUNTER = 60
    HUMIDITY = 62
    PRESSURE = 63
    BITS32 = 66
    UNDERVOLTAGE = 67
    TRIGGER_MODE = 70
    TRIGGER_OUT = 71
    BURST_MODE = 72
    REMOVE_RBI = 79
    FRAME_DETECT = 81
    GAIN_DB_CONVERSION = 82


BAYER_PATTERNS = {1: "GBRG", 2: "GRBG", 3: "BGGR", 4: "RGGB"}
"""What `IsQHYCCDControlAvailable` of `ControlId.COLOR` returns, and the filters it stands for."""

SINGLE_STREAM, LIVE_STREAM = 0, 1
