"""``python -m qhy600_ophyd.backends.sdk.probe``: what libqhyccd says of itself, and of what it sees.

It prints a JSON object after each step, on a line of its own, and the last line holds all that is known. So a
library that crashes or hangs still leaves what it said before, and the step at which it did.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qhy600_ophyd.backends.sdk import readings
from qhy600_ophyd.backends.sdk.connection import Connection
from qhy600_ophyd.backends.sdk.constants import NO_VALUE, SINGLE_STREAM, TESTED_SDKS, ControlId
from qhy600_ophyd.backends.sdk.finding import find_library, searched
from qhy600_ophyd.backends.sdk.library import INI_FILE, Library, load
from qhy600_ophyd.contract import CameraError, SystemClock

_LOOKING_AT_SUPPLY = 8.0
"""Longest time from the start of a camera until its supply has a code other than 0 [s].

The library asks the camera for it about every 5 s, and only once it was initialised: so did 26.6.4, with a
stand-in for libusb below it. Not yet tried on a camera.
"""

_AGAIN = 0.2
"""Between two looks at it [s]."""


def steps(
    library: str | None = None, *, scan: bool = False, open_cameras: bool = False
) -> Iterator[dict[str, Any]]:
    """Ask the library, one step after the other.

    Parameters
    ----------
    library
        Its file or folder; ``None`` to look for it.
    scan
        Have it look for cameras. It opens each for a moment and reads its serial number.
    open_cameras
        Then open each QHY600, which claims it, initialise it, and close it again.

    Yields
    ------
    dict
        ``step``: what comes next, of find, load, scan, open and done; and all that is known by then.
        ``error`` has ``kind`` and ``message``, and ends it.
    """
    ini = Path(INI_FILE)
    said: dict[str, Any] = {
        "step": "find",
        "searched": list(searched()),
        "settings": str(ini.resolve()) if ini.exists() else "",
    }
    yield said
    try:
        found = find_library(library)
        said |= {"step": "load", "path": str(found.path), "how": found.how}
        yield said
        loaded = load(library)
        said |= {"step": "scan" if scan or open_cameras else "done", **_version(loaded)}
        yield said
        if scan or open_cameras:
            names = loaded.cameras()
            said |= {"step": "open" if open_cameras else "done", "cameras": list(names)}
            yield said
            if open_cameras:
                ours = [name for name in names if name.startswith("QHY600")]
                said |= {"opened": [_opened(library, name) for name in ours], "step": "done"}
                yield said
    except CameraError as error:
        yield said | {"error": {"kind": type(error).__name__, "message": str(error)}}


def _version(library: Library) -> dict[str, Any]:
    return {
        "version": library.version_text,
        "tested": library.version[:2] in TESTED_SDKS,
        "known": [f"{year}.{month}" for year, month in TESTED_SDKS],
        "missing": list(library.functions.missing()),
    }


def _opened(library: str | None, name: str) -> dict[str, Any]:
    connection = Connection(library, name)
    try:
        connection.open()
        try:
            connection.call("SetQHYCCDReadMode", 0)
            connection.call("SetQHYCCDStreamMode", SINGLE_STREAM)
            connection.call("InitQHYCCD")
            return {
                "name": name,
                "usb": readings.usb(connection),
                "undervoltage": _undervoltage(connection),
                "humidity": readings.air(connection, "GetQHYCCDHumidity"),
            }
        finally:
            connection.close()
    except CameraError as error:
        return {"name": name, "error": str(error)}


def _undervoltage(connection: Connection) -> float | None:
    clock = SystemClock()
    until = clock.monotonic() + _LOOKING_AT_SUPPLY
    while True:
        code = connection.call("GetQHYCCDParam", ControlId.UNDERVOLTAGE)
        if code == NO_VALUE:
            return None
        if code != 0 or clock.monotonic() > until:
            return code
        clock.wait(_AGAIN)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what `steps` gives."""
    parser = argparse.ArgumentParser(description="Ask libqhyccd what it is and what it sees.")
    parser.add_argument("--library", help="its file or folder")
    parser.add_argument("--scan", action="store_true", help="have it look for cameras")
    parser.add_argument("--open", action="store_true", help="have it open each camera")
    options = parser.parse_args(arguments)
    # The library writes to standard output when it likes: that goes to standard error from here on.
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as out:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they say is in the answer
            for said in steps(options.library, scan=options.scan, open_cameras=options.open):
                print(json.dumps(said), file=out, flush=True)


if __name__ == "__main__":
    main()
