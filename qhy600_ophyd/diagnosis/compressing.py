"""Whether this computer compresses frames as fast as the camera gives them."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from qhy600_ophyd.diagnosis.check import Check, Status

LIBRARY = "bitshuffle"


def compression(installed: str | None, *, has_wheel: bool) -> Check:
    """Whether compressed frames are as fast as they can be; raw ones, the default, are not concerned.

    Parameters
    ----------
    installed
        Version of the library that compresses in threads, ``None`` if it is not there.
    has_wheel
        Whether PyPI has it for this system and Python, ready to be used.
    """
    name = "compression"
    if installed is not None:
        return Check(name=name, status=Status.OK, found=f"{LIBRARY} {installed} compresses in threads")
    return Check(
        name=name,
        status=Status.WARNING,
        found=f"{LIBRARY} is not installed: what is to be compressed goes through HDF5's filter, which takes "
        "several times as long for the same file",
        advice=f"Raw frames, the default, need nothing. To compress faster:\n  pip install {LIBRARY}"
        if has_wheel
        else f'Keep frames raw where they come fast (compression = "none", the default). PyPI has {LIBRARY} '
        "ready for Linux on x86-64 with Python 3.11 and 3.12 only.",
    )


def here() -> Check:
    """The same of this computer."""
    wheel = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 13)
    try:
        installed = version(LIBRARY)
    except PackageNotFoundError:
        installed = None
    return compression(installed, has_wheel=wheel)
