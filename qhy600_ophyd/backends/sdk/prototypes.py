"""The one table of prototypes: every function of libqhyccd that a QHY600 needs, with its types.

Without argument types Python's numbers reach the library as garbage (a gain of 30, passed for a double, reads
back as 7e-310), and handles are cut to 32 bit. So nothing is called that does not stand here.

Source: `qhyccd.h` of SDK 25.9.29, as pyobs/pyobs-qhyccd publishes it; what a result means, from its comments
and from what the library does without a camera.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from qhy600_ophyd.backends.sdk.constants import DELAY_200MS, NO_SUCH_MODE, READ_DIRECTLY, SUCCESS

_u8, _u16, _u32, _i32, _f64 = (
    *(ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_int32),
    ctypes.c_double,
)
_bool, _handle, _text, _memory = ctypes.c_bool, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p
_U8, _U16, _U32, _F64 = (ctypes.POINTER(kind) for kind in (_u8, _u16, _u32, _f64))


class Result(Enum):
    """What a function returns."""

    CODE = "0, or an error"
    ANSWER = "a number that is no error, whatever it is"
    BYTE = "a small number of one byte; what stands above it is nobody's"
    VALUE = "a double; 4294967295.0 stands for none"
    HANDLE = "a handle, or nothing"
    TEXT = "a text of the library's own"
    NOTHING = "nothing"


_RESTYPES = {
    Result.CODE: _u32,
    Result.ANSWER: _u32,
    Result.BYTE: _u8,
    Result.VALUE: _f64,
    Result.HANDLE: _handle,
    Result.TEXT: _text,
    Result.NOTHING: None,
}


@dataclass(frozen=True)
class Prototype:
    """One function.

    Parameters
    ----------
    name
        As the library exports it.
    result
        What it returns.
    arguments
        Types, in order.
    successes
        Return codes that are no error.
    since
        Year of the first header that has it; 0 for what every library of the QHY600 has. What came later is
        looked for when it is first called.
    """

    name: str
    result: Result
    arguments: tuple[Any, ...] = ()
    successes: frozenset[int] = frozenset({SUCCESS})
    since: int = 0

    @property
    def restype(self) -> Any:
        """The C type of the result."""
        return _RESTYPES[self.result]

    @property
    def takes_handle(self) -> bool:
        """Whether its first argument is the camera."""
        return bool(self.arguments) and self.arguments[0] is _handle


def _code(name: str, *arguments: Any, also: tuple[int, ...] = (), since: int = 0) -> Prototype:
    return Prototype(name, Result.CODE, arguments, frozenset({SUCCESS, *also}), since)


def _answer(name: str, *arguments: Any, since: int = 0) -> Prototype:
    return Prototype(name, Result.ANSWER, arguments, since=since)


def _other(name: str, result: Result, *arguments: Any, since: int = 0) -> Prototype:
    return Prototype(name, result, arguments, since=since)


def _library() -> Iterator[Prototype]:
    yield _code("InitQHYCCDResource")
    yield _code("ReleaseQHYCCDResource")
    yield _code("GetQHYCCDSDKVersion", _U32, _U32, _U32, _U32)
    yield _other("EnableQHYCCDMessage", Result.NOTHING, _bool)
    yield _other("EnableQHYCCDLogFile", Result.NOTHING, _bool)
    yield _other("SetQHYCCDLogLevel", Result.NOTHING, _u8)
    yield _other("SetQHYCCDBufferNumber", Result.NOTHING, _u32, since=2021)
    yield _other("GetQHYCCDLastError", Result.TEXT, since=2025)


def _finding() -> Iterator[Prototype]:
    yield _answer("ScanQHYCCD")
    yield _code("GetQHYCCDId", _u32, _text)
    yield _code("GetQHYCCDModel", _text, _text)
    yield _other("GetCameraIsSuperSpeedFromID", Result.BYTE, _text, since=2025)
    yield _code("GetQHYCCDReadModeNumberFromID", _text, _U32, since=2025)
    yield _code("GetQHYCCDReadModeNameFromID", _text, _u32, _text, since=2025)
    yield _other("OpenQHYCCD", Result.HANDLE, _text)
    yield _code("CloseQHYCCD", _handle)


def _starting() -> Iterator[Prototype]:
    yield _code("SetQHYCCDReadMode", _handle, _u32)
    yield _code("SetQHYCCDStreamMode", _handle, _u8)
    yield _code("InitQHYCCD", _handle)
    yield _code("GetQHYCCDNumberOfReadModes", _handle, _U32)
    yield _code("GetQHYCCDReadModeName", _handle, _u32, _text)
    yield _code("GetQHYCCDReadModeResolution", _handle, _u32, _U32, _U32)
    yield _code("GetQHYCCDReadMode", _handle, _U32)
    yield _answer("GetQHYCCDType", _handle)
    yield _code("GetQHYCCDSensorName", _handle, _text, since=2023)


def _geometry() -> Iterator[Prototype]:
    yield _code("GetQHYCCDChipInfo", _handle, _F64, _F64, _U32, _U32, _F64, _F64, _U32)
    yield _code("GetQHYCCDEffectiveArea", _handle, _U32, _U32, _U32, _U32)
    yield _code("GetQHYCCDOverScanArea", _handle, _U32, _U32, _U32, _U32)
    yield _code("GetQHYCCDCurrentROI", _handle, _U32, _U32, _U32, _U32, since=2022)
    yield _code("SetQHYCCDBinMode", _handle, _u32, _u32, also=(DELAY_200MS,))
    yield _code("SetQHYCCDResolution", _handle, _u32, _u32, _u32, _u32)
    yield _code("SetQHYCCDBitsMode", _handle, _u32)
    # A monochrome camera has nothing to switch and answers 0xFFFF (seen with 26.6.4).
    yield _code("SetQHYCCDDebayerOnOff", _handle, _bool, also=(NO_SUCH_MODE,))
    yield _answer("GetQHYCCDMemLength", _handle)


def _controls() -> Iterator[Prototype]:
    yield _answer("IsQHYCCDControlAvailable", _handle, _i32)
    yield _code("GetQHYCCDControlName", _handle, _i32, _text, since=2025)
    yield _other("GetQHYCCDParam", Result.VALUE, _handle, _i32)
    yield _code("SetQHYCCDParam", _handle, _i32, _f64)
    yield _code("GetQHYCCDParamMinMaxStep", _handle, _i32, _F64, _F64, _F64)
    yield _code("QHYCCD_GainValueToDbGain", _handle, _f64, _F64, since=2025)
    yield _code("QHYCCD_DbGainToGainValue", _handle, _f64, _F64, since=2025)


def _single_frames() -> Iterator[Prototype]:
    yield _code("ExpQHYCCDSingleFrame", _handle, also=(READ_DIRECTLY, DELAY_200MS))
    yield _code("GetQHYCCDSingleFrame", _handle, _U32, _U32, _U32, _U32, _memory)
    yield _code("SetQHYCCDSingleFrameTimeOut", _handle, _u32, since=2021)
    yield _answer("GetQHYCCDExposureRemaining", _handle)
    yield _other("GetQHYCCDReadingProgress", Result.VALUE, _handle)
    yield _code("CancelQHYCCDExposing", _handle)
    yield _code("CancelQHYCCDExposingAndReadout", _handle)
    yield _code("ClearQHYCCDImageQueue", _handle, since=2025)


def _streams() -> Iterator[Prototype]:
    yield _code("BeginQHYCCDLive", _handle)
    yield _code("StopQHYCCDLive", _handle)
    # 0 is a frame, 0xFFFFFFFF none yet or an error, anything else the bytes that have come.
    yield _answer("GetQHYCCDLiveFrame", _handle, _U32, _U32, _U32, _U32, _memory)
    yield _code("SetQHYCCDEnableLiveModeAntiRBI", _handle, _u32, since=2021)
    yield _code("EnableQHYCCDBurstMode", _handle, _bool, since=2021)
    yield _code("SetQHYCCDBurstModeStartEnd", _handle, _u32, _u32, since=2021)
    yield _code("SetQHYCCDBurstModePatchNumber", _handle, _u32, since=2021)
    yield _code("EnableQHYCCDBurstCountFun", _handle, _bool, since=2021)
    yield _code("ResetQHYCCDFrameCounter", _handle, since=2021)
    yield _code("SetQHYCCDBurstIDLE", _handle, since=2021)
    yield _code("ReleaseQHYCCDBurstIDLE", _handle, since=2021)
    yield _code("RereadQHYCCDBurstFrame", _handle, since=2025)


def _surroundings() -> Iterator[Prototype]:
    yield _code("ControlQHYCCDTemp", _handle, _f64)
    yield _code("GetQHYCCDHumidity", _handle, _F64, since=2021)
    yield _code("GetQHYCCDPressure", _handle, _F64, since=2021)
    yield _code("GetQHYCCDFPGATemp", _handle, _F64, since=2025)
    yield _code("GetQHYCCDCameraStatus", _handle, _U8)
    yield _other("QHYCCDResetFlashULVOError", Result.NOTHING, _handle, since=2021)
    yield _code("GetQHYCCDFWVersion", _handle, _U8)
    yield _code("GetQHYCCDFPGAVersion", _handle, _u8, _U8)


def _times() -> Iterator[Prototype]:
    yield _code("GetQHYCCDPreciseExposureInfo", _handle, _U32, _U32, _U32, _U32, _U32, _U32, _U8, since=2021)
    yield _code("GetQHYCCDRollingShutterEndOffset", _handle, _u32, _F64, since=2022)
    yield _code("SetQHYCCDGPSVCOXFreq", _handle, _u16)
    yield _code("SetQHYCCDGPSLedCalMode", _handle, _u8)
    yield _code("SetQHYCCDGPSMasterSlave", _handle, _u8)
    yield _other("SetQHYCCDGPSPOSA", Result.NOTHING, _handle, _u8, _u32, _u8)
    yield _other("SetQHYCCDGPSPOSB", Result.NOTHING, _handle, _u8, _u32, _u8)
    yield _code("EnableQHYCCDImageOSD", _handle, _u32)


def _triggers() -> Iterator[Prototype]:
    yield _code("GetQHYCCDTrigerInterfaceNumber", _handle, _U32, since=2021)
    yield _code("GetQHYCCDTrigerInterfaceName", _handle, _u32, _text, since=2021)
    yield _code("SetQHYCCDTrigerInterface", _handle, _u32, since=2021)
    yield _code("GetQHYCCDTrigerModeNumber", _handle, _U32, since=2021)
    yield _code("GetQHYCCDTrigerModeName", _handle, _u32, _text, since=2021)
    yield _code("SetQHYCCDTrigerMode", _handle, _u32, since=2021)
    yield _code("SetQHYCCDTrigerFunction", _handle, _bool)
    yield _code("EnableQHYCCDTrigerOut", _handle, since=2021)
    yield _code("SendSoftTriger2QHYCCDCam", _handle, since=2021)


def _filter_wheel() -> Iterator[Prototype]:
    yield _answer("IsQHYCCDCFWPlugged", _handle)
    yield _code("SendOrder2QHYCCDCFW", _handle, _text, _u32)
    yield _code("GetQHYCCDCFWStatus", _handle, _text)


PROTOTYPES: dict[str, Prototype] = {
    prototype.name: prototype
    for group in (
        *(_library, _finding, _starting, _geometry, _controls, _single_frames, _streams),
        *(_surroundings, _times, _triggers, _filter_wheel),
    )
    for prototype in group()
}
"""Every function by its name."""
