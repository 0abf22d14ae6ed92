"""One exposure from the settings to the stored frame, in the thread that owns the camera."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from qhy600_ophyd.contract import (
    CameraLost,
    CameraNotReady,
    ExposureCancelled,
    FrameInfo,
    QHY600Error,
    Settings,
)
from qhy600_ophyd.device.frame_ring import FrameRing, check_delivered
from qhy600_ophyd.device.outcome import Outcome
from qhy600_ophyd.device.progress import ProgressStatus
from qhy600_ophyd.device.row import RowMaker
from qhy600_ophyd.device.stream import Stream

if TYPE_CHECKING:
    from qhy600_ophyd.device.session import Session

_OVERHEAD = 60.0
"""Host seconds for applying settings and storing the frame, beyond exposure and readout."""

_TURN = 0.5
"""Seconds on the camera's clock for which an exposure that is not due yet keeps the camera's thread."""


class Exposing:
    """Wait until it is due, apply the settings, expose, fetch the frame, store it.

    Parameters
    ----------
    device
        Whose camera, labels and light are used.
    stream
        Where the frame goes.
    settings
        Complete, and already checked.
    ring
        Memory for the frame.
    """

    what = "an exposure"
    live = False

    def __init__(self, device: Session, stream: Stream, settings: Settings, *, ring: FrameRing):
        self._device, self._stream, self._settings, self._ring = device, stream, settings, ring
        self._timeout = timeout = device.frame_timeout
        self._due = device.due.take()
        self._rows = RowMaker(device, settings, areas=stream.areas, labels=("frame_kind", "step", "repeat"))
        self._cancelled = threading.Event()
        self._finish_if_cancelled = False
        self._over = threading.Event()
        self._lost: CameraLost | None = None
        self._outcome = Outcome()
        exposure = settings.exposure or 0.0
        # The camera takes a bad frame again by itself, and throws away the one after an initialisation.
        tries = device.capabilities.retries + 2
        self.status = self._outcome.await_by(
            ProgressStatus(
                device,
                give_up=lambda: self.cancel(finish=False),
                timeout=self._until_due() + tries * (exposure + timeout) + _OVERHEAD,
                initial=0.0,
                target=exposure,
                unit="s",
                why_late=device.why_late,
                ticking=True,
            )
        )

    def run(self) -> None:
        """Do it; the status ends in any case."""
        try:
            if (left := self._until_due()) > _TURN and not self._cancelled.is_set():
                # Bit by bit, so that others can speak to the camera meanwhile.
                self._device.backend.clock.wait(min(_TURN, left - _TURN / 2), self._cancelled)
                self._device.submit(self.run)
                return
            row, info = self._expose()
            self._device.accept(row, info)
        except ExposureCancelled as error:
            self._over.set()
            self._outcome.end(None if self._finish_if_cancelled else error)
        except CameraLost as error:
            # Before anybody is told: who then pauses the plan ends the status, and the plan is resumed.
            self._lost = error
            self._over.set()
            if not self._device.waits_after(error):
                self._outcome.end(error)
        except BaseException as error:  # noqa: BLE001  (whoever waits on the status gets it)
            self._over.set()
            self._outcome.end(error if isinstance(error, Exception) else QHY600Error(f"ended by {error!r}"))
        else:
            self._over.set()
            self._outcome.end(None)

    def cancel(self, *, finish: bool) -> None:
        """End it from any thread; with `finish` its status succeeds all the same, without a frame."""
        if self._lost is not None:
            self._outcome.end(None if finish else self._lost)
            return
        if self._over.is_set() or self._cancelled.is_set():
            return
        self._finish_if_cancelled = finish
        self._cancelled.set()
        self._device.backend.cancel()

    def pause(self) -> None:
        """End it at once, without a frame and without a failure; a rewound plan takes it again."""
        self.cancel(finish=True)

    def stop(self, *, success: bool) -> None:
        """End it at once; without `success` its status fails."""
        self.cancel(finish=success)

    @property
    def over(self) -> bool:
        """Whether the worker has let go of it."""
        return self._over.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether it was told to end."""
        return self._cancelled.is_set()

    def join(self, timeout: float) -> None:
        """Wait until the worker has let go."""
        self._over.wait(timeout)

    def _expose(self) -> tuple[dict[str, Any], FrameInfo]:
        camera = self._device.backend
        self._stop_here_if_cancelled()
        camera.configure(self._settings)
        self._rows.applied()
        self._stop_here_if_cancelled()
        if self._due is not None:
            camera.clock.wait(self._until_due(), self._cancelled)
            self._stop_here_if_cancelled()
        buffer = self._ring.take()
        assert buffer is not None, "nobody else takes frames meanwhile"
        try:
            return self._taken(buffer)
        except BaseException:
            # Whatever went wrong, memory that ran out too: an armed camera would refuse every later run.
            with suppress(Exception):
                camera.cancel()
            raise
        finally:
            self._ring.give(buffer)

    def _taken(self, buffer: NDArray[Any]) -> tuple[dict[str, Any], FrameInfo]:
        camera = self._device.backend
        camera.arm(1)
        if self._cancelled.is_set():
            camera.cancel()
            self._stop_here_if_cancelled()
        try:
            info = camera.grab(buffer, self._timeout)
        except CameraNotReady:
            # A cancel that came between arm and grab has made the camera idle.
            self._stop_here_if_cancelled()
            raise
        check_delivered(info, buffer)
        late = None if self._due is None else info.trigger_monotonic * 1e-9 - self._due
        thrown_away = info.discarded + self._device.thrown_away
        row = self._rows.row(info, buffer, discarded=thrown_away, lost_before=0, lateness=late)
        return self._stream.keep(buffer, row), info

    def _until_due(self) -> float:
        """Seconds on the camera's clock until the exposure is to begin; 0 if it is due, or not scheduled."""
        return 0.0 if self._due is None else max(self._due - self._device.backend.clock.monotonic(), 0.0)

    def _stop_here_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise ExposureCancelled("the exposure was stopped before its frame was complete; none was stored")
