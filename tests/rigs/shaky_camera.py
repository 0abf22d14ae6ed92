"""A camera for another process: small, quick, going wrong as told. And a look at whether a process runs."""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qhy600_ophyd.backends.isolated import watchdog
from qhy600_ophyd.contract import (
    CameraNotReady,
    CameraStatus,
    Capabilities,
    Clock,
    ExposureCancelled,
    FrameInfo,
    Identity,
    Limits,
    Settings,
    SystemClock,
    TemperatureReading,
)
from qhy600_ophyd.driver.frame_buffer import frame_within
from qhy600_ophyd.sensor import Geometry


class Strange(Exception):
    """Pickles, and cannot be made again from that."""

    def __init__(self, one, two):
        super().__init__(one)


class Warm(UserWarning):
    """Such as a backend has of its own."""


def _hang_with_the_lock():
    # Takes years, and does not let another thread run meanwhile.
    re.match(r"(a+)+$", "a" * 60 + "b")


def _raise(error: BaseException):
    raise error


def _strange():
    error = Strange("one", "two")
    error.add_note("a note")
    raise error


def _kept_here():
    error = RuntimeError("two\nlines")
    error.lock = threading.Lock()
    raise error


MISHAPS: Mapping[str, Callable[[], Any]] = {
    "crash": faulthandler._sigsegv,
    "hang": threading.Event().wait,
    "hang with Python's lock": _hang_with_the_lock,
    "dawdle": lambda: threading.Event().wait(0.5),
    "warn": lambda: warnings.warn("it is warm", Warm, stacklevel=1),
    "exit": lambda: os._exit(3),
    "leave": lambda: sys.exit("enough"),
    "strange error": _strange,
    "error that cannot be copied": _kept_here,
}


SHAKY = "shaky_camera:ShakyCamera"
"""Where it stands, for a recipe."""


class ShakyCamera:
    """Frames of ones, twos, threes …; exposures last on its clock.

    Parameters
    ----------
    width, height
        Of the image.
    goes_wrong
        Call → a name of `MISHAPS`.
    diary
        A file to which it adds a line for each opening, closing and cancelling.
    copies
        Whether it copies a prepared frame, like a library, instead of filling it with a number.
    clock
        The computer's, unless given.
    """

    light = cooler = None

    def __init__(
        self, *, width: int = 64, height: int = 48, goes_wrong: Mapping[str, str] | None = None,
        diary: str = "", copies: bool = False, clock: Clock | None = None,
    ):  # fmt: skip
        self.geometry = Geometry.imx455(width, height)
        self.clock = SystemClock() if clock is None else clock
        self._goes_wrong = dict(goes_wrong or {})
        self._diary, self._copies = diary, copies
        self._prepared = np.zeros(0, np.uint16)
        self._settings: Settings | None = None
        self._state, self._frame, self._left = "closed", 0, 0
        self._cancelled = threading.Event()

    def _may_go_wrong(self, call: str) -> None:
        if call in self._goes_wrong:
            print(f"about to {call}", flush=True)
            MISHAPS[self._goes_wrong[call]]()

    def _note(self, line: str) -> None:
        if self._diary:
            with Path(self._diary).open("a", encoding="utf-8") as diary:
                diary.write(f"{line} {os.getpid()}\n")

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            raise CameraNotReady("never opened")
        return self._settings

    @property
    def capabilities(self) -> Capabilities:
        if self._settings is None:
            raise CameraNotReady("never opened")
        return Capabilities(
            identity=Identity(model="shaky"),
            geometry=self.geometry,
            exposure=Limits(low=0.0, high=3600.0, unit="s"),
        )

    def open(self) -> None:
        self._may_go_wrong("open")
        if self._state == "closed":
            self._note("opened")
            self._state = "idle"
            self._settings = Settings(
                exposure=0.0, roi=self.geometry.total, binning=1, bit_depth=16, overscan=True
            )
            if self._copies:
                total = self.geometry.total
                self._prepared = np.random.default_rng(0).integers(
                    0, 1000, (total.height, total.width), np.uint16
                )

    def close(self) -> None:
        if self._state != "closed":
            self._may_go_wrong("close")
            self.cancel()
            self._state = "closed"
            self._note("closed")

    def status(self) -> CameraStatus:
        self._may_go_wrong("status")
        return CameraStatus(state=self._state)

    def configure(self, settings: Settings) -> Settings:
        self._may_go_wrong("configure")
        if self._state != "idle":
            raise CameraNotReady(f"it is {self._state}")
        self._settings = self.capabilities.resolve(settings, now=self.settings)
        return self._settings

    def arm(self, frames: int | None) -> None:
        self._may_go_wrong("arm")
        if self._state != "idle":
            raise CameraNotReady(f"it is {self._state}")
        self._state, self._left = "armed", frames
        self._cancelled = threading.Event()

    def grab(self, out, timeout: float) -> FrameInfo:
        if self._state != "armed":
            raise CameraNotReady(f"it is {self._state}")
        counts = frame_within(out, self.settings)
        if self.clock.wait(self.settings.exposure or 0.0, self._cancelled):
            raise ExposureCancelled("cancelled")
        self._may_go_wrong("grab")
        self._frame += 1
        np.copyto(counts, self._prepared if self._copies else np.uint16(self._frame))
        if self._left is not None:
            self._left -= 1
            self._state = "armed" if self._left else "idle"
        none = TemperatureReading()
        return FrameInfo(
            shape=counts.shape, dtype="uint16", settings=self.settings, reported=self.settings,
            sequence=self._frame, sequence_source="host", saturation_code=65535.0, exposure_start=-1,
            exposure_end=-1, time_uncertainty=float("nan"), time_source="", line_time=None, row_order=None,
            trigger_monotonic=0, arrival_monotonic=round(self.clock.monotonic() * 1e9),
            temperature_start=none, temperature_end=none,
        )  # fmt: skip

    def cancel(self) -> None:
        if self._state == "armed":
            self._note("cancelled")
            self._state = "idle"
            self._cancelled.set()

    # -- beyond the contract ------------------------------------------------------------------------------

    @property
    def lock(self):
        """A value that cannot be copied."""
        return threading.Lock()

    def add(self, one: float, *, two: float) -> float:
        return one + two

    def go_wrong(self, **goes_wrong: str) -> None:
        self._goes_wrong = goes_wrong

    def busy_for(self, seconds: float) -> None:
        threading.Event().wait(seconds)

    def stand_still_for(self, seconds: float) -> None:
        """Before the process ends itself; takes effect with the next look at it."""
        watchdog.STILL = seconds
        threading.Event().wait(1.0)

    def kill_itself(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def is_running(pid: int) -> bool:
    """Whether there is such a process, and not only what is left until its parent looks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(is_so: Callable[[], Any], *, within: float) -> float:
    """Seconds until it was so. Raises `AssertionError` if it did not become so."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < within, f"not so within {within} s"
        threading.Event().wait(0.005)
    return time.monotonic() - began
