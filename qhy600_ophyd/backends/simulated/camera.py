"""The simulated QHY600: the state machine around the sensor's physics."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated import offer
from qhy600_ophyd.backends.simulated.clock import FreeClock
from qhy600_ophyd.backends.simulated.cooler import SimulatedCooler
from qhy600_ophyd.backends.simulated.exposure import expose
from qhy600_ophyd.backends.simulated.faults import SLOW_FRAME_DELAY, FaultPlan
from qhy600_ophyd.backends.simulated.frame_buffer import frame_within
from qhy600_ophyd.backends.simulated.life_cycle import LifeCycle
from qhy600_ophyd.backends.simulated.light import SimulatedLight
from qhy600_ophyd.backends.simulated.record import ExposureRecord
from qhy600_ophyd.backends.simulated.trigger import Trigger
from qhy600_ophyd.backends.simulated.truth import Injected
from qhy600_ophyd.contract import (
    CameraError,
    CameraNotReady,
    CameraStatus,
    Capabilities,
    Clock,
    Fault,
    FrameInfo,
    FrameLost,
    FrameTimeout,
    SettingRefused,
    Settings,
)


class SimulatedCamera:
    """A QHY600 of any size, with a light of its own, that does what the contract says of a camera.

    Parameters
    ----------
    width, height
        Of the image area; dark and overscan strips come on top. `full_size` makes the real one.
    seed
        Where all its randomness comes from. Frame n depends on it, on n and on what is recorded with n.
    ambient
        Temperature of the air [°C].
    clock
        What exposures are measured on; a `FreeClock`, on which they cost no time, unless given.
    faults
        What shall go wrong.
    irradiance, wavelength
        Bright level [photon/pixel/s] and wavelength [nm] of its light.
    prnu
        Relative width of the pixels' responses.
    dark_spread
        Standard deviation of the logarithm of the pixels' dark currents.
    nonlinearity
        Part of the signal that is missing at the pixel well, from 0 to below 0.5; it grows with the signal.
    base_offset, counts_per_offset
        Bias level at offset 0 [count], and counts for each step of the offset register; both assumed,
        since neither is published.
    model, serial
        As it names itself.
    threads
        Most threads for computing a frame; the frame does not depend on it.

    Raises
    ------
    SettingRefused
        One of them is impossible.
    ProfileError
        A fault is not known.
    """

    def __init__(
        self,
        *,
        width: int = 1024,
        height: int = 1024,
        seed: int = 0,
        ambient: float = 20.0,
        clock: Clock | None = None,
        faults: Iterable[Fault] = (),
        irradiance: float = 5000.0,
        wavelength: float = 530.0,
        prnu: float = 0.0055,
        dark_spread: float = 0.3,
        nonlinearity: float = 0.0,
        base_offset: float = 200.0,
        counts_per_offset: float = 10.0,
        model: str = "QHY600M",
        serial: str = "",
        threads: int | None = None,
    ):
        self.truth = Injected(
            wavelength=wavelength,
            prnu=prnu,
            dark_spread=dark_spread,
            nonlinearity=nonlinearity,
            base_offset=base_offset,
            counts_per_offset=counts_per_offset,
        )
        self.log: list[ExposureRecord] = []
        self._life = LifeCycle()
        self._clock = clock if clock is not None else FreeClock()
        self._offer = offer.capabilities(
            model=model, serial=serial or f"simulated-{seed}", geometry=offer.geometry(width, height)
        )
        self._light = SimulatedLight(irradiance=irradiance, wavelength=wavelength)
        self._cooler = SimulatedCooler(clock=self._clock, ambient=ambient, ensure=self._life.ensure_open)
        self._faults = FaultPlan(faults, seed=seed)
        self._seed = seed
        self._threads = threads or os.cpu_count() or 1
        self._settings: Settings | None = None
        self._opened_at = 0.0
        self._next = 0
        self._delivered = 0
        self._frames_left: int | None = None
        self._cancelled = threading.Event()
        self._trigger: Trigger | None = None

    @classmethod
    def full_size(cls, **parameters: Any) -> SimulatedCamera:
        """One with all 9576 × 6388 pixels of the image; `parameters` as for any other."""
        return cls(width=9576, height=6388, **parameters)

    def __repr__(self) -> str:
        image = self._offer.geometry.image
        return f"SimulatedCamera({image.width} × {image.height}, seed={self._seed}, {self._life.state})"

    @property
    def clock(self) -> Clock:
        """The clock that its exposures are measured on."""
        return self._clock

    @property
    def capabilities(self) -> Capabilities:
        """What it offers. Raises `CameraNotReady` before the first `open`."""
        self._initialised()
        return self._offer

    @property
    def settings(self) -> Settings:
        """What is actual now. Raises `CameraNotReady` before the first `open`."""
        return self._initialised()

    @property
    def cooler(self) -> SimulatedCooler:
        """Its cooler."""
        return self._cooler

    @property
    def light(self) -> SimulatedLight:
        """The light that it stands under."""
        return self._light

    def open(self) -> None:
        """Connect and initialise, with the vendor library's defaults; a lost camera is found again."""
        with self._life.lock:
            if self._life.state in ("idle", "armed"):
                return
            self._settings = offer.defaults(self._offer)
            self._opened_at = self._clock.monotonic()
            self._life.state = "idle"

    def close(self) -> None:
        """Give the camera back; does nothing when closed. `cancel`s first."""
        with self._life.lock:
            self.cancel()
            self._life.state = "closed"

    def status(self) -> CameraStatus:
        """How it is, at any time. It has no sensors for humidity and pressure."""
        return CameraStatus(state=self._life.state, frames_delivered=self._delivered)

    def configure(self, settings: Settings) -> Settings:
        """Apply all of `settings` that are given, or none; returns what is actual now, all of it."""
        with self._life.lock:
            self._life.require("idle", "configure")
            actual = offer.taken(self._offer.resolve(settings, now=self._initialised()))
            if "configure_fails" in self._strike("configure"):
                raise CameraError("configure failed: the camera kept the old settings; try again")
            self._settings = actual
            return actual

    def arm(self, frames: int | None) -> None:
        """Start: one exposure for ``1``, so many for more, until `cancel` for ``None``."""
        with self._life.lock:
            self._life.require("idle", "arm")
            if frames is not None and frames < 1:
                raise SettingRefused("frames", frames, allowed="1 or more, or None for no end")
            self._strike("arm")
            self._cancelled = threading.Event()
            self._frames_left = frames
            self._life.state = "armed"
            self._start_exposure()

    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        """Wait for the next frame and put its counts at the start of `out`; raises what `Camera.grab` says.

        The light is the one that shines when the frame is grabbed.
        """
        trigger, target, strikes = self._pending(out)
        arrival = trigger.arrival + (SLOW_FRAME_DELAY if "slow_frame" in strikes else 0.0)
        deadline = trigger.end + timeout
        late = arrival > deadline or "frame_timeout" in strikes
        lost = "frame_lost" in strikes
        irradiance = self._light.level
        trigger.wait_until(trigger.end, self._clock)
        temperature = self._cooler.sample()
        warmth = trigger.mean_temperature(temperature)
        truth = self.truth.of(trigger.settings, warmth)
        if not (late or lost):
            expose(
                target,
                photons=irradiance * trigger.exposure,
                seconds=trigger.exposure,
                charge=truth.charge,
                dark_spread=self.truth.dark_spread,
                readout=truth.readout,
                geometry=self._offer.geometry,
                area=trigger.area,
                seed=self._seed,
                frame=trigger.number,
                threads=self._threads,
            )
        trigger.wait_until(deadline if late else arrival, self._clock)
        record = ExposureRecord(
            sequence=trigger.number,
            settings=trigger.settings,
            irradiance=irradiance,
            temperature=warmth,
            exposure_start=trigger.true_start,
            delivered=not (late or lost),
        )
        self._finish(trigger, record, gives_up=late)
        if late:
            raise FrameTimeout(
                f"frame {trigger.number} did not come within {timeout:g} s of the end of its exposure; "
                "allow more time, or take it again (the camera is idle)"
            )
        if lost:
            raise FrameLost(f"frame {trigger.number} was exposed and did not arrive; take it again")
        return trigger.info(self._clock, temperature=temperature, readout=truth.readout)

    def cancel(self) -> None:
        """End the exposure or the wait, from any thread; does nothing when idle. Idle afterwards."""
        with self._life.lock:
            if self._life.state == "armed":
                self._cancelled.set()
                self._life.state = "idle"

    def _pending(self, out: NDArray[Any]) -> tuple[Trigger, NDArray[Any], frozenset[str]]:
        """The exposure under way, its frame within `out`, and what goes wrong with it."""
        with self._life.lock:
            self._life.require("armed", "grab")
            trigger = self._trigger
            assert trigger is not None
            return trigger, frame_within(out, trigger.settings), self._strike("grab")

    def _finish(self, trigger: Trigger, record: ExposureRecord, *, gives_up: bool) -> None:
        """Count the frame; the next exposure starts, or the camera is idle."""
        with self._life.lock:
            trigger.raise_if_cancelled()
            self.log.append(record)
            self._next += 1
            self._delivered += record.delivered
            if self._frames_left is not None:
                self._frames_left -= 1
            if gives_up or self._frames_left == 0:
                self._life.state = "idle"
            else:
                self._start_exposure()

    def _start_exposure(self) -> None:
        self._trigger = Trigger.now(
            self._clock,
            number=self._next,
            seed=self._seed,
            settings=self._initialised(),
            temperature=self._cooler.sample(),
            cancelled=self._cancelled,
        )

    def _strike(self, call: str) -> frozenset[str]:
        strikes = self._faults.strike(
            call, frame=self._next, seconds=self._clock.monotonic() - self._opened_at
        )
        if "camera_lost" in strikes:
            self._cancelled.set()
            self._life.state = "lost"
            self._life.ensure_open()
        return strikes

    def _initialised(self) -> Settings:
        if self._settings is None:
            raise CameraNotReady("the simulated camera was never opened; open it first")
        return self._settings
