"""The camera as an ophyd device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qhy600_ophyd.contract import Camera, CameraNotReady, Light
from qhy600_ophyd.device.exposing import Exposing
from qhy600_ophyd.device.flyer import Flyer
from qhy600_ophyd.device.frame_store import Sink
from qhy600_ophyd.device.progress import ProgressStatus


class QHY600(Flyer):
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
        super().__init__(
            backend, sink=sink, name=name, light=light, frame_timeout=frame_timeout, ring=ring, **kwargs
        )

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
