"""The camera as an ophyd device."""

from __future__ import annotations

import atexit
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from ophyd.device import Staged

from qhy600_ophyd.contract import (
    Camera,
    CameraLost,
    CameraNotReady,
    FrameInfo,
    Light,
    SettingRefused,
    Settings,
)
from qhy600_ophyd.device.exposing import Exposing
from qhy600_ophyd.device.frame_store import Sink, sink_factory
from qhy600_ophyd.device.giving_back import give_back
from qhy600_ophyd.device.panel import Panel
from qhy600_ophyd.device.progress import ProgressStatus
from qhy600_ophyd.device.reconnection import CHECK_PATIENCE, connect_again
from qhy600_ophyd.device.run_book import RunBook
from qhy600_ophyd.device.stream import Stream, layout_for


class QHY600(Panel):
    """Any camera of the contract, as signals and bluesky's verbs.

    Constructing it touches nothing. ``stage()``, ``set()`` and ``describe()`` open the camera;
    ``unstage()`` leaves it open, ``close()``, ``with`` and the end of the program close it.

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

    Attributes
    ----------
    on_lost : callable or None
        Called in the camera's thread with the `CameraLost` that ended an exposure. If it returns True, the
        exposure's status does not fail but waits for the pause that was asked for; `reconnect` and a resumed
        plan then take the frame again.
    """

    def __init__(
        self,
        backend: Camera,
        *,
        sink: Sink | None = None,
        name: str,
        light: Light | None = None,
        frame_timeout: float = 60.0,
        **kwargs: Any,
    ):
        self._light = light
        self.frame_timeout = frame_timeout
        self._sink = sink
        self._make_sink: Callable[..., Any] | None = None
        self._book = RunBook()
        self._exposing: Exposing | None = None
        self.on_lost: Callable[[CameraLost], bool] | None = None
        super().__init__(backend, name=name, **kwargs)
        self._give_back = weakref.finalize(self, give_back, backend, self._worker, self._book)

    @property
    def illumination(self) -> Light | None:
        """What the sensor stands under: the light that was given, or else the backend's own."""
        return self.backend.light if self._light is None else self._light

    # -- life ---------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End any exposure, finish the files and give the camera back; does nothing when closed."""
        with self._opening:
            if self._staged is not Staged.no:
                super().unstage()
            self._end_exposure()
            try:
                if self.is_open:
                    self.is_open = False
                    self.call(self.backend.close)
            finally:
                self._book.close()
                self._worker.close()

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
        self._end_exposure(finish=True)
        before, setpoint = self.actual, self.temperature.setpoint
        again = lambda: connect_again(self.backend, before, setpoint=setpoint)  # noqa: E731
        # An initialisation for each of the frame's tries, beside the frame itself.
        info = self.call(again, timeout=3 * CHECK_PATIENCE)
        self.is_open = True
        return info

    def waits_after(self, error: CameraLost) -> bool:
        """Whether somebody pauses the plan because of `error`, and will end the exposure's status."""
        return self.on_lost is not None and self.on_lost(error)

    def __enter__(self) -> QHY600:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- bluesky's verbs ----------------------------------------------------------------------------------

    def stage(self) -> list[object]:
        """Open the camera and get ready; the file is made at the first trigger."""
        self.open()
        if self._make_sink is None:
            self._make_sink = sink_factory(self._sink, self.name)
            # What was registered last runs first: the files are finished while their library still stands.
            atexit.register(self._give_back)
        return super().stage()

    def trigger(self) -> ProgressStatus:
        """Expose once; the status ends when the frame is stored.

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
        if self._staged is not Staged.yes:
            raise CameraNotReady(f"{self.name} is not staged: call stage() first, or use a plan that does")
        if self._exposing is not None and self._exposing.cancelled:
            # A plan resumed after a pause may be back before the worker has let go.
            self._exposing.join(self.frame_timeout)
        if self.exposing:
            raise CameraNotReady(f"{self.name} is still exposing: wait for it, or call stop()")
        settings = self.resolved_or_withdrawn()
        label = str(self.stream.get())
        stream = self._book.stream(label, lambda: self._new_stream(label, settings))
        stream.check(settings)
        if self._book.is_sent_from(stream):
            stream.cut_unannounced()
        self._exposing = Exposing(self, stream, settings, timeout=self.frame_timeout)
        self.submit(self._exposing.run)
        return self._exposing.status

    def describe_configuration(self) -> OrderedDict[str, dict[str, Any]]:
        """Types of who the camera is."""
        self._book.described()
        return cast(OrderedDict[str, dict[str, Any]], super().describe_configuration())

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
        documents = [] if stream is None else list(stream.documents(index))
        if not documents and index is None and (self._book.engaged or self._book.driven):
            # An event without a frame would shift every later frame by one, for readers that count rows.
            raise CameraNotReady(
                f"an event of {self.name} without a new frame refused: trigger it once before each reading"
            )
        yield from documents

    def on_document(self, name: str, doc: Mapping[str, Any]) -> None:
        """Learn runs and streams from the RunEngine: ``RE.subscribe(camera.on_document)``."""
        if name == "stop" and self._book.ends_with(doc["run_start"]):
            # A plan that failed between trigger and wait: the run is over, and nobody wants the frame.
            self._end_exposure(finish=True)
        self._book.document(name, doc)

    def pause(self) -> None:
        """End the exposure without a frame and without a failure; a rewound plan takes it again."""
        self._book.driven = True
        if self._exposing is not None:
            self._exposing.cancel(finish=True)

    def resume(self) -> None:
        """Nothing to undo: the next trigger starts afresh."""

    def stop(self, *, success: bool = False) -> None:
        """End the exposure; its status fails."""
        if self._exposing is not None:
            self._exposing.cancel(finish=success)

    def unstage(self) -> list[object]:
        """End any exposure, finish the files, forget the labels; the camera stays open."""
        # Not a failure: it would hide the one for which a plan is being cleaned up.
        self._end_exposure(finish=True)
        unstaged = super().unstage()
        # The next plan may set none, and its frames must not carry those of this one.
        for signal, blank in ((self.frame_kind, ""), (self.step, -1), (self.repeat, -1)):
            signal.put(blank)
        self.stream.put("primary")
        self._book.close(keep_engaged=True)
        return unstaged

    def reset_undervoltage(self) -> None:
        """Let the camera forget that its supply once failed, and cool to its set point again.

        A camera whose supply fails, even once, switches its cooler off and remembers it, so that the cooler
        gets less power after the next start too. ``SupplyFailed``, a warning, tells it with the first frame
        after, and the column ``undervoltage`` with every frame; `sensor.supply.undervoltage_code` tells what
        a code means. Look at the supply and its cable first: a supply that is still too weak fails again.

        Raises
        ------
        SettingRefused
            This camera has no such memory.
        """
        reset = getattr(self.backend, "reset_undervoltage", None)
        if reset is None:
            raise SettingRefused(
                "reset_undervoltage", "()", allowed="nothing: this camera keeps no such note"
            )
        self.open()
        self.call(reset)
        self._supply.forget()

    @property
    def exposing(self) -> bool:
        """Whether the camera's thread is busy with an exposure."""
        return self._exposing is not None and not self._exposing.over

    def _end_exposure(self, *, finish: bool = False) -> None:
        if self._exposing is not None:
            self._exposing.cancel(finish=finish)
            self._exposing.join(self.frame_timeout)
            self._exposing = None

    # -- the exposing worker's side -----------------------------------------------------------------------

    def _new_stream(self, label: str, settings: Settings) -> Stream:
        assert self._make_sink is not None
        layout = layout_for(settings, self.capabilities, device=self.name, start=self._book.start)
        return Stream(label, settings, layout, self._make_sink, data_key=f"{self.name}_counts")
