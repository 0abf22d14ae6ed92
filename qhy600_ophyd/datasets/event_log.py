"""What other devices read while the camera exposed, one JSON line for each event, beside the frames."""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qhy600_ophyd.contract import StoreError
from qhy600_ophyd.datasets.json_text import json_text, scalars
from qhy600_ophyd.datasets.reason import reason


def event_log_path(file: Path) -> Path:
    """Where the events of a stream's file are kept: ``primary.events.jsonl`` beside ``primary.h5``."""
    return file.with_name(file.stem + ".events.jsonl")


def append_event(path: Path, event: Mapping[str, Any], *, own: frozenset[str], frame: int) -> None:
    """Add the scalar readings of an event that are not the camera's `own`; nothing if there are none.

    Parameters
    ----------
    path
        Of the log.
    event
        A bluesky event document.
    own
        Keys of the columns that the file itself holds.
    frame
        Index in the file of the frame that the event belongs to.

    Raises
    ------
    StoreError
        The log cannot be written.
    """
    foreign = {key: value for key, value in event.get("data", {}).items() if key not in own}
    readings = scalars(foreign) | {key: value for key, value in foreign.items() if isinstance(value, bool)}
    if not readings:
        return
    line = {"frame": frame, "seq_num": event.get("seq_num"), "time": event.get("time"), "data": readings}
    try:
        with path.open("ab", buffering=0) as log:
            _append_whole(log, f"{json_text(line)}\n".encode())
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({reason(error)}). Free some space; "
            "the frames and earlier events are kept"
        ) from error


def _append_whole(log: io.FileIO, line: bytes) -> None:
    """Write a line, or none of it: what is left of one would swallow the next."""
    end = log.seek(0, os.SEEK_END)
    try:
        while line:
            line = line[log.write(line) :]
    except OSError:
        with contextlib.suppress(OSError):
            log.truncate(end)
        raise


def read_events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a log in their order; a last line that a kill cut short is left out."""
    if not path.exists():
        return
    with path.open("rb") as log:  # a line may be cut within a letter
        for line in log:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and isinstance(event.get("frame"), int):
                yield event
