"""A camera whose frames are kept: where they go, and which stream of which run they belong to."""

from __future__ import annotations

import atexit
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, cast

from ophyd.device import Staged

from qhy600_ophyd.contract import Camera, CameraNotReady, Settings
from qhy600_ophyd.device.frame_store import Sink, sink_factory
from qhy600_ophyd.device.session import Session
from qhy600_ophyd.device.stream import Stream, layout_for


class Recording(Session):
    """Between ``stage()`` and ``unstage()`` there is a place for frames.

    Parameters
    ----------
    backend
        A simulated, recorded or real camera.
    sink
        Where frames go: a directory, a factory ``(stream, layout) -> FrameSink``, or an ophyd-async path
        provider.
    """

    def __init__(self, backend: Camera, *, sink: Sink | None = None, **kwargs: Any):
        self._sink = sink
        self._make_sink: Callable[..., Any] | None = None
        super().__init__(backend, **kwargs)

    def stage(self) -> list[object]:
        """Open the camera and get ready; the file is made at the first trigger or kickoff."""
        self.open()
        if self._make_sink is None:
            self._make_sink = sink_factory(self._sink, self.name)
            # What was registered last runs first: the files are finished while their library still stands.
            atexit.register(self._give_back)
        return super().stage()

    def unstage(self) -> list[object]:
        """End what is under way, finish the files, forget the labels; the camera stays open.

        Raises
        ------
        StoreError
            A frame is stuck in its store. All else is done; the file is finished once the store is done
            with it.
        """
        # Not a failure: it would hide the one for which a plan is being cleaned up.
        self.end_activity(finish=True)
        self._memory = None
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
        self.raise_if_stuck()
        return unstaged

    def describe_configuration(self) -> OrderedDict[str, dict[str, Any]]:
        """Types of who the camera is."""
        self._book.described()
        return cast(OrderedDict[str, dict[str, Any]], super().describe_configuration())

    def get_index(self) -> int:
        """Frames stored in the present stream."""
        return self._book.current.sink.committed if self._book.current else 0

    def on_document(self, name: str, doc: Mapping[str, Any]) -> None:
        """Learn runs and streams from the RunEngine: ``RE.subscribe(camera.on_document)``."""
        if name == "stop" and self._book.ends_with(doc["run_start"]):
            # A plan that failed between trigger and wait: the run is over, and nobody wants the frame.
            self.end_activity(finish=True)
        self._book.document(name, doc)

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
