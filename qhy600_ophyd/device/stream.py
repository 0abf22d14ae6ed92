"""One stream of one run while it is being taken: its layout, its sink, its documents."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import (
    FRAME_SHAPING,
    Capabilities,
    Frame,
    FrameSink,
    Layout,
    LayoutChanged,
    Settings,
    SinkFactory,
    StoreError,
)
from qhy600_ophyd.device.announcements import Announcements
from qhy600_ophyd.device.levels import Areas
from qhy600_ophyd.sensor import Rectangle


def layout_for(
    settings: Settings,
    capabilities: Capabilities,
    *,
    device: str,
    start: Mapping[str, Any] | None,
) -> Layout:
    """The layout of the frames that complete `settings` give.

    Attributes name the device and the camera; of one with colour filters, ``colour_filters`` names those at
    (row, column) of the sensor (even, even), (even, odd), (odd, even), (odd, odd), as in ``"RGGB"``.
    """
    assert settings.roi is not None
    binning = settings.binning or 1
    rows, columns = settings.frame_shape
    centre = (binning - 1) / 2
    geometry = capabilities.geometry_in(settings.readout_mode)
    identity = capabilities.identity
    attributes: dict[str, str | float | int] = {
        "device": device,
        **{f"camera_{k}": v for k, v in vars(identity).items()},
    }
    if capabilities.pixel_size is not None:
        attributes["pixel_size_um"] = capabilities.pixel_size
    if capabilities.colour_filters:
        attributes["colour_filters"] = _by_parity(capabilities.colour_filters, geometry.image)
    return Layout(
        shape=(rows, columns),
        dtype=settings.frame_dtype,
        x=settings.roi.x + centre + binning * np.arange(columns, dtype=np.float64),
        y=settings.roi.y + centre + binning * np.arange(rows, dtype=np.float64),
        x_region=geometry.x_region(settings.roi, binning),
        y_region=geometry.y_region(
            settings.roi, binning, header_rows=settings.rows_of(capabilities.header_bytes)
        ),
        attributes=attributes,
        start=start,
    )


def _by_parity(filters: str, image: Rectangle) -> str:
    """Filters by parity of the sensor's rows and columns, from those of the image's first pixels."""
    return "".join(filters[(y - image.y) % 2 * 2 + (x - image.x) % 2] for y in (0, 1) for x in (0, 1))


def check_alike(settings: Settings, held: Settings, *, stream: str) -> None:
    """Refuse settings that would give frames of another shape than a stream has.

    Raises
    ------
    LayoutChanged
        Names the setting, what the stream holds, and the ways out.
    """
    # The area last: it changes with the others, and would hide which of them was asked for.
    for name in reversed(FRAME_SHAPING):
        asked, holds = getattr(settings, name), getattr(held, name)
        if asked != holds:
            raise LayoutChanged(
                f"{name} {asked} refused: the frames of stream {stream!r} have {name} {holds}, "
                "and all frames of a stream are alike. "
                f"Set camera.stream (or take(..., stream=...)) to another name, or begin a new run"
            )


class Stream:
    """A file that grows by one frame a trigger, and what has been said of it in documents.

    Parameters
    ----------
    label
        Name of the bluesky stream.
    settings
        Complete; those that shape a frame stay as they are for the life of the stream.
    layout
        Of the frames.
    factory
        Gives the open sink.
    data_key
        Name of the frames in event descriptors.
    """

    def __init__(
        self, label: str, settings: Settings, layout: Layout, factory: SinkFactory, *, data_key: str
    ):
        self.label = label
        self.layout = layout
        self.areas = Areas.of(layout)
        self._shaping = settings
        self.sink: FrameSink = factory(label, layout)
        self.announcements = Announcements(self.sink.address(), data_key)
        self.retaken = 0
        self._storing = threading.Lock()
        self._finished = False

    @property
    def storing(self) -> bool:
        """Whether the store has a frame in its hands."""
        return self._storing.locked()

    def check(self, settings: Settings) -> None:
        """Raise `LayoutChanged` for settings that would give frames of another shape."""
        check_alike(settings, self._shaping, stream=self.label)

    def cut_unannounced(self) -> None:
        """Drop frames that no document has announced; the next row counts them as retaken."""
        self.announcements.forget_unsent()
        surplus = self.sink.committed - self.announcements.sent
        if surplus > 0:
            self.sink.truncate(self.announcements.sent)
            self.retaken += surplus

    def keep(self, counts: NDArray[Any], row: Mapping[str, Any]) -> dict[str, Any]:
        """Store a frame durably; returns its row, to which it was added how many were taken for it.

        Raises
        ------
        StoreError
            It cannot be stored, or comes after the end.
        """
        row = {**row, "retaken": self.retaken}
        with self._storing:
            if self._finished:
                raise StoreError(f"a frame came after stream {self.label!r} was finished and was not stored")
            self.sink.append(Frame(counts, row))
        self.retaken = 0
        return row

    def documents(self, index: int | None) -> Iterator[tuple[str, Any]]:
        """Documents for the frames not yet handed out, up to `index` if given."""
        stop = self.sink.committed if index is None else min(index, self.sink.committed)
        yield from self.announcements.documents(stop)

    def finish(self, *, cut: bool, stop: Mapping[str, Any] | None, patience: float) -> None:
        """Close the file, whatever fails. A frame that is being stored goes first.

        Parameters
        ----------
        cut
            Whether frames that no document has announced are to be dropped.
        stop
            The run's stop document, where it is known.
        patience
            Host seconds to wait for the store; after that the rest is done in a thread, once it answers.
        """
        if self._storing.acquire(timeout=patience):
            self._finish(cut, stop)
            return

        def once_it_answers() -> None:
            self._storing.acquire()
            self._finish(cut, stop)

        threading.Thread(target=once_it_answers, name=f"finishing {self.label}", daemon=True).start()

    def _finish(self, cut: bool, stop: Mapping[str, Any] | None) -> None:
        self._finished = True
        with ExitStack() as stack:
            stack.callback(self._storing.release)
            stack.callback(self.sink.close)
            if stop is not None:
                stack.callback(self.sink.annotate, "stop", stop)
            if cut:
                stack.callback(self.cut_unannounced)
