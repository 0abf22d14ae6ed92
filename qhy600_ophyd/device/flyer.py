"""The camera as a flyer: orders for frames of live streams, and live views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bluesky.utils import NoReplayAllowed
from ophyd.status import Status

from qhy600_ophyd.contract import Camera, CameraNotReady, Frame, SettingRefused, Settings
from qhy600_ophyd.device.flight import Flight
from qhy600_ophyd.device.fly_request import FlyRequest, Order
from qhy600_ophyd.device.progress import ProgressStatus, done
from qhy600_ophyd.device.recording import Recording
from qhy600_ophyd.device.stream import check_alike
from qhy600_ophyd.device.view import View


class Flyer(Recording):
    """Takes live streams on order.

    Parameters
    ----------
    backend
        A simulated, recorded or real camera.
    """

    def __init__(self, backend: Camera, **kwargs: Any):
        self._order: Order | None = None
        self._declared: Settings | None = None
        super().__init__(backend, **kwargs)

    def unstage(self) -> list[object]:
        """As `Recording.unstage`, and forget what was ordered."""
        self._order = self._declared = None
        return super().unstage()

    def fly_request(self, **asked: Any) -> FlyRequest:
        """What `prepare` takes, for plans that know no classes; arguments and errors are `FlyRequest`'s."""
        return FlyRequest(**asked)

    def prepare(self, value: FlyRequest) -> Status:
        """Take a request for frames of a live stream; the returned status is already done.

        A request stands for one order. The same one once more, after a pause, is a plan that was rewound: it
        goes on with the frames that are still missing.

        Raises
        ------
        CameraNotReady
            Not staged, or still exposing.
        SettingRefused
            It is no request.
        """
        self._require_staged()
        if not isinstance(value, FlyRequest):
            raise SettingRefused("prepare", repr(value), allowed="a FlyRequest, as FlyRequest(frames=100)")
        order = self._order
        if order is None or order.request is not value or not order.interrupted:
            self.require_idle()
            self._order, self._declared = Order(value), None
        self.stream.put(value.stream)
        return done(self)

    def kickoff(self) -> ProgressStatus:
        """Start the live stream; the status ends when it runs.

        After a pause it goes on with what is still missing, which may be nothing. Where the store has not
        done with the frames before the pause, the stream begins when it has.

        Raises
        ------
        CameraNotReady
            Not staged or prepared, still exposing, shown in a live view, or all the frames that were asked
            for have come.
        SettingRefused, LayoutChanged, StreamMismatch
            As for `trigger`.
        """
        self._require_staged()
        order, before = self._order, self._activity
        if order is None or not (order.unfinished or order.interrupted):
            raise CameraNotReady(
                f"kickoff of {self.name} refused: prepare it first, as camera.prepare(FlyRequest(frames=9))"
            )
        if before is not None and not before.cancelled:
            self.require_idle()
        stream, settings = self._present_stream()
        if self._declared is not None:
            check_alike(settings, self._declared, stream=stream.label)
        flight = Flight(
            self,
            order,
            settings,
            areas=stream.areas,
            ring=self.memory(stream.layout),
            use=lambda taken: self.accept(stream.keep(taken.counts, taken.row), taken.info),
            after=before,
        )
        self.begin(flight)
        return flight.started

    def complete(self) -> Status | ProgressStatus:
        """Wait for the last frame; where no number of frames was asked for, the one under way is the last.

        The status ends when it is stored. With nothing flying it is done at once.

        Raises
        ------
        CameraNotReady
            Frames that were asked for are still to come, and the camera is busy with something else.
        """
        flight, order = self._activity, self._order
        if order is None or not isinstance(flight, Flight) or flight.order is not order:
            if order is not None and order.unfinished and self.exposing:
                raise CameraNotReady(
                    f"complete of {self.name} refused: {order.number} is still to come, and {self.busy()}; "
                    "then kick off again"
                )
            return done(self)
        if order.missing is None:
            order.stopped = True
            flight.end()
        return flight.completed()

    def stop(self, *, success: bool = False) -> None:
        """As `Session.stop`; an order that is under way is thereby enough, whatever the camera does now."""
        if self._order is not None:
            self._order.stopped = True
        super().stop(success=success)

    def pause(self) -> None:
        """As `Session.pause`; raises bluesky's ``NoReplayAllowed`` for a plan that goes on by itself."""
        super().pause()
        if (order := self._order) is not None:
            order.interrupted = True
            if order.took_off and not (order.request.rewinds or order.stopped):
                raise NoReplayAllowed

    @property
    def unfinished(self) -> bool:
        """Whether frames that were asked for with `prepare` are still to come: kick off, or wait."""
        return self._order is not None and (self._order.unfinished or self.exposing)

    @property
    def flight_report(self) -> str:
        """What was not as it was asked for with `prepare`, in one line; empty if nothing."""
        return "" if self._order is None else self._order.report()

    def viewer(self, on_frame: Callable[[Frame], object] | None = None, *, frames: int | None = None) -> View:
        """Something that shows live frames and keeps none; see `View`."""
        return View(self, on_frame, frames=frames)

    def describe_collect(self) -> dict[str, dict[str, Any]]:
        """The frames as external data. All that is recorded with each of them is in the same file."""
        self.open()
        self._declared = settings = self.resolved_or_withdrawn()
        return {f"{self.name}_counts": self.counts_key(settings)}
