"""A camera that hands out frames made beforehand, so that the time that is left is that of the software."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import (
    CameraNotReady,
    CameraStatus,
    Capabilities,
    Clock,
    ExposureCancelled,
    FrameInfo,
    FrameTimeout,
    Settings,
    SystemClock,
    TemperatureReading,
)

_PREPARED = 3
"""Frames that are handed out in turn."""

_STAMP = 4
"""Bytes at the beginning of each frame that its number is written over, as in the camera's burst mode."""


_NOBODY_ELSE = 3
"""References to memory that is lent to nobody: the camera's, that of who asks, that of the question."""


class PreparedCamera:
    """A camera of the contract, as far as bursts and single frames need one.

    It offers what a simulated camera of full size does and checks settings as that does. It numbers its
    frames, in the first four bytes of each. With a period it has memory for so many frames: who fetches them
    too late finds the oldest overwritten, and a gap in the numbers.

    Parameters
    ----------
    period
        Seconds from one frame of a stream to the next; ``None``: the next one is there at once.
    memory
        Frames that wait in the camera at most.
    copies
        Whether it copies each frame into memory of the caller's. Else it lends memory that a frame lies in
        already, and writes the number alone: as a camera whose frames come by themselves.

    Attributes
    ----------
    busy : float
        Host seconds that its calls have taken, without waiting for a frame.
    """

    def __init__(self, *, period: float | None = None, memory: int = 16, copies: bool = True):
        self._offer = SimulatedCamera.full_size(seed=1)
        self._period, self._memory = period, memory
        self._clock = SystemClock()
        self._frames: list[NDArray[Any]] = []
        self._cancelled = threading.Event()
        self._armed = False
        self._left: int | None = None
        self._next = self._started = self._discarded = 0
        self._began = 0.0
        self._capabilities: Capabilities | None = None
        self._lent: dict[int, NDArray[np.uint8]] = {}
        self.busy = 0.0
        if not copies:
            self.lend = self._lend

    clock: Clock = property(lambda self: self._clock)  # type: ignore[assignment]
    cooler = light = None

    @property
    def capabilities(self) -> Capabilities:
        """Those of the simulated camera, with numbers of its own."""
        if self._capabilities is None:
            raise CameraNotReady("the camera was never opened; open it first")
        return self._capabilities

    @property
    def settings(self) -> Settings:
        """What is actual."""
        return self._offer.settings

    def open(self) -> None:
        """Know what is offered."""
        self._offer.open()
        self._capabilities = replace(
            self._offer.capabilities, counter="burst_counter", header_bytes=_STAMP, temperature=None
        )

    def close(self) -> None:
        """End what is under way."""
        self.cancel()
        self._offer.close()

    def status(self) -> CameraStatus:
        """How it is."""
        return CameraStatus(state="armed" if self._armed else "idle", frames_delivered=self._next)

    def _lend(self, nbytes: int) -> NDArray[np.uint8]:
        """Memory that a frame lies in already: what is grabbed into it costs the camera no copy."""
        for memory in self._lent.values():
            if memory.nbytes == nbytes and sys.getrefcount(memory) <= _NOBODY_ELSE:
                return memory.view()
        memory = np.empty(nbytes, np.uint8)
        memory[:] = self.prepare()[len(self._lent) % _PREPARED].reshape(-1).view(np.uint8)
        self._lent[memory.ctypes.data] = memory
        return memory.view()

    def configure(self, settings: Settings) -> Settings:
        """As the simulated camera; frames of another shape are made."""
        with self._busy():
            if self._armed:
                raise CameraNotReady("the camera is armed; cancel first")
            if self.settings.updated(settings) != self.settings:
                self._offer.configure(settings)
            self.prepare()
        return self.settings

    def prepare(self) -> list[NDArray[Any]]:
        """The frames for the present settings: noise, no two alike."""
        shape, dtype = self.settings.frame_shape, np.dtype(self.settings.frame_dtype)
        if not self._frames or self._frames[0].shape != shape or self._frames[0].dtype != dtype:
            random = np.random.default_rng(1)
            # Noise over a level, of the bits that a real frame has.
            noise = random.normal(40.0, 6.0, shape).clip(0, 250).astype(dtype)
            self._frames = [np.roll(noise, 7 * n, axis=1) for n in range(_PREPARED)]
            self._lent.clear()
        return self._frames

    def arm(self, frames: int | None) -> None:
        """Begin."""
        with self._busy():
            if self._armed:
                raise CameraNotReady("the camera is armed already; cancel first")
            self._cancelled.clear()
            self._armed, self._left = True, frames
            self._started += 1
            self._discarded = int(frames != 1)
            self._first = self._next
            self._began = self._clock.monotonic()

    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        """Fill `out` with the next frame that is still there."""
        if not self._armed:
            raise CameraNotReady("the camera is not armed; arm it first")
        self._await_frame(timeout)
        with self._busy():
            counts = self._frames[self._next % _PREPARED]
            flat = out.reshape(-1)[: counts.size].reshape(counts.shape)
            if out.ctypes.data not in self._lent:
                np.copyto(flat, counts)
            flat.reshape(-1).view(np.uint8)[:_STAMP] = np.frombuffer(
                self._next.to_bytes(_STAMP, "big"), np.uint8
            )
            info = self._info(counts)
            self._next += 1
            self._discarded = 0
            if self._left is not None:
                self._left -= 1
                self._armed = self._left > 0
        return info

    def cancel(self) -> None:
        """End the stream."""
        self._cancelled.set()
        self._armed = False

    def _await_frame(self, timeout: float) -> None:
        """Wait for the next frame, which may be a later one than that which came next."""
        if self._period is not None and self._left is None:
            due = self._began + (self._next - self._first + 1) * self._period
            wait = due - self._clock.monotonic()
            if wait > timeout:
                raise FrameTimeout(f"no frame within {timeout:g} s")
            self._clock.wait(max(wait, 0.0), self._cancelled)
            complete = int((self._clock.monotonic() - self._began) / self._period)
            self._next = max(self._next, self._first + complete - self._memory)
        if self._cancelled.is_set():
            raise ExposureCancelled("cancelled")

    def _info(self, counts: NDArray[Any]) -> FrameInfo:
        now, utc = round(self._clock.monotonic() * 1e9), self._clock.utc_ns()
        exposure = round((self.settings.exposure or 0.0) * 1e9)
        cold = TemperatureReading(value=-10.0, setpoint=-10.0, power=40.0, time=now * 1e-9)
        return FrameInfo(
            shape=(counts.shape[0], counts.shape[1]),
            dtype=str(counts.dtype),
            settings=self.settings,
            reported=self.settings,
            sequence=self._next,
            sequence_source="burst_counter",
            saturation_code=float(np.iinfo(counts.dtype).max),
            exposure_start=utc - exposure,
            exposure_end=utc,
            time_uncertainty=1e-3,
            time_source="host",
            line_time=25e-6,
            row_order=1,
            trigger_monotonic=now - exposure,
            arrival_monotonic=now,
            temperature_start=cold,
            temperature_end=cold,
            discarded=self._discarded,
            started=self._started,
            header=self._next.to_bytes(_STAMP, "big"),
        )

    @contextmanager
    def _busy(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.busy += time.perf_counter() - began
