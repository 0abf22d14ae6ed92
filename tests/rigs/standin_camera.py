"""A camera of a fresh stand-in in this process, spoken to as C programs do, with a chip of 96 × 82 pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from library_face import Face
from numpy.typing import NDArray
from standin_library import Standin, Variant, fresh

from qhy600_ophyd.contract import SystemClock

WIDTH, HEIGHT = 96, 82
EXPOSURE, GAIN, OFFSET, TRANSFERBIT, GPS, COOLER, DDR = 8, 6, 7, 10, 36, 18, 48


class StandinCamera:
    """Started, opened and initialised.

    Parameters
    ----------
    folder
        For the copy of the library.
    live
        Whether it is initialised for a stream.
    variant
        Of the library.
    switches
        Set before anything is called.
    """

    def __init__(self, folder: Path, *, live: bool = False, variant: Variant = "recent", **switches: float):
        library = fresh(folder, variant=variant)
        self.standin = Standin(library).set(**{"width": WIDTH, "height": HEIGHT, **switches})
        self.face = Face(str(library))
        self.face.look = bytes
        self.call("EnableQHYCCDMessage", False)
        self.open()
        self.initialise(live=live)

    def open(self) -> int | None:
        """Start the library and open the first camera."""
        self.call("InitQHYCCDResource")
        self.call("ScanQHYCCD")
        self.face.handle = self.call("OpenQHYCCD", self.call("GetQHYCCDId", 0)[1])
        return self.face.handle

    def initialise(self, *, live: bool = False, mode: int = 0) -> None:
        """As a careful program does."""
        self.call("SetQHYCCDReadMode", mode)
        self.call("SetQHYCCDStreamMode", int(live))
        self.call("InitQHYCCD")
        self.call("SetQHYCCDBinMode", 1, 1)
        self.call("SetQHYCCDBitsMode", 16)
        self.area(0, 0, *self.call("GetQHYCCDReadModeResolution", mode)[1:])

    def call(self, name: str, *arguments: Any) -> Any:
        """What the function returned, or a list of that and what it wrote."""
        return self.face.call(name, *arguments)

    def start(self, key: str, name: str, *arguments: Any) -> None:
        """Call a function in a thread of its own; `finish` gives its answer."""
        self.face.answer({"start": key, "call": [name, *arguments]})

    def finish(self, key: str) -> Any:
        """Wait for what was started."""
        return self.face.answer({"finish": key})[0]

    def await_hanging(self) -> None:
        """Wait until some call hangs, a few seconds at most."""
        for _ in range(1000):
            if self.standin["hanging"]:
                return
            SystemClock().wait(0.005)
        raise AssertionError("nothing hangs")

    def write(self, control: int, value: float) -> int:
        """Write a number."""
        return self.call("SetQHYCCDParam", control, value)

    def read(self, control: int) -> float:
        """Read a number."""
        return self.call("GetQHYCCDParam", control)

    def area(self, *area: int) -> int:
        """Set the area."""
        return self.call("SetQHYCCDResolution", *area)

    def fetch(self, function: str = "GetQHYCCDSingleFrame") -> tuple[int, NDArray[Any]]:
        """Return code and counts, shape (rows, columns), as large as the area that is told."""
        *_, columns, rows = self.call("GetQHYCCDCurrentROI")
        code, width, height, bits, _, memory = self.call(function, columns * rows * 4)
        if not width * height:
            return code, np.zeros((height, width))
        counts = np.frombuffer(memory, f"<u{bits // 8}", count=width * height)
        return code, counts.reshape(height, width)

    def take(self) -> NDArray[Any]:
        """The counts of a single frame that has to come."""
        assert self.call("ExpQHYCCDSingleFrame") == 0
        code, counts = self.fetch()
        assert code == 0
        return counts

    def next_live(self, tries: int = 10) -> NDArray[Any]:
        """The counts of the next frame of a stream, which has to come in so many calls."""
        for _ in range(tries):
            code, counts = self.fetch("GetQHYCCDLiveFrame")
            if code == 0:
                return counts
        raise AssertionError(f"no frame in {tries} calls")
