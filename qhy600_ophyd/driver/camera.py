"""A camera of the contract, driven through the calls of the vendor's library."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from qhy600_ophyd.contract import (
    CameraError,
    CameraLost,
    CameraNotReady,
    CameraStatus,
    Capabilities,
    Clock,
    FrameInfo,
    FrameTimeout,
    Light,
    SettingRefused,
    Settings,
)
from qhy600_ophyd.driver import offer
from qhy600_ophyd.driver.cooling import DrivenCooler
from qhy600_ophyd.driver.frame_buffer import frame_within
from qhy600_ophyd.driver.head import LOST, Control, Head, HeadError
from qhy600_ophyd.driver.life_cycle import LifeCycle
from qhy600_ophyd.driver.live import LiveStream
from qhy600_ophyd.driver.opening import opening
from qhy600_ophyd.driver.preparation import Preparation
from qhy600_ophyd.driver.registers import Registers
from qhy600_ophyd.driver.single import SingleFrame
from qhy600_ophyd.driver.taking import Taking
from qhy600_ophyd.sensor import Geometry


class DrivenCamera:
    """A QHY600 that can be relied on, made of a `Head` that cannot.

    It writes all settings after every initialisation and reads them back, empties the camera's memory before
    each single exposure, throws the first frame after an initialisation away, looks at every frame for damage
    and takes it again a few times, and says so in what it returns (docs/decisions/0008).

    Parameters
    ----------
    head
        The camera's library.
    geometry
        Regions of the chip.
    retries
        How often a frame that came damaged or not at all is taken again.
    gps_header
        Whether the camera shall number its frames, in a header over the first pixels of each.
    """

    def __init__(self, head: Head, *, geometry: Geometry, retries: int = 2, gps_header: bool = False):
        if retries < 0:
            raise SettingRefused("retries", retries, allowed="0 or more")
        self._head = head
        self._geometry = geometry
        self._life = LifeCycle()
        self._registers = Registers(head, gps_header=gps_header)
        self._cooler = DrivenCooler(head, ensure=self._life.ensure_open, lost=self._life.lost)
        self._taking = Taking(head, self._registers, self._cooler, retries=retries)
        self._offer: Capabilities | None = None
        self._settings: Settings | None = None
        self._frames_left: int | None = None
        self._under_way: SingleFrame | LiveStream | None = None
        self._preparation = Preparation(head, self._registers, self._cooler)

    @property
    def clock(self) -> Clock:
        """The clock that its exposures are measured on."""
        return self._head.clock

    @property
    def capabilities(self) -> Capabilities:
        """What it offers. Raises `CameraNotReady` before the first `open`."""
        if self._offer is None:
            raise CameraNotReady("the camera was never opened; open it first")
        return self._offer

    @property
    def settings(self) -> Settings:
        """What is actual now. Raises `CameraNotReady` before the first `open`."""
        if self._settings is None:
            raise CameraNotReady("the camera was never opened; open it first")
        return self._settings

    @property
    def cooler(self) -> DrivenCooler:
        """Its cooler."""
        return self._cooler

    @property
    def light(self) -> Light | None:
        """None: a camera has no light of its own."""
        return None

    def open(self) -> None:
        """Connect and initialise, with the library's defaults; does nothing when open.

        Raises
        ------
        CameraError
            It is not found, or does not start.
        """
        with self._life.lock:
            if self._life.state in ("idle", "armed"):
                return
            head, preparation = self._head, self._preparation
            preparation.connect()
            try:
                preparation.initialise(0)
                self._offer, self._settings = opening(
                    head, self._registers, self._geometry, retries=self._taking.retries
                )
            except BaseException:
                preparation.disconnect()
                raise
            self._life.state = "idle"

    def close(self) -> None:
        """Give the camera back; does nothing when closed. `cancel`s first."""
        try:
            self.cancel()
        finally:
            with self._life.lock:
                if self._life.state != "closed":
                    self._life.state = "closed"
                    self._preparation.disconnect()

    def status(self) -> CameraStatus:
        """How it is, at any time."""
        state, delivered = self._life.state, self._taking.delivered
        if state in ("closed", "lost"):
            return CameraStatus(state=state, frames_delivered=delivered)
        code = self._reading(Control.UNDERVOLTAGE)
        return CameraStatus(
            state=state,
            frames_delivered=delivered,
            humidity=self._reading(Control.HUMIDITY),
            pressure=self._reading(Control.PRESSURE),
            undervoltage=None if code is None else int(code),
        )

    def reset_undervoltage(self) -> None:
        """Let the camera forget that its supply once failed, and cool with full power again.

        Raises
        ------
        CameraNotReady, CameraLost
            It cannot be talked to.
        """
        with self._life.lock:
            self._life.ensure_open()
            try:
                self._head.reset_undervoltage()
                # The firmware has turned the cooler off.
                self._cooler.resume()
            except HeadError:
                self._raise_if_lost()
                raise

    def configure(self, settings: Settings) -> Settings:
        """Apply all of `settings` that are given, or none; returns what is actual now, all of it.

        Raises
        ------
        SettingRefused
            Something asked for is not allowed; nothing was changed.
        CameraNotReady
            The camera is closed or armed.
        CameraError
            The camera did not take it, however often it was told.
        """
        with self._life.lock:
            self._life.require("idle", "configure")
            before = self.settings
            wanted = offer.rounded(self.capabilities.resolve(settings, now=before))
            try:
                self._settings = self._preparation.apply(wanted, self._mode_of(wanted))
            except (HeadError, CameraError) as error:
                self._raise_if_lost()
                self._registers.forget()
                raise CameraError(
                    f"configure failed: {error}. The old settings hold, and are written again before the "
                    "next exposure; try again"
                ) from error
            return self._settings

    def arm(self, frames: int | None) -> None:
        """Start: one exposure for ``1``, a live stream of so many for more, until `cancel` for ``None``.

        Raises
        ------
        CameraNotReady
            The camera is closed or already armed.
        SettingRefused
            Fewer than one frame.
        CameraError
            The exposure could not be started.
        """
        with self._life.lock:
            self._life.require("idle", "arm")
            if frames is not None and frames < 1:
                raise SettingRefused("frames", frames, allowed="1 or more, or None for no end")
            kind = SingleFrame if frames == 1 else LiveStream
            self._under_way = None
            try:
                settings, mode = self.settings, self._mode_of(self.settings)
                self._settings = self._preparation.prepare(settings, mode, live=frames != 1)
                self._under_way = kind(self._taking, self.settings, self.capabilities)
                self._under_way.start()
            except BaseException:
                self._registers.forget()
                if self._under_way is not None:
                    self._under_way.end()
                self._raise_if_lost()
                raise
            self._frames_left = frames
            self._life.state = "armed"

    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        """Wait for the next frame and put its counts at the start of `out`; raises as `Camera.grab`."""
        with self._life.lock:
            self._life.require("armed", "grab")
            under_way = self._under_way
            assert under_way is not None
            counts = frame_within(out, self.settings)
        try:
            info = under_way.fetch(counts, timeout)
        except CameraLost:
            self._life.lost()
            raise
        except CameraError as error:
            self._preparation.doubtful |= isinstance(error, FrameTimeout)
            self._end(under_way)
            self._raise_if_lost()
            raise
        except BaseException:
            # Whatever it was (no memory, Ctrl-C), nobody knows how far the head got.
            self._registers.forget()
            self._end(under_way)
            raise
        with self._life.lock:
            under_way.raise_if_cancelled()
            self._taking.delivered += 1
            if self._frames_left is not None:
                self._frames_left -= 1
                if self._frames_left == 0:
                    self._end(under_way)
        return info

    def cancel(self) -> None:
        """End the exposure or the wait, from any thread; does nothing when idle. Idle afterwards."""
        # Not through the lock first: nobody shall wait for an initialisation to end nothing.
        if self._life.state != "armed":
            return
        with self._life.lock:
            if self._life.state == "armed" and self._under_way is not None:
                self._life.state = "idle"
                self._under_way.cancel()

    def _end(self, under_way: SingleFrame | LiveStream) -> None:
        with self._life.lock:
            if self._under_way is under_way and self._life.state == "armed":
                self._life.state = "idle"
                under_way.end()

    def _mode_of(self, settings: Settings) -> int:
        return self.capabilities.mode(settings.readout_mode or 0).index

    def _reading(self, control: Control) -> float | None:
        """A reading that may not exist."""
        try:
            value = self._head.read(control) if self._head.limits(control) is not None else LOST
        except HeadError:
            return None
        return None if value == LOST else value

    def _raise_if_lost(self) -> None:
        try:
            self._taking.raise_if_lost()
        except CameraLost:
            self._life.lost()
            raise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._life.state})"
