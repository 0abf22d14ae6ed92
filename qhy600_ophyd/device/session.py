"""The camera from its opening to its end, and the one thing at a time that it is doing."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Self

from ophyd.device import Staged

from qhy600_ophyd.contract import (
    Camera,
    CameraLost,
    CameraNotReady,
    FrameInfo,
    Layout,
    LendsMemory,
    Light,
    StoreError,
)
from qhy600_ophyd.device.activity import Activity, stuck
from qhy600_ophyd.device.frame_ring import FrameRing, whole_number_of_buffers
from qhy600_ophyd.device.giving_back import give_back
from qhy600_ophyd.device.panel import Panel
from qhy600_ophyd.device.reconnection import CHECK_PATIENCE, connect_again
from qhy600_ophyd.device.run_book import RunBook

_PARTING = 5.0
"""Host seconds for closing a camera whose thread may be stuck."""


class Session(Panel):
    """A camera that is opened, does one thing after another, and is given back.

    Parameters
    ----------
    backend
        A simulated, recorded or real camera.
    name
        Of the device; the prefix of every data key.
    light
        What the sensor stands under, if not the backend's own.
    frame_timeout
        Seconds to wait for a frame beyond its exposure.
    ring
        How many frames' memory a live stream has.
    """

    def __init__(
        self,
        backend: Camera,
        *,
        name: str,
        light: Light | None = None,
        frame_timeout: float = 60.0,
        ring: int = 4,
        **kwargs: Any,
    ):
        self._light = light
        self.frame_timeout = frame_timeout
        self.ring = whole_number_of_buffers(ring)
        self._memory: FrameRing | None = None
        self._book = RunBook()
        self._activity: Activity | None = None
        self._stuck: Activity | None = None
        self._parting: Future[None] | None = None
        self.flew = False
        """Whether what the camera did last was a live stream."""
        self.on_lost: Callable[[CameraLost], bool] | None = None
        self.thrown_away = 0
        """Frames that `reconnect` has taken and nobody kept, since the last one that was."""
        super().__init__(backend, name=name, **kwargs)
        self._give_back = weakref.finalize(self, give_back, backend, self._worker, self._book)

    @property
    def illumination(self) -> Light | None:
        """What the sensor stands under: the light that was given, or else the backend's own."""
        return self.backend.light if self._light is None else self._light

    @property
    def exposing(self) -> bool:
        """Whether the camera's thread is busy with an exposure or a live stream."""
        return self._activity is not None and not self._activity.over

    @property
    def ring_bytes(self) -> int:
        """Most memory that frames take on their way to the store; 0 while there are none."""
        return 0 if self._memory is None else self._memory.nbytes

    def open(self) -> None:
        """Connect to the camera and learn what it offers; does nothing when open.

        Raises
        ------
        CameraNotReady
            It was closed while a frame was stuck in its store, and is stuck there still.
        """
        if not self.is_open and self.exposing:
            raise CameraNotReady(f"{self.name} cannot be opened: {self.busy()}")
        if self._parting is not None:
            self._parting.exception(_PARTING)
            self._parting = None
        super().open()

    def begin(self, activity: Activity) -> None:
        """Have the camera's thread run this next."""
        self._activity, self.flew = activity, activity.live
        self.submit(activity.run)

    def memory(self, layout: Layout) -> FrameRing:
        """The memory that frames of `layout` come into, the same for all that have their shape and type."""
        if self._memory is None or not self._memory.fits(layout):
            lender = self.backend if isinstance(self.backend, LendsMemory) else None
            self._memory = FrameRing(self.ring, layout, lender)
        return self._memory

    def require_idle(self) -> None:
        """Raise `CameraNotReady` unless the camera is free, after waiting for what was told to end."""
        if self._activity is not None and self._activity.cancelled:
            # A plan resumed after a pause may be back before the worker has let go.
            self._activity.join(self.frame_timeout)
        if self.exposing:
            raise CameraNotReady(f"{self.name} is still exposing: {self.busy()}")

    def busy(self) -> str:
        """What the camera is doing, and what can be done about that, for messages."""
        assert self._activity is not None
        what = self._activity.what
        if not self._activity.cancelled:
            return f"it is busy with {what}; wait for that, or end it with stop()"
        if self._activity is self._stuck or self._book.storing:
            return stuck(self._activity, self.frame_timeout)
        return (
            f"{what} was told to end, and the camera has not; check its cable, or close it and open it again"
        )

    def why_late(self, seconds: float) -> Exception | None:
        """What is in the way of something that should have been over after so many seconds; else None."""
        if self._activity is None or not self._book.storing:
            return None
        return StoreError(f"{self.name}: {stuck(self._activity, seconds)}")

    def raise_if_stuck(self) -> None:
        """Raise `StoreError` if something was told to end and did not."""
        if self._stuck is not None and not self._stuck.over:
            raise StoreError(
                f"{self.name}: {stuck(self._stuck, self.frame_timeout)}. The file is finished once the store "
                "answers; if it never does, what it had stored can be read, as after a kill"
            )

    def pause(self) -> None:
        """End an exposure without a frame, or a live stream after the frame under way; neither fails.

        A plan that is resumed goes on with what is still to be taken.
        """
        self._book.driven = True
        if self._activity is not None:
            self._activity.pause()

    def resume(self) -> None:
        """Nothing to undo: the next trigger or kickoff starts afresh."""

    def stop(self, *, success: bool = False) -> None:
        """End what is under way: the status of an exposure fails; a live stream keeps what has come."""
        if self._activity is not None:
            self._activity.stop(success=success)

    def close(self) -> None:
        """End any exposure, finish the files and give the camera back; does nothing when closed.

        Raises
        ------
        StoreError
            A frame is stuck in its store. The camera is given back all the same, at once if it can be, and
            the file is finished once the store is done with it.
        """
        with self._opening:
            if self._staged is not Staged.no:
                super().unstage()
            self.end_activity()
            self._memory = None
            try:
                if self.is_open:
                    self.is_open = self.flew = False
                    self._part()
            finally:
                self._book.close()
                self._worker.close()
        self.raise_if_stuck()

    def reconnect(self) -> FrameInfo:
        """Open a lost camera again as it was set; files and plans stay as they are.

        Returns
        -------
        FrameInfo
            Of a frame that was taken to see that the camera is well, and is not kept.

        Raises
        ------
        CameraLost, CameraError
            It does not answer, another camera does, or it gives no good frame.
        """
        if not self.was_opened:
            raise CameraNotReady(
                f"{self.name} was never opened, so it has no settings to go back to: open it"
            )
        self.end_activity(finish=True)
        before, setpoint = self.actual, self.temperature.setpoint
        # An initialisation for each of the frame's tries, beside the frame itself.
        patience = 3 * CHECK_PATIENCE
        info = self.call(lambda: connect_again(self.backend, before, setpoint=setpoint), timeout=patience)
        self.is_open = True
        # A camera whose power was off counts anew; the next row has to tell of a new beginning.
        self.thrown_away += info.discarded + 1
        return info

    def accept(self, row: Mapping[str, Any], info: FrameInfo) -> None:
        """As `Panel.accept`; the row has told of the frames that were thrown away before."""
        self.thrown_away = 0
        super().accept(row, info)

    def waits_after(self, error: CameraLost) -> bool:
        """Whether somebody pauses the plan because of `error`, and will end the statuses."""
        return self.on_lost is not None and self.on_lost(error)

    def end_activity(self, *, finish: bool = False) -> None:
        """End what is under way at once and wait until it is over; with `finish` it does not fail.

        It waits for `frame_timeout` at most, and not again for what was not over then.
        """
        if self._activity is not None:
            self._activity.cancel(finish=finish)
            if self._activity is not self._stuck:
                self._activity.join(self.frame_timeout)
            hangs = self._activity is self._stuck or self._book.storing
            if self._activity.over or not hangs:
                self._activity = self._stuck = None
            else:
                self._stuck = self._activity

    def _part(self) -> None:
        """Give the camera back."""
        if self._stuck is None:
            self.call(self.backend.close)
            return
        # The camera's thread may hold the frame that is stuck; the camera is closed once it comes free.
        self._parting = self.submit(self.backend.close)
        with suppress(TimeoutError):
            self._parting.result(min(_PARTING, self.frame_timeout))

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
