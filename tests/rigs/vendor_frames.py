"""Our camera on QHYCCD's own library, below that a libusb with a camera on it: what became of its frames.

Run as a program, since that library belongs in a process of its own:
``python vendor_frames.py <library> <libraries before it, ours for USB last>``.
Prints one JSON object: per case what was stated and whether every count is the one that went over the link.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

CASES: dict[str, dict[str, Any]] = {
    "whole": {"overscan": True},
    "image": {"overscan": False},
    "part": {"roi": (1000, 500, 640, 400)},
    "bin-2-16": {"binning": 2, "bit_depth": 16},
    "bin-3-32": {"binning": 3, "bit_depth": 32, "roi": (300, 600, 900, 600)},
    "8-bit": {"bit_depth": 8, "roi": (0, 0, 640, 400)},
}
"""Settings beside the defaults."""

ROWS_BEFORE, RAW_ROWS = 34, 6456
"""Rows that come before those of the chip, and all that come."""


def raw(exposure: int, rows: NDArray[np.uint32], columns: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The counts that `tests/standin/usb/libusb.c` sends for these raw rows and columns."""
    with np.errstate(over="ignore"):
        mixed = (np.uint32(exposure) * np.uint32(RAW_ROWS) + rows) * np.uint32(0x9E3779B1)
        mixed = (mixed ^ mixed >> np.uint32(15)) * np.uint32(0x85EBCA6B)
        mixed = mixed[:, None] + columns * np.uint32(0xC2B2AE35)
        mixed = (mixed ^ mixed >> np.uint32(16)) * np.uint32(0x7FEB352D)
    counts = np.uint32(500) + (mixed >> np.uint32(22))
    counts[:, (columns == 22) | (columns == 23)] = 0
    return counts


def expected(exposure: int, roi: Any, binning: int, bits: int) -> NDArray[np.uint64]:
    """The counts of a frame: sums of the pixels' counts, no more than fits into the bits."""
    x, y, width, height = roi
    rows = np.arange(y, y + height // binning * binning, dtype=np.uint32) + np.uint32(ROWS_BEFORE)
    counts = raw(exposure, rows, np.arange(x, x + width // binning * binning, dtype=np.uint32))
    if bits == 8:
        counts &= 255
    grouped = counts.reshape(height // binning, binning, width // binning, binning)
    return np.minimum(grouped.sum((1, 3), dtype=np.uint64), 2**bits - 1)


def main() -> None:
    """Take one frame for each case, and ask for a stream, which never comes."""
    from qhy600_ophyd.backends.sdk import SdkCamera
    from qhy600_ophyd.contract import CameraError, Settings
    from qhy600_ophyd.sensor import Rectangle

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    library, *before = sys.argv[1:]
    usb = [ctypes.CDLL(path, ctypes.RTLD_GLOBAL) for path in before][-1]
    exposures, link_bits = (
        ctypes.c_int.in_dll(usb, name) for name in ("standin_usb_exposure", "standin_usb_bits")
    )
    camera = SdkCamera(library=library)
    camera.open()
    found: dict[str, Any] = {"usb": camera.capabilities.identity.usb, "frames": {}}
    for name, case in CASES.items():
        given = {**case, "roi": Rectangle(*case["roi"])} if "roi" in case else case
        plain = Settings(binning=1, bit_depth=16, overscan=True, exposure=0.01, gain=56.0, offset=40.0)
        link_bits.value = 8 if case.get("bit_depth") == 8 else 16
        settings = camera.configure(plain.updated(Settings(**given)))
        counts = np.zeros(settings.frame_shape, settings.frame_dtype)
        camera.arm(1)
        info = camera.grab(counts, 5.0)
        true = expected(exposures.value, settings.roi, settings.binning or 1, settings.bit_depth or 16)
        found["frames"][name] = {
            "exact": bool(np.array_equal(counts, true)),
            "retries": info.retries,
            "unverified": info.unverified,
            "reported": [info.reported.gain, info.reported.offset] if info.reported else None,
        }
    camera.arm(2)
    try:
        camera.grab(np.zeros(camera.settings.frame_shape, camera.settings.frame_dtype), 0.5)
        found["stream"] = "a frame"
    except CameraError as error:
        found["stream"] = type(error).__name__
    camera.close()
    found["closed"] = repr(camera)
    json.dump(found, answers)
    answers.flush()
    # The library's threads do not end by themselves.
    os._exit(0)


if __name__ == "__main__":
    main()
