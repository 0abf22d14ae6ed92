"""A live stream of frames."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import (
    CameraLost,
    Capabilities,
    ExposureCancelled,
    FrameInfo,
    FrameLost,
    FrameTimeout,
    Settings,
)
from qhy600_ophyd.driver.head import Fetched, HeadError
from qhy600_ophyd.driver.insistence import insist
from qhy600_ophyd.driver.taking import Taking
from qhy600_ophyd.driver.trigger import Trigger
from qhy600_ophyd.sensor.timing import link_bytes_per_row, timing

_POLL = 0.001
_NEVER_COMES = 1
"""Frames at the beginning of a stream that the camera exposes and never delivers."""


class LiveStream:
    """Frames one after the other, until it is ended.

    The camera's own first frame never comes, which the first frame of the stream records as discarded.
    Nothing in a live frame says which of the stream's frames it is unless the camera writes a header into it;
    without one its record has ``"sequence"`` among what is unverified.

    Parameters
    ----------
    taking
        The camera's means.
    settings
        Complete, and written since the initialisation for live streams.
    offer
        What the camera offers.
    """

    def __init__(self, taking: Taking, settings: Settings, offer: Capabilities):
        self._taking, self._settings = taking, settings
        self._geometry = offer.geometry_in(settings.readout_mode)
        self._cancelled = threading.Event()
        self._running = False
        self._due = self._earliest = 0.0
        self._discarded = 0
        assert settings.roi is not None
        row_bytes = link_bytes_per_row(settings.roi.width, settings.bit_depth or 16)
        self._readout = timing().frame_time(settings.roi.height, row_bytes, settings.usb_traffic or 0.0)
        self._period = max(settings.exposure or 0.0, self._readout)
        # A frame of a stream arrives one frame late (LAST array; rockit-astro/camd-qhy).
        self._delay = (settings.exposure or 0.0) + self._readout + self._period

    def start(self) -> None:
        """Begin the stream."""
        head = self._taking.head
        self._taking.registers.empty_memory()
        insist(head.begin_live)
        self._taking.started += 1
        self._taking.registers.fresh = False
        self._running = True
        self._discarded = _NEVER_COMES
        self._earliest = head.clock.monotonic() + timing().live_delay + _NEVER_COMES * self._period
        self._due = self._earliest + self._delay

    def fetch(self, counts: NDArray[Any], timeout: float) -> FrameInfo:
        """Fill `counts` with the next frame. Raises what `Camera.grab` says."""
        taking, clock = self._taking, self._taking.head.clock
        number = taking.sequence
        before = taking.readings(self._settings)
        clock.wait(max(self._due - clock.monotonic(), 0.0), self._cancelled)
        deadline = max(self._due, clock.monotonic()) + timeout
        try:
            fetched = self._poll(counts, deadline, number, timeout)
        finally:
            taking.sequence = number + 1
        arrived = clock.monotonic()
        # In step with the camera, whatever the host has spent on the frame before.
        self._due += self._period
        finding = taking.examine(counts, fetched, self._settings, self._geometry)
        if finding.damage:
            taking.raise_if_lost()
            if finding.zero:
                raise CameraLost(
                    f"frame {number} of the stream came as zeros: the camera may be unplugged; "
                    "close it, check its cables, and open it again"
                )
            raise FrameLost(f"frame {number} of the stream came damaged: {finding.damage}; start it again")
        header = taking.header(counts)
        unsure = finding.unverified if header else (*finding.unverified, "sequence")
        discarded, self._discarded = self._discarded, 0
        earliest, self._earliest = self._earliest, self._earliest + self._period
        return Trigger.in_stream(
            clock,
            earliest=earliest,
            latest=arrived - self._delay + self._period,
            temperature=before.temperature,
        ).info(
            clock,
            settings=self._settings,
            readings=before,
            sequence=number,
            retries=0,
            discarded=discarded,
            unverified=taking.unverified(*unsure),
            started=taking.started,
            header=header,
        )

    def cancel(self) -> None:
        """End it, from any thread."""
        self._cancelled.set()
        self.end()

    def end(self) -> None:
        """Stop the stream, as far as the head still listens."""
        if self._running:
            self._running = False
            try:
                self._taking.head.cancel()
                self._taking.head.end_live()
            except HeadError:
                self._taking.registers.forget()

    def raise_if_cancelled(self) -> None:
        """Raise `ExposureCancelled` if somebody ended it."""
        if self._cancelled.is_set():
            raise ExposureCancelled("the live stream was cancelled; there is no further frame")

    def _poll(self, counts: NDArray[Any], deadline: float, number: int, timeout: float) -> Fetched:
        """Ask until the frame is complete; a number in its place means "not yet", or how much has come."""
        head, clock = self._taking.head, self._taking.head.clock
        flat = counts.reshape(-1).view(np.uint8)
        while True:
            self.raise_if_cancelled()
            try:
                fetched = head.fetch_live(flat)
            except HeadError as error:
                self.raise_if_cancelled()
                self._taking.raise_if_lost()
                raise FrameLost(f"frame {number} of the stream did not arrive: {error}") from error
            if isinstance(fetched, Fetched):
                return fetched
            if clock.monotonic() >= deadline:
                self._taking.raise_if_lost()
                raise FrameTimeout(
                    f"frame {number} of the stream did not come within {timeout:g} s of its time; allow more "
                    "time, check the camera's cables, or start it again (the camera is idle)"
                )
            clock.wait(_POLL, self._cancelled)
