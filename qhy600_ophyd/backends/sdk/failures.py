"""What can go wrong between us and the library, by name."""

from __future__ import annotations

from typing import Any

from qhy600_ophyd.contract import CameraError
from qhy600_ophyd.driver.head import HeadError


class LibraryNotFound(CameraError):
    """No libqhyccd was found, or the one that was found could not be loaded; says where it was looked for."""


class LibraryTooOld(CameraError):
    """The library lacks functions that are needed here."""


class SdkWarning(UserWarning):
    """Something about the library that may change what it does, and does not stop anybody."""


class SdkError(HeadError):
    """A function of the library returned an error.

    Parameters
    ----------
    function
        Its name.
    arguments
        Those after the handle.
    code
        What it returned.
    said
        The library's own words for its last error; empty where it has none.
    meaning
        What the code stands for, in words.
    """

    def __init__(
        self, function: str, arguments: tuple[Any, ...], code: int, said: str = "", meaning: str = ""
    ):
        self.function, self.arguments, self.code, self.said, self.meaning = (
            *(function, arguments, code),
            *(said, meaning),
        )
        told = ", ".join(_shown(argument) for argument in arguments)
        detail = "; ".join(text for text in (meaning, said) if text)
        super().__init__(f"{function}({told}) returned {_code(code)}" + (f": {detail}" if detail else ""))

    def __reduce__(self):
        return type(self), (self.function, self.arguments, self.code, self.said, self.meaning)


class NoSuchMode(SdkError):
    """The camera has no readout mode of that number."""


class ImageShifted(SdkError):
    """The library noticed that an image was shifted on its way."""


class DeviceGone(SdkError):
    """The library noticed that the camera is gone."""


def _code(code: int) -> str:
    return f"{code:#x}" if code > 9 else str(code)


def _shown(argument: Any) -> str:
    if isinstance(argument, bytes):
        return argument.decode("ascii", "replace")
    return str(argument) if isinstance(argument, bool | int | float) else "…"
