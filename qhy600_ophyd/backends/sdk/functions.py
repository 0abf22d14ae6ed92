"""The functions of a loaded library, each with its types and one check of what it returns."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from qhy600_ophyd.backends.sdk.constants import DEVICE_GONE, ERROR, IMAGE_SHIFTED, NO_SUCH_MODE
from qhy600_ophyd.backends.sdk.failures import (
    DeviceGone,
    ImageShifted,
    LibraryTooOld,
    NoSuchMode,
    SdkError,
)
from qhy600_ophyd.backends.sdk.prototypes import PROTOTYPES, Prototype, Result

_KINDS: dict[int, tuple[type[SdkError], str]] = {
    ERROR: (SdkError, ""),
    IMAGE_SHIFTED: (ImageShifted, "the image was shifted"),
    DEVICE_GONE: (DeviceGone, "the camera is gone"),
    NO_SUCH_MODE: (NoSuchMode, "there is no such readout mode"),
}


class Functions:
    """Functions by their names in the library: ``functions.GetQHYCCDParam(handle, 6)``.

    A function is looked for when it is first called, and keeps its types from then on. Return codes that are
    an error raise; whatever else is returned comes back as it is.

    Parameters
    ----------
    cdll
        The loaded library.

    Raises
    ------
    SdkError, NoSuchMode, ImageShifted, DeviceGone
        By a call: what the library returned is an error.
    LibraryTooOld
        By the first use of a name: this library has no such function.
    """

    def __init__(self, cdll: ctypes.CDLL):
        self._cdll = cdll

    def __getattr__(self, name: str) -> Callable[..., Any]:
        prototype = PROTOTYPES.get(name)
        if prototype is None:
            raise AttributeError(f"{name} does not stand in the table of prototypes")
        function = self._bound(prototype)
        if function is None:
            since = f"; libraries have it since {prototype.since}" if prototype.since else ""
            raise LibraryTooOld(f"this libqhyccd has no {name}{since}. Install a newer QHYCCD SDK")
        # The next use finds it without asking here.
        setattr(self, name, function)
        return function

    def has(self, name: str) -> bool:
        """Whether the library has that function of the table."""
        return hasattr(self._cdll, PROTOTYPES[name].name)

    def missing(self) -> tuple[str, ...]:
        """Functions of the table that this library does not have."""
        return tuple(name for name in PROTOTYPES if not self.has(name))

    def _bound(self, prototype: Prototype) -> Callable[..., Any] | None:
        try:
            function = getattr(self._cdll, prototype.name)
        except AttributeError:
            return None
        function.argtypes = prototype.arguments
        function.restype = prototype.restype
        if prototype.result is Result.CODE:
            function.errcheck = self._check(prototype)
        return function

    def _check(self, prototype: Prototype) -> Callable[[int, Any, tuple[Any, ...]], int]:
        successes, skipped = prototype.successes, int(prototype.takes_handle)

        def check(code: int, _: Any, arguments: tuple[Any, ...]) -> int:
            if code in successes:
                return code
            kind, meaning = _KINDS.get(code, (SdkError, ""))
            if kind is NoSuchMode and "ReadMode" not in prototype.name:
                kind, meaning = SdkError, ""
            raise kind(prototype.name, arguments[skipped:], code, self._last_error(), meaning)

        return check

    def _last_error(self) -> str:
        """What the library says of its last error, where it keeps one."""
        if not self.has("GetQHYCCDLastError"):
            return ""
        said: bytes | None = self.GetQHYCCDLastError()
        return (said or b"").decode("utf-8", "replace").strip()
