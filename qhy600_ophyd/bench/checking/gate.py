"""The last look before a run is opened: whether the disk takes what it promises."""

from __future__ import annotations

from collections.abc import Generator
from numbers import Integral
from pathlib import Path
from typing import Any

from bluesky.preprocessors import plan_mutator
from bluesky.utils import Msg, MsgGenerator

from qhy600_ophyd.bench.room import frame_bytes, require_room
from qhy600_ophyd.device import QHY600


def gated(plan: Generator[Msg, Any, Any], camera: QHY600, folder: Path) -> Generator[Msg, Any, Any]:
    """The plan, which fails with `StoreError` instead of opening a run whose frames cannot fit.

    A run says by ``num_points`` how many frames of its ``detectors`` there will be; they are taken to be as
    the camera is asked for then. The plan cleans up as after any other failure, and no folder is made.
    """

    def look(message: Msg) -> tuple[MsgGenerator[Any] | None, None]:
        return (opens(message), None) if message.command == "open_run" else (None, None)

    def opens(message: Msg) -> MsgGenerator[Any]:
        points = message.kwargs.get("num_points")
        if isinstance(points, Integral) and camera.name in message.kwargs.get("detectors", ()):
            frames = int(points)
            require_room(frames * frame_bytes(camera.resolved()), folder, what=f"a run of {frames} frames")
        return (yield message)

    return plan_mutator(plan, look)
