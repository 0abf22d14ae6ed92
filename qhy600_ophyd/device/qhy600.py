"""The camera as an ophyd device."""

from __future__ import annotations

import atexit
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from bluesky.utils import NoReplayAllowed
from ophyd.device import Staged
from ophyd.status import Status

from qhy600_ophyd.contract import Camera, CameraNotReady, Frame, Light, SettingRefused, Settings
from qhy600_ophyd.device.exposing import Exposing
from qhy600_ophyd.device.flight import Flight
from qhy600_ophyd.device.fly_request import FlyRequest, Order
from qhy600_ophyd.device.frame_store import Sink, sink_factory
from qhy600_ophyd.device.progress import ProgressStatus, done
from qhy600_ophyd.device.session import Session
from qhy600_ophyd.device.stream import Stream, check_alike, layout_for
from qhy600_ophyd.device.view import View

_BLANK = {"frame_kind": "", "step": -1, "repeat": -1, "due": math.nan, "stream": "primary"}
"""What the labels say when nobody has said anything."""


class QHY600(Session):
    """Any camera of the contract, as signals and bluesky's verbs.

    Constructing it touches nothing. ``stage()``, ``set()`` and ``describe()`` open the camera;
    ``unstage()`` leaves it open, ``close()``, ``with`` and the end of the program close it.

    In a step plan each ``trigger()`` takes a single frame. As a flyer it takes a live stream: ``prepare()``,
    ``kickoff()``, ``complete()``, and ``collect_asset_docs()`` announces frames while they come. Both write
    the same rows into the same files; a device that has flown can step, and the other way round.

    Parameters
    ----------
    backend
        A simulated, recorded or real camera.
    sink
        Where frames go: a directory, a factory ``(stream, layout) -> FrameSink``, or an ophyd-async path
        provider.
    name
        Of the device; the prefix of every data key.
    light
        What the sensor stands under, if not the backend's own.
    frame_timeout
        Seconds to wait for a frame beyond its exposure.
    ring
        How many frames' memory a live stream has, 2 or more; a step plan uses that of one.

    Attributes
    ----------
    ring, ring_bytes : int
        Frames, and bytes, that can be on their way to the store at once. When the store is so slow that all
        of them are, the camera waits, and then its own memory fills; what it loses is recorded.
    on_lost : callable or None
        Called in a thread of the camera's with the `CameraLost` that ended an exposure or a stream. If it
        returns True, the statuses do not fail but wait for the pause that was asked for; `reconnect` and a
        resumed plan then go on.
    """

    def __init__(
        self,
        backend: Camera,
        *,
        sink: Sink | None = None,
        name: str,
        light: Light | None = None,
        frame_timeout: float = 60.0,
        ring: int = 4,
        **kwargs: Any,
    ):
        self._sink = sink
        self._make_sink: Callable[..., Any] | None = None
        self._order: Order | None = None
        self._declared: Settings | None = None
        super().__init__(backend, name=name, light=light, frame_timeout=frame_timeout, ring=ring, **kwargs)

    def stage(self) -> list[object]:
        """Open the camera and get ready; the file is made at the first trigger or kickoff."""
        self.open()
        if self._make_sink is None:
            self._make_sink = sink_factory(self._sink, self.name)
            # What was registered last runs first: the files are finished while their library still stands.
            atexit.register(self._give_back)
        return super().stage()

    def unstage(self) -> list[object]:
        """End what is under way, finish the files, forget the labels; the camera stays open."""
        # Not a failure: it would hide the one for which a plan is being cleaned up.
        self.end_activity(finish=True)
        self._order = self._declared = self._memory = None
        unstaged = super().unstage()
        # The next plan may set none, and its frames must not carry those of this one.
        for signal, blank in (
            (self.frame_kind, ""),
            (self.step, -1),
            (self.repeat, -1),
            (self.due, math.nan),
        ):
            signal.put(blank)
        self.stream.put("primary")
        self._book.close(keep_engaged=True)
        return unstaged

    # -- step by step --

    def trigger(self) -> ProgressStatus:
        """Expose once, when it is due; the status ends when the frame is stored.

        Raises
        ------
        CameraNotReady
            Not staged, or still exposing.
        SettingRefused, LayoutChanged
            The requested settings do not go together, and were withdrawn; or they would change the shape of
            the stream's frames. Nothing was exposed or changed.
        StreamMismatch
            A second stream or run that the device cannot tell apart.
        """
        self._require_staged()
        self.require_idle()
        stream, settings = self._present_stream()
        if self._book.is_sent_from(stream):
            stream.cut_unannounced()
        self._order = None
        exposing = Exposing(self, stream, settings, ring=self.memory(stream.layout))
        self.begin(exposing)
        return exposing.status

    # -- as a flyer --

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

        After a pause it goes on with what is still missing, which may be nothing.

        Raises
        ------
        CameraNotReady
            Not staged or prepared, still exposing, or all the frames that were asked for have come.
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
        """
        flight = self._activity
        if not isinstance(flight, Flight):
            return done(self)
        if self._order is not None and self._order.missing is None:
            self._order.stopped = True
            flight.end()
        return flight.completed()

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

    # -- documents --

    def describe_configuration(self) -> OrderedDict[str, dict[str, Any]]:
        """Types of who the camera is."""
        self._book.described()
        return cast(OrderedDict[str, dict[str, Any]], super().describe_configuration())

    def describe_collect(self) -> dict[str, dict[str, Any]]:
        """The frames as external data. All that is recorded with each of them is in the same file."""
        self.open()
        self._declared = settings = self.resolved_or_withdrawn()
        return {f"{self.name}_counts": self.counts_key(settings)}

    def get_index(self) -> int:
        """Frames stored in the present stream."""
        return self._book.current.sink.committed if self._book.current else 0

    def collect_asset_docs(self, index: int | None = None) -> Iterator[tuple[str, Any]]:
        """Give out the stream documents of the frames that have none yet.

        Raises
        ------
        CameraNotReady
            A RunEngine makes an event and there is no new frame for it: the camera was not triggered, or a
            pause ended the exposure and the plan went on without taking it again.
        StreamMismatch
            A second stream or run that the device cannot tell apart.
        """
        self._book.collecting()
        stream = self._book.current
        flies = self._order is not None
        if flies and stream is not None and self._book.is_sent_from(stream):
            # What was given out and never sent would be cut from the file; its frames are good.
            stream.announcements.forget_unsent()
        documents = [] if stream is None else list(stream.documents(index))
        if not documents and not flies and index is None and (self._book.engaged or self._book.driven):
            # An event without a frame would shift every later frame by one, for readers that count rows.
            raise CameraNotReady(
                f"an event of {self.name} without a new frame refused: trigger it once before each reading"
            )
        yield from documents

    def on_document(self, name: str, doc: Mapping[str, Any]) -> None:
        """Learn runs and streams from the RunEngine: ``RE.subscribe(camera.on_document)``."""
        if name == "stop" and self._book.ends_with(doc["run_start"]):
            # A plan that failed between trigger and wait: the run is over, and nobody wants the frame.
            self.end_activity(finish=True)
        self._book.document(name, doc)

    def pause(self) -> None:
        """As `Session.pause`; raises bluesky's ``NoReplayAllowed`` for a plan that goes on by itself."""
        super().pause()
        if (order := self._order) is not None:
            order.interrupted = True
            if not (order.request.rewinds or order.stopped):
                raise NoReplayAllowed

    def _require_staged(self) -> None:
        if self._staged is not Staged.yes:
            raise CameraNotReady(f"{self.name} is not staged: call stage() first, or use a plan that does")

    def _present_stream(self) -> tuple[Stream, Settings]:
        """The stream that the next frame belongs to, and its settings, which fit it."""
        settings, start = self.resolved_or_withdrawn(), self._book.start
        label, factory = str(self.stream.get()), self._make_sink
        assert factory is not None

        def make() -> Stream:
            layout = layout_for(settings, self.capabilities, device=self.name, start=start)
            return Stream(label, settings, layout, factory, data_key=f"{self.name}_counts")

        stream = self._book.stream(label, make)
        stream.check(settings)
        return stream, settings
