"""`ReplayCamera`: recorded frames behind the words of every camera."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.replay.folder import open_recording
from qhy600_ophyd.backends.replay.light import RecordedLight
from qhy600_ophyd.backends.replay.playhead import Playhead
from qhy600_ophyd.backends.replay.recording import RecordedFrame, Recording
from qhy600_ophyd.contract import (
    BufferTooSmall,
    CameraError,
    CameraNotReady,
    CameraStatus,
    Capabilities,
    Clock,
    ExposureCancelled,
    FrameInfo,
    SettingRefused,
    Settings,
    SystemClock,
    TemperatureReading,
)

_T = TypeVar("_T")


class ReplayCamera:
    """Serves the frames of a recording, each once, in the order recorded.

    Which frame comes is decided by `light`, the exposure and the recorded registers. A frame beyond the last
    of its level is refused; `close` and `open` begin again with the first. It does not wait for the recorded
    exposure time to pass.

    Parameters
    ----------
    folder
        Holds the recording (`open_recording`); read by `open`, not before.
    clock
        For the times at which frames were asked for and delivered; the computer's own if not given.
    """

    def __init__(self, folder: str | Path, *, clock: Clock | None = None) -> None:
        self.folder = Path(folder)
        self._clock: Clock = SystemClock() if clock is None else clock
        self._light = RecordedLight(self._photons)
        self._recording: Recording | None = None
        self._capabilities: Capabilities | None = None
        self._settings: Settings | None = None
        self._open = False
        self._armed = False
        self._remaining: int | None = 0
        self._triggered = 0
        self._sequence = 0
        self._playhead: Playhead | None = None
        self._lock = threading.Lock()  # between the one thread that uses it and whoever cancels

    @property
    def clock(self) -> Clock:
        """The clock that deliveries are timed on."""
        return self._clock

    @property
    def light(self) -> RecordedLight:
        """Chooses dark or bright frames."""
        return self._light

    @property
    def cooler(self) -> None:
        """A recording has none."""
        return

    @property
    def recording(self) -> Recording:
        """What is being served. Raises `CameraNotReady` before the first `open`."""
        return self._known(self._recording)

    @property
    def capabilities(self) -> Capabilities:
        """What was recorded. Raises `CameraNotReady` before the first `open`."""
        return self._known(self._capabilities)

    @property
    def settings(self) -> Settings:
        """Settings of the next frame; ``None`` for what was not recorded. Raises `CameraNotReady`."""
        return self._known(self._settings)

    def open(self) -> None:
        """Read what the folder holds and begin with its first frames; does nothing when open.

        Raises
        ------
        CameraError
            The folder is not a recording, or a damaged one.
        """
        if self._open:
            return
        self._recording = open_recording(self.folder)
        self._capabilities = self._recording.capabilities()
        self._settings = self._recording.initial()
        self._playhead = Playhead(self._recording)
        self._sequence = 0
        self._open = True

    def close(self) -> None:
        """Forget which frames were served; does nothing when closed."""
        self.cancel()
        self._open = False

    def status(self) -> CameraStatus:
        """Whether it is closed, idle or armed, and how many frames it has served since `open`."""
        state = "closed" if not self._open else "armed" if self._armed else "idle"
        return CameraStatus(state=state, frames_delivered=self._sequence)

    def configure(self, settings: Settings) -> Settings:
        """Choose among what was recorded: all of `settings` or nothing.

        Raises
        ------
        SettingRefused
            Something asked for was never recorded; says what was.
        CameraNotReady
            The camera is closed or armed.
        """
        self._require_open()
        if self._armed:
            raise CameraNotReady("configure refused: the camera is armed. Grab its frames or cancel first")
        chosen = self.capabilities.resolve(settings, now=self.settings)
        exposure = min(self.recording.exposures(), key=lambda v: abs(v - (chosen.exposure or 0.0)))
        self._settings = replace(chosen, exposure=exposure)
        return self._settings

    def arm(self, frames: int | None) -> None:
        """Make ready to serve so many frames, or all that follow until `cancel`.

        Raises
        ------
        CameraNotReady
            The camera is closed or already armed.
        SettingRefused
            `frames` is not at least 1.
        """
        self._require_open()
        if frames is not None and frames < 1:
            raise SettingRefused("frames", frames, allowed="1 or more, or None for until cancelled")
        with self._lock:
            if self._armed:
                raise CameraNotReady("arm refused: the camera is armed already. Grab its frames or cancel")
            self._armed, self._remaining = True, frames
            self._triggered = self._now()

    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:  # noqa: ARG002 (there is no wait)
        """Put the counts of the next recorded frame at the start of `out`.

        Raises
        ------
        CameraNotReady
            The camera is not armed.
        FrameNotRecorded
            There is no such frame; says what was recorded. The camera is idle again.
        BufferTooSmall
            `out` cannot hold the frame, which the next grab serves.
        ExposureCancelled
            `cancel` was called meanwhile; the frame stays the next one.
        CameraError
            The file cannot be read or does not fit the recording; the camera is idle again.
        """
        if not self._armed:
            raise CameraNotReady(f"grab refused: the camera is {self.status().state}. Arm it first")
        if not out.flags.c_contiguous or not out.flags.writeable:
            raise CameraError("buffer refused: it must be C-contiguous and writable")
        settings, playhead = self.settings, self._known(self._playhead)
        shape, size = self._frame_size(settings)
        try:
            level, frame = playhead.next(self._light.level, settings)
            self._check_size(out, shape, size)
            counts = self._cut(self.recording.counts(frame), settings)
        except BufferTooSmall:
            raise
        except CameraError:
            self.cancel()
            raise
        with self._lock:
            if not self._armed:
                raise ExposureCancelled("the frame was cancelled before it was delivered")
            out.reshape(-1).view(np.uint8)[:size] = np.ascontiguousarray(counts).reshape(-1).view(np.uint8)
            info = self._info(frame, settings, shape)
            playhead.advance(level)
            self._sequence += 1
            self._remaining = None if self._remaining is None else self._remaining - 1
            self._armed = self._remaining != 0
            self._triggered = self._now()
        return info

    def cancel(self) -> None:
        """Serve no further frame, from any thread; does nothing when idle."""
        with self._lock:
            self._armed = False

    def __repr__(self) -> str:
        return f"<ReplayCamera {self.folder.name!r} {self.status().state}>"

    def _frame_size(self, settings: Settings) -> tuple[tuple[int, int], int]:
        """Rows and columns of a frame, and its bytes."""
        shape = settings.frame_shape
        return shape, math.prod(shape) * np.dtype(self.recording.dtype).itemsize

    def _check_size(self, out: NDArray[Any], shape: tuple[int, int], size: int) -> None:
        if out.nbytes < size:
            raise BufferTooSmall(
                f"buffer of {out.nbytes} bytes refused: the frame of {shape[0]} × {shape[1]} counts "
                f"({self.recording.dtype}) needs {size}. Grab again with a larger one"
            )

    def _cut(self, counts: NDArray[Any], settings: Settings) -> NDArray[Any]:
        assert settings.roi is not None
        x, y, width, height = (v // self.recording.binning for v in settings.roi)
        return counts[y : y + height, x : x + width]

    def _info(self, frame: RecordedFrame, settings: Settings, shape: tuple[int, int]) -> FrameInfo:
        known = frame.exposure_start >= 0
        length = round((settings.exposure or 0.0) * 1e9)
        return FrameInfo(
            shape=shape,
            dtype=self.recording.dtype,
            settings=settings,
            reported=settings,
            sequence=self._sequence,
            sequence_source="host",
            saturation_code=float(self.recording.saturation_code),
            exposure_start=frame.exposure_start,
            exposure_end=frame.exposure_start + length if known else -1,
            time_uncertainty=math.nan,
            time_source="DATE-OBS" if known else "",
            line_time=None,
            row_order=None,
            trigger_monotonic=self._triggered,
            arrival_monotonic=self._now(),
            temperature_start=TemperatureReading(),
            temperature_end=frame.temperature,
        )

    def _photons(self, light: str, exposure: float) -> float | None:
        if self._recording is None or self._settings is None:
            return None
        level = self._recording.level(light, replace(self._settings, exposure=exposure))
        return None if level is None else level.photons

    def _now(self) -> int:
        return round(self._clock.monotonic() * 1e9)

    def _require_open(self) -> None:
        if not self._open:
            raise CameraNotReady("the camera is closed. Open it first")

    def _known(self, value: _T | None) -> _T:
        if value is None:
            raise CameraNotReady("the camera has not been opened: what it offers is not known. Open it first")
        return value
