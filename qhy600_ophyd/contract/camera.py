"""The words in which everything above speaks to any camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract.capabilities import Capabilities
from qhy600_ophyd.contract.clock import Clock
from qhy600_ophyd.contract.frame import FrameInfo, TemperatureReading
from qhy600_ophyd.contract.light import Light
from qhy600_ophyd.contract.settings import Settings

CameraState = Literal["closed", "idle", "armed", "lost"]


@dataclass(frozen=True, kw_only=True)
class CameraStatus:
    """How the camera is. ``None``: it has no such sensor.

    Parameters
    ----------
    state
        Closed, idle, armed or lost.
    frames_delivered
        Since it was made.
    humidity, pressure
        In the sensor's chamber [%, mbar].
    undervoltage
        The camera's code for its supply; `sensor.supply` says what it means.
    """

    state: CameraState
    frames_delivered: int = 0
    humidity: float | None = None
    pressure: float | None = None
    undervoltage: int | None = None


@runtime_checkable
class Cooler(Protocol):
    """The thermoelectric cooler of a camera."""

    def read(self) -> TemperatureReading:
        """Temperature, set point and drive, now."""
        ...

    def regulate(self, setpoint: float) -> None:
        """Regulate to `setpoint` [°C]. Raises `SettingRefused` outside the limits."""
        ...

    def off(self) -> None:
        """Stop cooling."""
        ...


@runtime_checkable
class Camera(Protocol):
    """A camera: closed → ``open`` → idle → ``arm`` → armed → ``grab`` … → idle → ``close``.

    One thread uses it, but for `cancel`, which any thread may call. Constructing one does nothing to the
    hardware. The caller owns the frame's memory and the camera fills it. `status`, `cancel` and `close` work
    on a camera that was never opened. (``isinstance(camera, Camera)`` reads the properties on Python 3.11, so
    it can be asked of an open camera only.)
    """

    @property
    def clock(self) -> Clock:
        """The clock that its exposures are measured on."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it offers. Raises `CameraNotReady` before the first `open`."""
        ...

    @property
    def settings(self) -> Settings:
        """What is actual now. Raises `CameraNotReady` before the first `open`."""
        ...

    @property
    def cooler(self) -> Cooler | None:
        """Its cooler, if it has one."""
        ...

    @property
    def light(self) -> Light | None:
        """The light that this backend itself provides (simulated, recorded); ``None`` for real ones."""
        ...

    def open(self) -> None:
        """Connect and initialise; does nothing when open. Raises `CameraError`."""
        ...

    def close(self) -> None:
        """Give the camera back; does nothing when closed. `cancel`s first."""
        ...

    def status(self) -> CameraStatus:
        """How it is, at any time."""
        ...

    def configure(self, settings: Settings) -> Settings:
        """Apply all of `settings` that are given, or none; returns what is actual now, all of it.

        Raises
        ------
        SettingRefused
            Something asked for is not allowed; nothing was changed.
        CameraNotReady
            The camera is closed or armed.
        """
        ...

    def arm(self, frames: int | None) -> None:
        """Start: one exposure for ``1``, so many for more, until `cancel` for ``None``.

        Raises
        ------
        CameraNotReady
            The camera is closed or already armed.
        SettingRefused
            Fewer than one frame.
        """
        ...

    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        """Wait for the next frame and put its counts at the start of `out`.

        Parameters
        ----------
        out
            C-contiguous and writable, of at least the frame's bytes; the rest is left as it was.
        timeout
            Seconds to wait beyond the exposure.

        Raises
        ------
        BufferTooSmall
            `out` cannot hold the frame; grab again with a larger one.
        FrameLost
            The frame was exposed and did not arrive.
        FrameTimeout
            It did not come in time; the camera is idle again.
        FrameNotRecorded
            A replay has no such frame; the camera is idle again.
        ExposureCancelled
            `cancel` was called; the camera is idle again.
        CameraLost
            The camera no longer answers.
        CameraNotReady
            The camera is not armed.
        """
        ...

    def cancel(self) -> None:
        """End the exposure or the wait, from any thread; does nothing when idle. Idle afterwards."""
        ...


@runtime_checkable
class LendsMemory(Protocol):
    """A camera that fills memory of its own choice without a copy, such as one in another process."""

    def lend(self, nbytes: int) -> NDArray[np.uint8]:
        """So many bytes for `Camera.grab` to fill, flat; any other memory can be filled too, at more cost.

        They are the caller's until nobody has a view of them any more, whatever becomes of the camera.

        Raises
        ------
        CameraError
            There is no room for them.
        """
        ...
