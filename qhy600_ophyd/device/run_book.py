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
    Of several open runs (bluesky's run keys), a frame belongs to the one opened last: close it before
    frames are taken for the run around it. Without documents, one staging serves one run and one stream,
    since nothing tells where the next begins.

    Attributes
    ----------
    current
        The stream triggered last.
    driven
        Whether a RunEngine is at work that sends us no documents.
    """

    def __init__(self) -> None:
        self._open: dict[str, Mapping[str, Any]] = {}
        self.current: Stream | None = None
        self._streams: dict[tuple[str, str], Stream] = {}
        self._descriptors: dict[str, tuple[str, str]] = {}
        self._early: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        self.driven = False
        self._asked = False
        self._described = False

    @property
    def start(self) -> Mapping[str, Any] | None:
        """Start document of the run opened last of those still open, where documents come in."""
        return next(reversed(self._open.values()), None)

    @property
    def storing(self) -> bool:
        """Whether a store has a frame in its hands."""
        return any(stream.storing for stream in self._streams.values())

    @property
    def engaged(self) -> bool:
        """Whether a RunEngine sends us the documents of an open run."""
        return bool(self._open)

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
            self._streams[run, label] = stream = make()
            # A stream that is declared for a flight has its descriptor before its file.
            for descriptor in self._early.pop((run, label), ()):
                stream.sink.annotate("descriptor", descriptor)
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
            self._open[doc["uid"]] = doc
        elif name == "descriptor":
            self._descriptors[doc["uid"]] = key = (doc["run_start"], doc["name"])
            if stream := self._streams.get(key):
                stream.sink.annotate("descriptor", doc)
            else:
                self._early.setdefault(key, []).append(doc)
        elif name == "stream_datum":
            self._check_place(doc)
        elif name == "event":
            if stream := self._streams.get(self._descriptors.get(doc["descriptor"], ("", ""))):
                stream.sink.annotate("event", doc)
        elif name == "stop":
            self._finish(doc)

    def ends_with(self, run: str) -> bool:
        """Whether the stop of `run` is the end of what was triggered last, and not of another run."""
        owner = next((key[0] for key, stream in self._streams.items() if stream is self.current), "")
        return owner in ("", run)

    def close(self, *, keep_engaged: bool = False, patience: float = 0.0) -> None:
        """Close the files; with `keep_engaged`, those of runs whose stop is still to come stay open.

        A store that has a frame in its hands gets `patience` host seconds to be done with it. After that its
        file is closed once it is.
        """
        if not keep_engaged:
            self._open.clear()
        self._close([key for key in self._streams if key[0] not in self._open], patience=patience)
        self._described = self._asked = self.driven = False

    def _finish(self, doc: Mapping[str, Any]) -> None:
        run = doc["run_start"]
        self._open.pop(run, None)
        self._descriptors = {uid: key for uid, key in self._descriptors.items() if key[0] != run}
        self._early = {key: early for key, early in self._early.items() if key[0] != run}
        self._close([key for key in self._streams if key[0] == run], stop=doc)

    def _close(
        self, keys: list[tuple[str, str]], *, stop: Mapping[str, Any] | None = None, patience: float = 0.0
    ) -> None:
        """Close streams, all of them, even when one cannot be finished."""
        with ExitStack() as stack:
            for key in keys:
                stream = self._streams.pop(key)
                if self.current is stream:
                    self.current = None
                cut = bool(key[0]) or self.is_sent_from(stream)
                stack.callback(stream.finish, cut=cut, stop=stop, patience=patience)

    def _check_unambiguous(self) -> None:
        """Refuse to announce a frame of a second run or stream in the file of the first."""
        if self._described:
            raise StreamMismatch(
                "a second run or stream under one staging refused: its frames would land in the file of the "
                f"first. Call {SUBSCRIBE} once, or stage the camera anew for each run; in a baseline, put "
                "signals such as camera.gain and never the camera: baseline=[camera.gain]"
            )

    def _check_place(self, datum: Mapping[str, Any]) -> None:
        """Refuse a frame that was announced in another run or stream than the one in whose file it is."""
        announced = self._descriptors.get(datum["descriptor"])
        for key, stream in self._streams.items():
            if not stream.announcements.holds(datum["stream_resource"]) or announced in (None, key):
                continue
            run, label = announced
            if label == "baseline":
                raise StreamMismatch(
                    f"a frame labelled {stream.label!r} was announced in stream 'baseline': a camera does "
                    "not belong there. Put signals such as camera.gain in baseline=[...], never the camera"
                )
            if label != stream.label:
                raise StreamMismatch(
                    f"a frame labelled {stream.label!r} was announced in stream {label!r}. "
                    f"Set camera.stream to {label!r} before triggering, or use take(..., stream={label!r})"
                )
            if key[0]:
                raise StreamMismatch(
                    f"a frame of run {key[0][:8]} was announced in run {run[:8]}: frames belong to the run "
                    "opened last. Close that run before frames are taken for the one around it"
                )
