"""`CameraPace`: the time that passes on the camera's clock while a plan is only gone through."""

from __future__ import annotations

import math

from qhy600_ophyd.contract import Settings
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.device.pace import single_frame_time, stream_period
from qhy600_ophyd.sensor.timing import timing

_VAIN_CALL = 0.040
"""What asking the library for a frame in vain costs [s] (measured); the frame arrives meanwhile."""


class CameraPace:
    """Adds up what the camera itself takes, by the published times of sensor and link.

    Delays before single exposures are taken in the middle of their range; that, the moment in which the last
    frame of a stream is asked for, and the cooler are what the uncertainty comes from. An initialisation, for
    another readout mode or between single frames and streams, costs its time, and a single frame that is
    thrown away after it. Writing settings, storing frames and moving other devices cost nothing here;
    recorded frames cost no time at all.

    Parameters
    ----------
    camera
        Open; its clock is where it begins.

    Attributes
    ----------
    now : float
        On the camera's clock [s].
    """

    def __init__(self, camera: QHY600):
        self._recorded = camera.capabilities.recorded is not None
        self._shortest = camera.capabilities.exposure.low
        self._mode = camera.actual.readout_mode
        self._live = camera.flew
        # Nobody asks the camera; one that has taken nothing since it was opened has only been initialised.
        self._fresh = not camera.row
        self.now = self._began = camera.backend.clock.monotonic()
        self._variance = 0.0

    @property
    def seconds(self) -> float:
        """That have passed."""
        return self.now - self._began

    @property
    def uncertainty(self) -> float:
        """Standard uncertainty of that [s], from the delays of single exposures, streams, cooling."""
        return math.sqrt(self._variance)

    def passes(self, seconds: float, *, uncertainty: float = 0.0) -> None:
        """Let so much time pass, known so well [both s]."""
        self.now += max(seconds, 0.0)
        self._variance += uncertainty**2

    def single(self, settings: Settings, *, due: float = math.nan) -> float:
        """Take a single frame, when it is due; returns when it was asked for [s on the clock]."""
        if due > self.now:
            self.now, self._variance = due, 0.0
        if self._recorded:
            return self.now
        self._initialise(settings, live=False)
        if self._fresh:
            self._fresh = False
            self._single(settings.with_value("exposure", self._shortest))
        asked = self.now
        self._single(settings)
        return asked

    def stream_begins(self, settings: Settings) -> float:
        """Start a live stream; returns when its first frame arrives [s on the clock]."""
        if self._recorded:
            return self.now
        self._initialise(settings, live=True)
        self._fresh = False
        period = stream_period(settings)
        readout = stream_period(settings.with_value("exposure", 0.0))
        # One frame never comes, and each arrives one frame late.
        return self.now + timing().live_delay + 2 * period + (settings.exposure or 0.0) + readout

    def stream_ends(self, settings: Settings, frames: int | None, *, began: float) -> int:
        """Let the stream run until it has given `frames`, or until now; returns how many came.

        Parameters
        ----------
        settings
            Of the stream.
        frames
            How many were asked for; ``None``: those until now, and the one under way.
        began
            When the first one arrives [s on the clock].
        """
        period = 0.0 if self._recorded else stream_period(settings)
        if frames is None:
            frames = 1 + (math.floor(max(self.now - began, 0.0) / period) if period else 0)
        self.now = max(self.now, began + (frames - 1) * period)
        self._variance += 0.0 if self._recorded else _VAIN_CALL**2
        return frames

    def _single(self, settings: Settings) -> None:
        longest = max(timing().start_delay)
        self.now += single_frame_time(settings) - longest + timing().best_start_delay
        self._variance += timing().start_delay_uncertainty ** 2

    def _initialise(self, settings: Settings, *, live: bool) -> None:
        if live == self._live and settings.readout_mode == self._mode:
            return
        self._live, self._mode, self._fresh = live, settings.readout_mode, True
        self.now += timing().initialisation
