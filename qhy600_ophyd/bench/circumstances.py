"""What is true around a run that a bench takes: written into its start document, and when it has ended."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from qhy600_ophyd.contract import CameraError, Clock, Settings
from qhy600_ophyd.datasets.json_text import plain
from qhy600_ophyd.device import QHY600, FilterWheel, Light
from qhy600_ophyd.plans._versions import code, software

START_SCHEMA = "qhy600_ophyd.start/1"
"""Of what a bench writes into start documents; `datasets.check_metadata` holds them against it."""


class Circumstances:
    """The camera and what stands around it.

    Nothing is asked of the camera itself, which may be exposing: what it said last is what counts.

    Parameters
    ----------
    camera
        Of the bench.
    light, wheel
        Give the bench's light and filter wheel, or ``None``.
    """

    def __init__(
        self,
        camera: QHY600,
        *,
        light: Callable[[], Light | None],
        wheel: Callable[[], FilterWheel | None],
    ):
        self._camera, self._light, self._wheel = camera, light, wheel

    def at_start(self) -> dict[str, Any]:
        """Entries of a start document."""
        backend, name = self._camera.backend, self._camera.actual.readout_mode
        index = next((mode.index for mode in backend.capabilities.modes if mode.name == name), None)
        about: dict[str, Any] = {
            "metadata_schema": START_SCHEMA,
            "device": {
                **asdict(backend.capabilities.identity),
                "readout_mode": name,
                "readout_mode_index": index,
            },
            "settings_before": self.settings(),
            "clocks": self._clocks(backend.clock),
            "software": software(),
            "host": {"name": platform.node(), "machine": platform.machine()},
        }
        return plain(about if code() is None else {**about, "code": code()})

    def settings(self) -> dict[str, Any]:
        """All that is set, requested and actual; ``None`` for what is not known or not there."""
        light, wheel = self._light(), self._wheel()
        return plain(
            {
                "requested": _settings(self._camera.requested),
                "actual": _settings(self._camera.actual),
                "temperature_setpoint": self._camera.temperature.setpoint,
                "light": _asked(lambda: None if light is None else light.source.level),
                "filter": None if wheel is None else wheel.requested or None,
            }
        )

    def _clocks(self, camera: Clock) -> dict[str, Any]:
        """Each clock's UTC and steady time, read together, and what lies between them."""
        host = {"utc_ns": time.time_ns(), "monotonic_ns": time.monotonic_ns()}
        clocks: dict[str, Any] = {
            "source": str(getattr(camera, "name", type(camera).__name__)),
            "host": {**host, "offset_ns": host["utc_ns"] - host["monotonic_ns"]},
        }
        own = _asked(lambda: {"utc_ns": camera.utc_ns(), "monotonic_ns": round(camera.monotonic() * 1e9)})
        if own is not None:
            clocks["camera"] = {**own, "offset_ns": own["utc_ns"] - own["monotonic_ns"]}
            clocks["camera_minus_host_ns"] = own["utc_ns"] - host["utc_ns"]
        return clocks


def _settings(settings: Settings) -> dict[str, Any]:
    area = None if settings.roi is None else list(settings.roi)
    return {**asdict(settings), "roi": area}


def _asked(ask: Callable[[], Any]) -> Any:
    """The answer; ``None`` where the process that has it is gone, which ends the plan soon enough."""
    try:
        return ask()
    except CameraError:
        return None
