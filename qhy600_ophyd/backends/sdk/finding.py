"""Where QHYCCD's library is looked for, and in which order."""

from __future__ import annotations

import ctypes.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from qhy600_ophyd.backends.sdk.failures import LibraryNotFound

VARIABLE = "QHYCCD_SDK_PATH"
"""Environment variable that names the library, or the folder in which it lies."""

_NAMES = (
    ("qhyccd.dll",) if sys.platform == "win32" else ("libqhyccd.so", "libqhyccd.so.20", "libqhyccd.dylib")
)
_PATTERNS = ("qhyccd*.dll",) if sys.platform == "win32" else ("libqhyccd*.so*", "libqhyccd*.dylib")

_FOLDERS = (
    (
        r"C:\Program Files\QHYCCD\AllInOne\sdk\x64",
        r"C:\Program Files\QHYCCD\AllInOne\sdk",
        r"C:\Program Files (x86)\QHYCCD\AllInOne\sdk\x64",
    )
    if sys.platform == "win32"
    else (
        "/usr/local/lib",
        "/usr/lib64",
        "/usr/lib/x86_64-linux-gnu",
        "/usr/lib/aarch64-linux-gnu",
        "/usr/lib",
    )
)
"""Where the vendor's installer and packages of others put it; those of Windows are not yet tried."""


@dataclass(frozen=True, kw_only=True)
class FoundLibrary:
    """A library and how it was found.

    Parameters
    ----------
    path
        The file.
    how
        In words: given, by the environment variable, in a usual place, in a wheel.
    """

    path: Path
    how: str


def find_library(given: str | os.PathLike[str] | None = None) -> FoundLibrary:
    """The library: the one that is given, or the first that is found.

    Looked for in this order: `given`, the environment variable ``QHYCCD_SDK_PATH``, the usual places, the
    wheel ``qhyccd`` if it is installed. The first two name a file, or a folder with one in it.

    Raises
    ------
    LibraryNotFound
        There is none; or what was named is none, and nothing else is tried then.
    """
    for named, source in ((given, "as it was given"), (os.environ.get(VARIABLE), f"by {VARIABLE}")):
        if named:
            path = _in(Path(named).expanduser())
            if path is None:
                raise LibraryNotFound(
                    f"libqhyccd {source}, {os.fspath(named)!r}, refused: allowed is the library's file, or a "
                    f"folder that holds {' or '.join(_NAMES)}"
                )
            return FoundLibrary(path=path, how=source)
    for path, how in _usual():
        return FoundLibrary(path=path, how=how)
    raise LibraryNotFound(
        f"libqhyccd was not found in {', '.join(searched())}. Install QHYCCD's SDK, or set {VARIABLE} "
        "to its file"
    )


def searched() -> tuple[str, ...]:
    """Where it is looked for when nothing names it, in words."""
    return (*_FOLDERS, "the system's library path", "the wheel qhyccd")


def _usual() -> Iterator[tuple[Path, str]]:
    for folder in _FOLDERS:
        if (path := _in(Path(folder))) is not None:
            yield path, f"in {folder}"
    if (name := ctypes.util.find_library("qhyccd")) is not None:
        yield Path(name), "by the system's library path"
    for folder in _wheel_folders():
        if (path := _in(folder)) is not None:
            yield path, "in the installed wheel qhyccd"


def _in(place: Path) -> Path | None:
    """The library that a file or a folder is, or holds."""
    if place.is_file():
        return place
    for name in _NAMES:
        if (place / name).is_file():
            return place / name
    found = sorted(found for pattern in _PATTERNS for found in place.glob(pattern)) if place.is_dir() else []
    return found[-1] if found else None


def _wheel_folders() -> Iterator[Path]:
    """Where the wheel's library lies; it is found without importing the wheel, which would load it."""
    spec = find_spec("qhyccd")
    for package in (spec.submodule_search_locations or ()) if spec is not None else ():
        site = Path(package).parent
        yield site / "qhyccd.libs"
        yield site / "vendor" / "lib" / "windows-x86_64"
        yield Path(package)
