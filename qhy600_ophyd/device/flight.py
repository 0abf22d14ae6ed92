"""One live stream from its start until its last frame is stored or shown."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from qhy600_ophyd.contract import (
    CameraLost,
    CameraNotReady,
    ExposureCancelled,
    FrameLost,
    FrameTimeout,
    QHY600Error,
    Settings,
    StoreError,
)
from qhy600_ophyd.device.activity import Activity, stuck
from qhy600_ophyd.device.continuity import Continuity
from qhy600_ophyd.device.fly_request import Order
from qhy600_ophyd.device.frame_ring import FrameRing, check_delivered
from qhy600_ophyd.device.levels import Areas
from qhy600_ophyd.device.outcome import Outcome
from qhy600_ophyd.device.pace import stream_period
from qhy600_ophyd.device.progress import ProgressStatus
from qhy600_ophyd.device.receiving import Receiver, Taken
from qhy600_ophyd.device.row import RowMaker

if TYPE_CHECKING:
    from qhy600_ophyd.device.session import Session

_OVERHEAD = 120.0
"""Host seconds for initialising, applying settings and storing, beyond the frames themselves."""

_LOOK = 0.1
"""Host seconds for which the camera's thread waits for memory before it serves others."""


class Flight:
    """Starts a live stream, fetches its frames, looks for gaps, and hands the frames over.

    It takes one frame in each turn of the camera's thread, so that others can speak to the camera in between:
    for the temperature, say. Frames are handed to a thread of their own, which stores or shows them.

    Parameters
    ----------
    device
        Whose camera, labels and light are used.
    order
        What is still to be taken; it is kept up to date.
    settings
        Complete, and already checked.
    areas
        Where in a frame each region lies.
    ring
        Memory for the frames.
    use
        Stores or shows a frame.
    newest_only
        Frames that `use` is too slow for are left out.
    after
        What has to be over before it begins; it was told to end.
    what
        What it is called in messages.
    """

    live = True

    def __init__(
        self,
        device: Session,
        order: Order,
        settings: Settings,
        *,
        areas: Areas,
        ring: FrameRing,
        use: Callable[[Taken], None],
        newest_only: bool = False,
        after: Activity | None = None,
        what: str = "a live stream",
    ):
        self._device, self.order, self._settings, self._ring = device, order, settings, ring
        order.took_off = True
        self.what, self._after = what, after
        self._patience = time.monotonic() + device.frame_timeout
        self._rows = RowMaker(device, settings, areas=areas, labels=("frame_kind", "step"))
        self._repeat: Any = device.repeat.get()
        # Recorded frames come as fast as they are read.
        self._period = stream_period(settings) if device.capabilities.recorded is None else 0.0
        self._frames = Continuity(order, self._period, hand_over=self._hand_over, give_back=ring.give)
        self._running = self._ending = False
        self._cancelled, self._over = threading.Event(), threading.Event()
        self._fails_if_cancelled = False
        self._lost: CameraLost | None = None
        self._outcome = Outcome()
        self._receiver = Receiver(
            use,
            ring,
            newest_only=newest_only,
            name=f"frames of {device.name}",
            on_failure=lambda: self.cancel(finish=True),
        )
        self.started = self._outcome.await_by(self._status(_OVERHEAD))
        """Ends when the stream runs."""

    # -- from any thread ----------------------------------------------------------------------------------

    def completed(self) -> ProgressStatus:
        """A status that ends when the last frame is stored."""
        each = self._period + self._device.frame_timeout
        frames = self.order.missing or 1
        # What was told to end has the frame under way before it, and what the ring holds.
        return self._outcome.await_by(self._status(each if self.cancelled else frames * each + _OVERHEAD))

    def end(self) -> None:
        """End after the frame under way."""
        self._ending = True

    def pause(self) -> None:
        """End after the frame under way, to be gone on with by another flight of the same order."""
        self._ending = True
        if self._lost is not None:
            self._outcome.end(None)

    def stop(self, *, success: bool) -> None:  # noqa: ARG002  (a shorter flight is none that failed)
        """End at once and call it enough: what has come is kept, and nothing fails."""
        self.order.stopped = True
        self.cancel(finish=True)

    def cancel(self, *, finish: bool) -> None:
        """End at once; with `finish` without a failure."""
        if self._lost is not None:
            self._outcome.end(None if finish else self._lost)
        if self._over.is_set() or self._cancelled.is_set():
            return
        self._fails_if_cancelled = not finish
        self._cancelled.set()
        self._device.backend.cancel()

    @property
    def over(self) -> bool:
        """Whether camera, memory and store are free of it."""
        return self._over.is_set() and (self._after is None or self._after.over)

    @property
    def cancelled(self) -> bool:
        """Whether it was told to end."""
        return self._ending or self._cancelled.is_set()

    @property
    def skipped(self) -> int:
        """Frames that came and were left out, since the ones before were still being shown."""
        return self._receiver.skipped

    def join(self, timeout: float) -> None:
        """Wait until it is over."""
        until = time.monotonic() + timeout
        self._over.wait(timeout)
        if self._after is not None:
            self._after.join(max(until - time.monotonic(), 0.0))

    # -- in the camera's thread ---------------------------------------------------------------------------

    def run(self) -> None:
        """Begin, once what came before is over."""
        if self._after is not None and not self._after.over:
            if self._cancelled.is_set() or time.monotonic() > self._patience:
                self._never_begin(self._after)
                return
            self._after.join(_LOOK)
            self._device.submit(self.run)
            return
        self._after = None
        self._receiver.start()
        self._turn()

    def _never_begin(self, before: Activity) -> None:
        error: Exception | None = self._reason_to_fail()
        if not self._cancelled.is_set():
            error = StoreError(
                f"the live stream was not started: {stuck(before, self._device.frame_timeout)}, and start it "
                "again"
            )
            self._ending = True
        self._over.set()
        self._outcome.end(error)

    def _turn(self) -> None:
        try:
            goes_on = self._take_one()
        except BaseException as error:  # noqa: BLE001  (whoever waits on the statuses gets it)
            self._land(error if isinstance(error, Exception) else QHY600Error(f"ended by {error!r}"))
            return
        if goes_on:
            self._device.submit(self._turn)
        else:
            self._land(self._reason_to_fail())

    def _take_one(self) -> bool:
        """Start the stream if it does not run, and fetch a frame; False if there is none to fetch."""
        if self._cancelled.is_set() or self.order.missing == 0 or (self._ending and self._frames.clear):
            return False
        if not self._running:
            self._start()
        if (counts := self._memory()) is None:
            return True
        try:
            info = self._device.backend.grab(counts, self._device.frame_timeout)
            check_delivered(info, counts)
            row = self._rows.row(info, counts)
        except BaseException as error:
            self._ring.give(counts)
            if self._cancelled.is_set() and isinstance(error, (ExposureCancelled, CameraNotReady)):
                return False
            if not isinstance(error, (FrameLost, FrameTimeout)):
                raise
            # The camera is idle again.
            self._running = False
            self._frames.stream_ended(error)
            return True
        self._frames.came(Taken(counts, info, row))
        return True

    def _start(self) -> None:
        camera = self._device.backend
        camera.configure(self._settings)
        self._rows.applied()
        camera.arm(None)
        self._running = True
        self._frames.stream_begins()
        if self._cancelled.is_set():
            # Whoever cancelled before it was armed has ended nothing.
            camera.cancel()
        self._outcome.settle(self.started)

    def _memory(self) -> NDArray[Any] | None:
        """A buffer; while the store is slower than the camera there is none, and the camera has to wait."""
        if (counts := self._ring.take()) is not None:
            return counts
        began = time.monotonic()
        counts = self._ring.take(_LOOK)
        self.order.held_up += time.monotonic() - began
        return counts

    def _hand_over(self, taken: Taken) -> None:
        first = self._repeat
        taken.row["repeat"] = first if first < 0 else first + self.order.frames - 1
        self._receiver.put(taken)
        self._outcome.report(self.order.frames)

    def _land(self, error: Exception | None) -> None:
        """End the stream and hand over what is left; the rest is for the other thread."""
        with suppress(Exception):
            self._device.backend.cancel()
        self._frames.flush()
        if self._running and isinstance(error, CameraLost):
            # The frame under way. A plan that is resumed once the camera is back tells of it.
            self.order.lose(1)
        self._receiver.finish(lambda: self._landed(error))

    def _reason_to_fail(self) -> Exception | None:
        if not (self._cancelled.is_set() and self._fails_if_cancelled):
            return None
        wanted = self.order.request.frames
        of = "" if wanted is None else f" of {wanted}"
        return ExposureCancelled(f"the live stream was ended after {self.order.frames}{of} frames")

    # -- in the thread that stores ------------------------------------------------------------------------

    def _landed(self, error: Exception | None) -> None:
        error = self._receiver.error or error
        # Before anybody is told: who then pauses the plan ends the statuses, and the plan is resumed.
        self._lost = error if isinstance(error, CameraLost) else None
        self._over.set()
        if self._lost is None or not self._device.waits_after(self._lost):
            self._outcome.end(error)

    def _status(self, timeout: float) -> ProgressStatus:
        return ProgressStatus(
            self._device,
            give_up=lambda: self.cancel(finish=False),
            timeout=timeout,
            initial=self.order.frames,
            target=self.order.request.frames or self.order.frames,
            unit="frame",
            why_late=self._device.why_late,
        )
