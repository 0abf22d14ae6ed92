"""Which run and stream a frame belongs to, learnt from the documents that the RunEngine sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from qhy600_ophyd.contract import StreamMismatch
from qhy600_ophyd.device.stream import Stream

SUBSCRIBE = "RE.subscribe(camera.on_document)"


class RunBook:
    """The streams being taken, by run and label.

    With documents coming in (``RE.subscribe(camera.on_document)``) every run gets streams of its own.
    Without, one staging serves one run and one stream, since nothing tells where the next begins.

    Attributes
    ----------
    start
        Start document of the open run, where documents come in.
    current
        The stream triggered last.
    driven
        Whether a RunEngine is at work that sends us no documents.
    """

    def __init__(self) -> None:
        self.start: Mapping[str, Any] | None = None
        self.current: Stream | None = None
        self._streams: dict[tuple[str, str], Stream] = {}
        self._descriptors: dict[str, str] = {}
        self.driven = False
        self._asked = False
        self._described = False

    @property
    def engaged(self) -> bool:
        """Whether a RunEngine sends us the documents of an open run."""
        return self.start is not None

    def stream(self, label: str, make: Callable[[], Stream]) -> Stream:
        """The stream of that label in the present run, made if there is none.

        Raises
        ------
        StreamMismatch
            A second stream, and nobody sends us documents.
        """
        run = self.start["uid"] if self.start else ""
        if (run, label) not in self._streams:
            if not self.engaged and self._streams:
                (held,) = {label for _, label in self._streams}
                raise StreamMismatch(
                    f"stream {label!r} refused: this staging already serves stream {held!r}. "
                    f"To take several streams or runs under one staging, call {SUBSCRIBE} once"
                )
            self._streams[run, label] = make()
        self.current = self._streams[run, label]
        return self.current

    def described(self) -> None:
        """Note that somebody asked for the configuration, as a RunEngine does once for each new stream.

        Without documents, this is the only sign that a second run or stream has begun.
        """
        self._asked = True
        if not self.engaged and self.current is not None and self.current.announcements.run:
            self._described = True

    def collecting(self) -> None:
        """Note that documents are asked for; after the configuration was, a RunEngine does it.

        Raises
        ------
        StreamMismatch
            For a second run or stream, which nobody told us of; names the line that makes it possible.
        """
        self.driven = self.driven or self._asked
        self._check_unambiguous()

    def is_sent_from(self, stream: Stream) -> bool:
        """Whether frames of `stream` are announced by somebody, so that one that was not is to be cut."""
        return self.engaged or self.driven or bool(stream.announcements.run)

    def document(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take in a document that the RunEngine sent.

        Raises
        ------
        StreamMismatch
            A frame was announced in another stream than it was labelled for; this fails the run.
        """
        if name == "start":
            self.start = doc
        elif name == "descriptor":
            self._descriptors[doc["uid"]] = doc["name"]
            for stream in self._of(doc["run_start"], doc["name"]):
                stream.sink.annotate("descriptor", doc)
        elif name == "stream_datum":
            self._check_label(doc)
        elif name == "event":
            for stream in self._with_descriptor(doc["descriptor"]):
                stream.sink.annotate("event", doc)
        elif name == "stop":
            self._finish(doc)

    def close(self, *, keep_engaged: bool = False) -> None:
        """Close the files; with `keep_engaged`, those of a run whose stop is still to come stay open."""
        kept = self.start["uid"] if keep_engaged and self.start is not None else None
        if not keep_engaged:
            self.start = None
        self._close([key for key in self._streams if key[0] != kept])
        self._described = self._asked = self.driven = False

    def _finish(self, doc: Mapping[str, Any]) -> None:
        if self.start is not None and self.start["uid"] == doc["run_start"]:
            self.start = None
        self._descriptors.clear()
        self._close([key for key in self._streams if key[0] == doc["run_start"]], stop=doc)

    def _close(self, keys: list[tuple[str, str]], *, stop: Mapping[str, Any] | None = None) -> None:
        """Close streams, all of them, even when one cannot be finished."""
        with ExitStack() as stack:
            for key in keys:
                stream = self._streams.pop(key)
                if self.current is stream:
                    self.current = None
                stack.callback(stream.sink.close)
                if stop is not None:
                    stack.callback(stream.sink.annotate, "stop", stop)
                if key[0] or self.is_sent_from(stream):
                    stack.callback(stream.cut_unannounced)

    def _check_unambiguous(self) -> None:
        """Refuse to announce a frame of a second run or stream in the file of the first."""
        if self._described:
            raise StreamMismatch(
                "a second run or stream under one staging refused: its frames would land in the file of the "
                f"first. Call {SUBSCRIBE} once, or stage the camera anew for each run"
            )

    def _of(self, run: str, label: str) -> list[Stream]:
        return [s for key, s in self._streams.items() if key == (run, label)]

    def _with_descriptor(self, uid: str) -> list[Stream]:
        label = self._descriptors.get(uid)
        return [
            s
            for key, s in self._streams.items()
            if key[1] == label and self.start and key[0] == self.start["uid"]
        ]

    def _check_label(self, doc: Mapping[str, Any]) -> None:
        for stream in self._streams.values():
            announced = self._descriptors.get(doc["descriptor"])
            if stream.announcements.holds(doc["stream_resource"]) and announced not in (None, stream.label):
                raise StreamMismatch(
                    f"a frame labelled {stream.label!r} was announced in stream {announced!r}. "
                    f"Set camera.stream to {announced!r} before triggering, "
                    f"or use take(..., stream={announced!r})"
                )
