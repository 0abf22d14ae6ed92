"""The sensor's chamber: humidity and pressure, read with the configuration at the beginning of a run."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from ophyd import Signal
from ophyd.status import Status
from ophyd.utils import ReadOnlyError

from qhy600_ophyd.device.event_value import source

if TYPE_CHECKING:
    from qhy600_ophyd.device.panel import Panel

_UNITS = {"humidity": "percent", "pressure": "mbar"}


class ChamberReading(Signal):
    """One reading of the chamber's sensors now; NaN where the camera has none, or is closed.

    During an exposure it is the last one before.
    """

    parent: Panel

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._last = math.nan

    def get(self, **_: Any) -> float:
        """The reading."""
        if not self.parent.is_open:
            return math.nan
        # During an exposure the camera's thread cannot answer, and nobody shall wait for its end.
        if not self.parent.exposing:
            value = getattr(self.parent.call(self.parent.backend.status), self.attr_name)
            self._last = math.nan if value is None else float(value)
        return self._last

    def set(self, value: Any, **_: Any) -> Status:
        """Refuse: it is measured."""
        raise ReadOnlyError(f"{self.name} {value} refused: it is measured and cannot be set")

    def put(self, value: Any, **_: Any) -> None:
        """Refuse, as `set` does."""
        self.set(value)

    def read(self) -> dict[str, dict[str, Any]]:
        """The reading, now."""
        return {self.name: {"value": self.get(), "timestamp": time.time()}}

    def describe(self) -> dict[str, dict[str, Any]]:
        """Type and unit."""
        return {
            self.name: {
                "source": source(self.parent.name, self.attr_name),
                "dtype": "number",
                "shape": [],
                "dtype_numpy": "<f8",
                "units": _UNITS[self.attr_name],
            }
        }
