"""The stand-in for libqhyccd: compiled from tests/standin, loaded in as many fresh copies as wanted.

What can be set and looked up stands in ``tests/standin/switches.h``, each with its meaning; a child process
gets its switches through the environment, ``{VARIABLE: setting(cameras=0)}``.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

SOURCES = Path(__file__).parents[1] / "standin"
VARIABLE = "QHYCCD_STANDIN"
VENDOR_SAYS_NO = 4294967295.0
ERROR = 0xFFFFFFFF

Variant = Literal["recent", "old"]
_FLAGS = ("-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O2", "-fPIC", "-fvisibility=hidden", "-shared")
_STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
_LINKED = ("-lm", "-pthread", *(("-Wl,-z,defs",) if sys.platform == "linux" else ()))
_VARIANTS: dict[Variant, tuple[str, ...]] = {"recent": (), "old": ("-DOLD_SDK",)}


def why_not() -> str:
    """Why the stand-in cannot be built here; empty where it can."""
    if sys.platform == "win32":
        return "the stand-in for libqhyccd is made of POSIX threads, which Windows does not have"
    if _compiler() is None:
        return "the stand-in for libqhyccd needs a C compiler, cc or gcc, and there is none"
    return ""


def build(folder: Path | None = None, *, variant: Variant = "recent") -> Path:
    """The compiled library; it is made once for the same sources, whoever else asks for it meanwhile.

    Parameters
    ----------
    folder
        Where it is kept; a folder of this user among the temporary ones, unless given.
    variant
        ``"old"`` lacks the functions that came after 2020.
    """
    return _compiled("libqhyccd", SOURCES, _VARIANTS[variant], _kept() if folder is None else folder)


def build_usb(name: str) -> Path:
    """The libusb with a camera on it, under the name by which the vendor's library asks for its own."""
    return _compiled("libusb", SOURCES / "usb", (f"-Wl,-soname,{name}",), _kept())


def fresh(folder: Path, *, variant: Variant = "recent") -> Path:
    """A copy named ``libqhyccd.so`` in a new folder inside `folder`, which loads with a state of its own.

    A library is never unloaded, and the same file is never loaded twice: only a new one begins anew.
    """
    library = Path(tempfile.mkdtemp(prefix="libqhyccd-", dir=folder)) / "libqhyccd.so"
    shutil.copyfile(build(variant=variant), library)
    return library


def setting(**switches: float) -> str:
    """What the environment variable `VARIABLE` has to be for a child process to begin with these switches."""
    return ",".join(f"{name}={value!r}" for name, value in switches.items())


class Standin:
    """Switches and knowledge of a loaded stand-in: ``standin["zero_frame"] = 2``, ``standin["overlaps"]``.

    Parameters
    ----------
    path
        As `fresh` gave it; whoever else loads this file in this process gets the same library.
    """

    def __init__(self, path: Path):
        self.path = path
        self._library = library = ctypes.CDLL(str(path))
        self._get, self._set, self._reset = library.StandinGet, library.StandinSet, library.StandinReset
        self._get.argtypes, self._get.restype = [ctypes.c_char_p], ctypes.c_double
        self._set.argtypes, self._set.restype = [ctypes.c_char_p, ctypes.c_double], ctypes.c_int
        self._reset.argtypes, self._reset.restype = [], None

    def __getitem__(self, name: str) -> float:
        value = self._get(name.encode())
        if math.isnan(value):
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: float) -> None:
        if self._set(name.encode(), value) != 0:
            raise KeyError(name)

    def has(self, function: str) -> bool:
        """Whether this library has that function."""
        return hasattr(self._library, function)

    def set(self, **switches: float) -> Standin:
        """Set several; returns itself."""
        for name, value in switches.items():
            self[name] = value
        return self

    def reset(self) -> None:
        """As when it was loaded, without what the environment said. Not while a call is under way."""
        self._reset()


def _compiled(name: str, folder: Path, options: tuple[str, ...], into: Path) -> Path:
    compiler = _compiler()
    assert compiler is not None, why_not()
    sources, headers = sorted(folder.glob("*.c")), sorted(folder.glob("*.h"))
    command = [compiler, *_FLAGS, *_STRICT, *options]
    made_of = hashlib.blake2b(repr(command).encode(), digest_size=8)
    for path in (*sources, *headers):
        made_of.update(path.read_bytes())
    library = into / f"{name}-{made_of.hexdigest()}.so"
    if not library.exists():
        into.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=into) as work:
            made = Path(work) / library.name
            subprocess.run([*command, "-o", str(made), *map(str, sources), *_LINKED], check=True)
            # Somebody else may have been faster; it is the same library.
            made.replace(library)
    return library


def _compiler() -> str | None:
    return shutil.which("cc") or shutil.which("gcc")


def _kept() -> Path:
    user = str(os.getuid()) if hasattr(os, "getuid") else "any"
    return Path(tempfile.gettempdir()) / f"qhy600-ophyd-standin-{user}"
