"""QHYCCD's own library, from PyPI's wheel ``qhyccd``, where somebody has installed that.

It is proprietary and no part of this project: tests with it are skipped where it is not.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import standin_library

WHEEL = "qhyccd"
VERSION = (26, 6, 4, 16)
"""Of the library in version 0.1.3 of the wheel."""

_USB = standin_library.SOURCES / "usb"


def why_not() -> str:
    """Why there is no library of the vendor's here; empty where there is one."""
    if sys.platform != "linux":
        return "the vendor's library is tried on Linux only"
    if not _inside("libqhyccd*"):
        return f"QHYCCD's own library is not here: pip install {WHEEL} brings it"
    return ""


def library() -> Path:
    """Its file."""
    return _inside("libqhyccd*")[0]


def needed() -> list[Path]:
    """What has to be loaded before it, for lack of a path in it: its udev and its libusb."""
    return [*_inside("libudev*"), *_inside("libusb*")]


def needed_with_camera() -> list[Path]:
    """As `needed`, with a libusb of ours in place of its own, on which there is a camera."""
    udev, usb = needed()
    return [udev, standin_library.build_usb(usb.name)]


def _inside(pattern: str) -> list[Path]:
    try:
        listed = files(WHEEL) or []
    except PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in listed if Path(file.name).match(pattern)]
