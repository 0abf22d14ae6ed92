"""`View`: live frames for eyes; nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qhy600_ophyd.contract import Frame
from qhy600_ophyd.device.flight import Flight
from qhy600_ophyd.device.fly_request import FlyRequest, Order
from qhy600_ophyd.device.levels import Areas
from qhy600_ophyd.device.progress import ProgressStatus
from qhy600_ophyd.device.receiving import Taken
from qhy600_ophyd.device.stream import layout_for

if TYPE_CHECKING:
    from qhy600_ophyd.device.session import Session


class View:
    """A live stream that is shown and not stored: for a widget, by itself or in a plan.

    ``trigger()`` starts it and gives a status; ``stop()`` ends it. It needs no run, no sink and no staging of
    the camera, only that the camera is free. Signals of the camera such as ``camera.mean`` tell those who
    subscribed of every frame that is shown. A stream that breaks off is started again.

    Parameters
    ----------
    camera
        Whose frames.
    on_frame
        Called with each frame in a thread of its own. Its counts are overwritten when it returns: copy what
        is to stay. While it works, frames that come are left out, but for the newest. If it raises, that ends
        the view with this error.
    frames
        After how many it ends by itself; ``None``: when it is stopped.
    """

    parent = None

    def __init__(
        self, camera: Session, on_frame: Callable[[Frame], object] | None = None, *, frames: int | None = None
    ):
        self.name = f"{camera.name}_view"
        self._camera, self._on_frame = camera, on_frame
        self._order = Order(FlyRequest(frames=frames, on_loss="retry"))
        self._flight: Flight | None = None
        self._skipped = 0

    @property
    def unfinished(self) -> bool:
        """Whether it was ended by a pause, and would go on with another ``trigger()``; or is under way."""
        return self._order.unfinished or (self._flight is not None and not self._flight.over)

    @property
    def frames(self) -> int:
        """Frames that have come."""
        return self._order.frames

    @property
    def wanted(self) -> int | None:
        """After how many frames it ends by itself; ``None``: when it is stopped."""
        return self._order.request.frames

    @property
    def skipped(self) -> int:
        """Frames of those that were left out, because `on_frame` was busy."""
        return self._skipped + (0 if self._flight is None else self._flight.skipped)

    def trigger(self) -> ProgressStatus:
        """Start, or go on; the status ends with the view.

        Raises
        ------
        CameraNotReady
            The camera is busy.
        SettingRefused
            The requested settings do not go together, and were withdrawn.
        """
        camera = self._camera
        camera.open()
        camera.require_idle()
        settings = camera.resolved_or_withdrawn()
        layout = layout_for(settings, camera.capabilities, device=camera.name, start=None)
        self._skipped = self.skipped
        self._flight = Flight(
            camera,
            self._order,
            settings,
            areas=Areas.of(layout),
            ring=camera.memory(layout),
            use=self._show,
            newest_only=True,
            what="a live view",
        )
        camera.begin(self._flight)
        return self._flight.completed()

    def stop(self, *, success: bool = False) -> None:
        """End it; nothing fails."""
        self._order.stopped = True
        if self._flight is not None:
            self._flight.stop(success=success)

    def pause(self) -> None:
        """End it for now."""
        if self._flight is not None:
            self._flight.pause()

    def resume(self) -> None:
        """Nothing to undo: the next trigger goes on."""

    def stage(self) -> list[object]:
        """Have a RunEngine end it whatever happens."""
        return [self]

    def unstage(self) -> list[object]:
        """End it and wait until it has ended."""
        self.stop()
        if self._flight is not None:
            self._flight.join(self._camera.frame_timeout)
        return [self]

    def _show(self, taken: Taken) -> None:
        self._camera.accept(taken.row, taken.info)
        if self._on_frame is not None:
            self._on_frame(Frame(taken.counts, taken.row))
