"""`IsolatedCamera`: any camera, in a process of its own."""

from __future__ import annotations

import functools
import inspect
import logging
import os
import weakref
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.isolated.clock import DistantClock
from qhy600_ophyd.backends.isolated.crossing import Crossing
from qhy600_ophyd.backends.isolated.link import Link
from qhy600_ophyd.backends.isolated.messages import MAKE, pack, unpack
from qhy600_ophyd.backends.isolated.parts import DistantCooler, DistantFilterWheel, DistantLight
from qhy600_ophyd.backends.isolated.process import PARTING, CameraProcess
from qhy600_ophyd.backends.isolated.recipe import Recipe
from qhy600_ophyd.backends.isolated.ring import Ring
from qhy600_ophyd.contract import (
    CameraNotReady,
    CameraProcessLost,
    CameraStatus,
    Capabilities,
    CarriesFilterWheel,
    Clock,
    FrameInfo,
    SettingRefused,
    Settings,
    SystemClock,
)

_LONG = 10
"""Times longer than other calls, a call may take that the contract does not name."""

_START = 60.0
"""Seconds for starting an interpreter and importing what the camera needs, on a slow disk too."""

_logger = logging.getLogger(__name__)
_nothing = object()


class IsolatedCamera:
    """A camera that can crash, hang or be killed without the program that uses it.

    `open` starts a process, makes the camera there from its recipe and opens it; `close` closes it and ends
    the process. In between everything is asked of that process. When it is gone, `CameraProcessLost` says so
    and the state is "lost"; ``close`` and ``open`` start another one. Frames come through memory that both
    share: into what `lend` gives without a copy, into any other buffer with one.

    A camera made alike and never opened stays here and says what a closed camera says: whether it has a
    light, and what it refuses. Public members that the contract does not name are forwarded; what they give
    is a copy.

    Parameters
    ----------
    recipe
        How the camera is made.
    answer
        Seconds within which a call has to come back; else the camera counts as hung and its process is ended.
        A frame has its exposure and timeout besides, once for each time that the camera may take it; calls
        that the contract does not name have ten times as long, and the start of a process at least 60 s.
    folder
        Where the log of the process is kept, to which goes what a library prints. Without one it is
        temporary, and left only by a process that was lost.
    slots
        How many frames' memory is kept for the next ones.

    Raises
    ------
    SettingRefused, ProfileError
        The recipe cannot be made into a camera.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        answer: float = 60.0,
        folder: str | os.PathLike[str] | None = None,
        slots: int = 2,
    ):
        if not answer > 0:
            raise SettingRefused("answer", answer, allowed="more than 0 s")
        self.recipe = recipe
        self._unopened = unopened = recipe.make()
        self._folder = None if folder is None else Path(folder)
        self._link = link = Link(answer)
        self._crossing = Crossing(link, Ring(spare=slots))
        self._clock: Clock = (
            unopened.clock
            if type(unopened.clock) is SystemClock
            else DistantClock(link, str(getattr(unopened.clock, "name", "host")))
        )
        self._light = None if unopened.light is None else DistantLight(link, unopened.light)
        self._cooler = None if unopened.cooler is None else DistantCooler(link, unopened.cooler)
        if isinstance(unopened, CarriesFilterWheel):
            self.filter_wheel = DistantFilterWheel(link, unopened.filter_wheel)
        self._capabilities: Capabilities | None = None
        self._settings: Settings | None = None
        self._delivered = 0
        self._forget: weakref.finalize[..., IsolatedCamera] | None = None

    @property
    def clock(self) -> Clock:
        """The clock that its exposures are measured on; the computer's own is the same in all processes."""
        return self._clock

    @property
    def capabilities(self) -> Capabilities:
        """What it offers. Raises `CameraNotReady` before the first `open`."""
        return self._unopened.capabilities if self._capabilities is None else self._capabilities

    @property
    def settings(self) -> Settings:
        """What is actual now. Raises `CameraNotReady` before the first `open`."""
        with suppress(CameraProcessLost, CameraNotReady):
            self._settings = self._link.value("settings")
        return self._unopened.settings if self._settings is None else self._settings

    @property
    def cooler(self) -> DistantCooler | None:
        """Its cooler, if it has one."""
        return self._cooler

    @property
    def light(self) -> DistantLight | None:
        """The light that its backend provides, if any."""
        return self._light

    @property
    def process_id(self) -> int | None:
        """Number of its process, while it has one."""
        process = self._link.process
        return None if process is None else process.pid

    @property
    def ring_bytes(self) -> int:
        """Memory of the frames that both processes share."""
        return self._crossing.ring.nbytes

    def open(self) -> None:
        """Start the process, connect and initialise; does nothing when open.

        Raises
        ------
        CameraError
            The camera cannot be opened; the process has ended again.
        CameraProcessLost
            The process did not live through it, or did not come back in time.
        """
        link = self._link
        with link.turn:
            if link.running:
                link.in_turn("open")
            else:
                self._start()
            self._capabilities = link.value("capabilities")
            self._settings = link.value("settings")

    def _start(self) -> None:
        link = self._link
        process = CameraProcess(self._folder)
        self._forget = weakref.finalize(self, process.forget)
        self._forget.atexit = False  # at the end of the program it has its own way to know
        try:
            process.ask(MAKE, ((self.recipe,), {}), bound=max(_START, link.answer))
            process.ask("open", ((), {}), bound=link.answer)
            link.process = process
            if self._light is not None:
                self._light.shine_again()
            if self._cooler is not None:
                self._cooler.go_on()
        except BaseException:
            link.process = None
            self._end(process)
            raise

    def _end(self, process: CameraProcess) -> None:
        if self._forget is not None:
            self._forget.detach()
        process.end()

    def close(self) -> None:
        """Give the camera back and end its process; does nothing when closed. `cancel`s first."""
        self.cancel()
        with self._link.turn:
            process = self._link.process
            if process is None:
                return
            try:
                if not process.over:
                    self._settings = process.ask("settings", bound=PARTING, aside=True)
                    process.ask("close", ((), {}), bound=PARTING)
            except CameraProcessLost as lost:
                # It is given back all the same: nobody holds it any more.
                _logger.warning("the camera was closed, and %s", lost)
            finally:
                self._link.process = None
                self._end(process)
                self._crossing.ring.close()

    def status(self) -> CameraStatus:
        """How it is, at any time."""
        try:
            known: CameraStatus = self._link.beside("status")
        except CameraNotReady:
            known = self._unopened.status()
        except CameraProcessLost:
            known = CameraStatus(state="lost")
        return replace(known, frames_delivered=self._delivered)

    def configure(self, settings: Settings) -> Settings:
        """Apply all of `settings` that are given, or none; raises as `Camera.configure`."""
        if self._link.process is None:
            return self._unopened.configure(settings)
        self._settings = actual = self._link.in_turn("configure", settings)
        return actual

    def arm(self, frames: int | None) -> None:
        """Start; raises as `Camera.arm`."""
        if self._link.process is None:
            self._unopened.arm(frames)
            return
        self._link.in_turn("arm", frames)

    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        """Wait for the next frame and put its counts at the start of `out`; raises as `Camera.grab`.

        What `lend` gave is filled by the camera itself; anything else gets a copy.
        """
        if self._link.process is None:
            return self._unopened.grab(out, timeout)
        info = self._crossing.grab(out, timeout, bound=self._patience(timeout))
        self._delivered += 1
        return info

    def lend(self, nbytes: int) -> NDArray[np.uint8]:
        """So many bytes that `grab` fills without a copy; raises as `LendsMemory.lend`."""
        return self._crossing.ring.lend(nbytes)

    def cancel(self) -> None:
        """End the exposure or the wait, from any thread; does nothing when idle. Idle afterwards."""
        with suppress(CameraNotReady, CameraProcessLost):
            self._link.beside("cancel", bound=min(PARTING, self._link.answer))

    def _patience(self, timeout: float) -> float:
        """Seconds after which a frame will not come any more: the camera may take it again by itself.

        An exposure on another clock than the computer's takes as long as it takes to compute.
        """
        tries = self.capabilities.retries + 2
        exposure = 0.0
        if isinstance(self._clock, SystemClock) and self._settings is not None:
            exposure = self._settings.exposure or 0.0
        return tries * (exposure + max(timeout, 0.0)) + self._link.answer

    def __getattr__(self, name: str) -> Any:
        unopened = self.__dict__.get("_unopened")
        member = inspect.getattr_static(unopened, name, _nothing)
        if name.startswith("_") or member is _nothing:
            raise AttributeError(f"{self.recipe.factory if unopened else 'the camera'} has no {name!r}")
        if inspect.isroutine(member):
            return functools.partial(self._call, name)
        if self._link.process is not None:
            return self._link.value(name)
        if self._capabilities is not None:
            raise CameraNotReady(f"{name} has ended with the camera's process; open the camera first")
        return unpack(pack(name, getattr(unopened, name)))

    def _call(self, name: str, *arguments: Any, **keywords: Any) -> Any:
        if self._link.process is None:
            return getattr(self._unopened, name)(*arguments, **keywords)
        return self._link.in_turn(name, *arguments, bound=_LONG * self._link.answer, **keywords)

    def __repr__(self) -> str:
        where = "no process" if self.process_id is None else f"process {self.process_id}"
        return f"<IsolatedCamera {self.recipe.factory}, {where}{', lost' if self._link.lost else ''}>"
