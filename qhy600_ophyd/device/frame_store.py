"""From what a user gives as ``sink=`` to something that makes sinks."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast

from qhy600_ophyd.contract import FrameSink, Layout, SinkFactory, StoreError

_GROUP = "qhy600_ophyd.frame_store"

Sink = str | os.PathLike[str] | Callable[..., Any]
"""A directory, a factory ``(stream, layout) -> FrameSink``, or an ophyd-async path provider."""


def sink_factory(sink: Sink | None, device_name: str) -> SinkFactory:
    """Make the factory that `sink` stands for.

    Parameters
    ----------
    sink
        A directory: each run gets a folder in it. A callable of two arguments: used as it is. A callable
        of one (an ophyd-async path provider): asked for a directory whenever a stream begins.
    device_name
        Passed to a path provider.

    Raises
    ------
    StoreError
        Something else, or nothing, was given.
    """
    if isinstance(sink, (str, os.PathLike)):
        return _store(Path(sink))
    if callable(sink):
        if _takes_two(sink):
            return cast(SinkFactory, sink)
        return _Provided(sink, device_name)
    raise StoreError(
        f"sink {sink!r} refused: give a directory, a factory (stream, layout) -> FrameSink, "
        "or a path provider, as in QHY600(camera, sink='data', name='camera')"
    )


class _Provided:
    """Asks a path provider where the next stream goes; one store for each directory it names."""

    def __init__(self, provider: Callable[..., Any], device_name: str):
        self._provider, self._device_name = provider, device_name
        self._stores: dict[Path, SinkFactory] = {}

    def __call__(self, stream: str, layout: Layout) -> FrameSink:
        directory = Path(self._provider(self._device_name).directory_path)
        if directory not in self._stores:
            self._stores[directory] = _store(directory)
        return self._stores[directory](stream, layout)


def _store(directory: Path) -> SinkFactory:
    # The store lives in the tower that the device must not import (docs/decisions/0004).
    found = entry_points(group=_GROUP, name="default")
    if not found:
        raise StoreError(
            f"no frame store is installed under {_GROUP!r}; reinstall qhy600-ophyd, or pass a factory"
        )
    (entry,) = found
    return entry.load()(directory)


def _takes_two(candidate: Callable[..., Any]) -> bool:
    try:
        inspect.signature(candidate).bind("primary", None)
    except TypeError:
        return False
    return True
