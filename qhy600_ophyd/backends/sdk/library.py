"""`Library`: libqhyccd, loaded and started once in a process."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import warnings
from ctypes import byref, c_uint32, create_string_buffer
from pathlib import Path

from qhy600_ophyd.backends.sdk.constants import OLDEST_SDK, TESTED_SDKS, TEXT_BYTES
from qhy600_ophyd.backends.sdk.failures import LibraryNotFound, LibraryTooOld, SdkError, SdkWarning
from qhy600_ophyd.backends.sdk.finding import FoundLibrary, find_library
from qhy600_ophyd.backends.sdk.functions import Functions
from qhy600_ophyd.backends.sdk.prototypes import PROTOTYPES
from qhy600_ophyd.backends.sdk.quiet import silenced
from qhy600_ophyd.driver.head import HeadError

INI_FILE = "qhyccd.ini"
"""The library reads a file of this name in the current folder, which changes what it does."""

Version = tuple[int, int, int, int]

_loaded: dict[Path, Library] = {}
_loading = threading.Lock()


def load(given: str | os.PathLike[str] | None = None) -> Library:
    """The library, loaded at the first call and never unloaded: unloading it crashes.

    Raises
    ------
    LibraryNotFound
        There is none, or it cannot be loaded.
    LibraryTooOld
        It lacks functions that are needed here.
    """
    found = find_library(given)
    with _loading:
        key = found.path.resolve() if found.path.is_absolute() else found.path
        if key not in _loaded:
            _loaded[key] = Library(found)
        return _loaded[key]


class Library:
    """The library of a process, silent, with its version checked.

    Use `load`, which gives the same one every time.

    Parameters
    ----------
    found
        Which.

    Attributes
    ----------
    functions : Functions
    path : Path
    how : str
        How it was found.
    version : tuple of int
        Year, month, day and a number, the year in two digits.
    """

    def __init__(self, found: FoundLibrary):
        self.path, self.how = found.path, found.how
        with silenced():
            self.functions = Functions(_cdll(found.path))
            self._check_functions()
            self._hush()
            self.version = self._version()
        self._check_version()
        self._lock = threading.RLock()
        self._started = False
        self._cameras: tuple[str, ...] = ()
        self._open: dict[str, int] = {}

    @property
    def version_text(self) -> str:
        """Such as ``26.6.4.16``."""
        return ".".join(str(part) for part in self.version)

    def cameras(self) -> tuple[str, ...]:
        """Names of the cameras that are connected, as the library gives them: model, dash, serial number.

        It is started by the first call, which takes a second. While a camera is open nothing is looked for
        anew: older libraries lose open cameras by that.
        """
        with self._lock:
            if not self._open:
                self._start()
                with silenced():
                    self._cameras = tuple(self._name(n) for n in range(self.functions.ScanQHYCCD()))
            return self._cameras

    def open(self, name: str) -> int:
        """Open a camera by its name and return its handle.

        Raises
        ------
        SdkError
            The library gives no handle.
        HeadError
            It is open already in this process.
        """
        with self._lock, silenced():
            if name in self._open:
                raise HeadError(f"{name} is open already in this program; close that camera first")
            handle = self.functions.OpenQHYCCD(name.encode())
            if not handle:
                raise SdkError(
                    "OpenQHYCCD",
                    (name.encode(),),
                    0,
                    meaning="the camera cannot be opened; another program may hold it, or this user may "
                    "not use it. `qhy600 doctor` tells which",
                )
            self._open[name] = handle
            return handle

    def close(self, name: str) -> None:
        """Close a camera; does nothing when it is not open."""
        with self._lock, silenced():
            handle = self._open.pop(name, None)
            if handle is not None:
                self.functions.CloseQHYCCD(handle)

    def _start(self) -> None:
        if self._started:
            return
        if Path(INI_FILE).exists():
            warnings.warn(
                f"{Path(INI_FILE).resolve()} changes what QHYCCD's library does; move it away unless you put "
                "it there on purpose",
                SdkWarning,
                stacklevel=2,
            )
        with silenced():
            self.functions.InitQHYCCDResource()
        self._started = True

    def _name(self, index: int) -> str:
        text = create_string_buffer(TEXT_BYTES)
        self.functions.GetQHYCCDId(index, text)
        return text.value.decode("ascii", "replace")

    def _hush(self) -> None:
        self.functions.EnableQHYCCDMessage(False)
        self.functions.EnableQHYCCDLogFile(False)
        self.functions.SetQHYCCDLogLevel(0)

    def _version(self) -> Version:
        parts = [c_uint32() for _ in range(4)]
        self.functions.GetQHYCCDSDKVersion(*(byref(part) for part in parts))
        year, month, day, number = (part.value for part in parts)
        return year, month, day, number

    def _check_functions(self) -> None:
        lacking = [name for name in self.functions.missing() if not PROTOTYPES[name].since]
        if lacking:
            raise LibraryTooOld(
                f"{self.path} has no {', '.join(lacking)}: it is no libqhyccd, or one from before 2020. "
                "Install a newer QHYCCD SDK"
            )

    def _check_version(self) -> None:
        if self.version < OLDEST_SDK:
            raise LibraryTooOld(
                f"{self.path} is libqhyccd {self.version_text}; needed is {OLDEST_SDK[0]}.1 or newer. Get "
                "a newer QHYCCD SDK"
            )
        if self.version[:2] not in TESTED_SDKS:
            known = ", ".join(f"{year}.{month}" for year, month in TESTED_SDKS)
            warnings.warn(
                f"libqhyccd {self.version_text} is not one that this package was written against ({known}); "
                "compare a few frames before you trust it",
                SdkWarning,
                stacklevel=4,
            )

    def __repr__(self) -> str:
        return f"<libqhyccd {self.version_text}, {self.path}, found {self.how}>"


def _cdll(path: Path) -> ctypes.CDLL:
    """Load the file; a wheel's library needs those that lie beside it to be loaded first."""
    try:
        if sys.platform == "win32":
            os.add_dll_directory(str(path.resolve().parent))
        elif path.parent.name.endswith(".libs"):
            for needed in ("libudev*", "libusb*"):
                for beside in sorted(path.parent.glob(needed)):
                    ctypes.CDLL(str(beside), ctypes.RTLD_GLOBAL)
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise LibraryNotFound(
            f"{path} cannot be loaded: {error}. It needs libusb-1.0 and a system of its own kind "
            f"({sys.platform}, {8 * ctypes.sizeof(ctypes.c_void_p)} bit)"
        ) from None
