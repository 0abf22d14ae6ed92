"""Where frames go: the words between the device that hands them over and the store that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract.frame import Frame
from qhy600_ophyd.contract.vocabulary import COLUMNS, Field

DocumentKind = Literal["start", "descriptor", "event", "stop", "after"]
"""bluesky's, and ``"after"``: what was set when a run had ended, which a `Bench` has kept."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The fixed shape of one stream of frames.

    Parameters
    ----------
    shape
        Rows and columns.
    dtype
        Type of a count, such as ``"uint16"``.
    x, y
        Centres of the (binned) pixels in unbinned sensor pixels, shapes ``(columns,)`` and ``(rows,)``.
    x_region, y_region
        `Region` of each column and each row, same shapes.
    columns
        What is recorded with each frame.
    attributes
        What holds for the whole stream: model, serial number, pixel size …; text or numbers.
    start
        The run's start document, where it is known before the first frame.
    """

    shape: tuple[int, int]
    dtype: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_region: NDArray[np.int8]
    y_region: NDArray[np.int8]
    columns: tuple[Field, ...] = COLUMNS
    attributes: Mapping[str, str | float | int] = field(default_factory=dict)
    start: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a reader finds the frames of a sink.

    Parameters
    ----------
    uri
        ``file://localhost/…``
    mimetype
        Such as ``application/x-hdf5``.
    counts
        Path of the frames inside the file.
    chunk_shape
        Frames, rows and columns of one chunk.
    compression
        Such as ``"bitshuffle-lz4"``; empty where a reader needs nothing for it.
    """

    uri: str
    mimetype: str
    counts: str
    chunk_shape: tuple[int, int, int]
    compression: str = ""


@runtime_checkable
class FrameSink(Protocol):
    """One stream of one run, on its way to the disk. Every call may raise `StoreError`."""

    def open(self, stream: str, layout: Layout) -> None:
        """Make the place for the frames; nothing may exist there yet."""
        ...

    def append(self, frame: Frame) -> None:
        """Store a frame and its row durably: when this returns, a killed process loses neither."""
        ...

    @property
    def committed(self) -> int:
        """Frames stored."""
        ...

    def truncate(self, n: int) -> None:
        """Forget every frame after the first `n`."""
        ...

    def annotate(self, kind: DocumentKind, document: Mapping[str, Any]) -> None:
        """Keep a document of the run beside the frames; the last of its kind and identity counts."""
        ...

    def close(self) -> None:
        """Finish the file; does nothing when closed. `annotate` may still follow."""
        ...

    def address(self) -> Address:
        """Where the frames are."""
        ...


SinkFactory = Callable[[str, Layout], FrameSink]
"""``(stream, layout)`` → an open sink."""
