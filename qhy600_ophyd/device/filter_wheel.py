"""The filter wheel on the camera, as a signal whose values are the filters' names."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ophyd import Signal

from qhy600_ophyd.contract import (
    CameraError,
    CarriesFilterWheel,
    FilterNotReached,
    SettingRefused,
)
from qhy600_ophyd.contract import FilterWheel as Wheel
from qhy600_ophyd.device.progress import ProgressStatus

if TYPE_CHECKING:
    from qhy600_ophyd.device.qhy600 import QHY600

_POLL = 0.2
"""Seconds between two looks at a wheel that turns."""

_MARGIN = 60.0
"""Host seconds beyond the wheel's own timeout: an exposure may be under way, or the clock stand still."""


class FilterWheel(Signal):
    """The wheel in front of the sensor: ``set("G")`` turns it, and is done when it has arrived.

    It shares the camera's handle, so the camera's thread moves it, between exposures.

    Parameters
    ----------
    camera
        Into which it is plugged.
    filters
        Names of the filters by slot, the first in slot 1, or a mapping from name to slot.
    name
        Of the device.

    Attributes
    ----------
    timeout : float
        When to give up turning [s].
    homing : float
        How long a wheel that was just switched on may take to be there [s]; about 16 s were seen by others.

    Raises
    ------
    SettingRefused
        The camera has no port for one, or two filters have one name or slot.
    """

    timeout: float = 30.0
    homing: float = 20.0

    def __init__(
        self, camera: QHY600, filters: Sequence[str] | Mapping[str, int], *, name: str, **kwargs: Any
    ):
        super().__init__(name=name, **kwargs)
        self._camera = camera
        self._filters = _by_name(filters)
        self._stopped = threading.Event()
        self._forgiven = False
        self._requested = ""

    @property
    def filters(self) -> dict[str, int]:
        """Slot of each filter, by name."""
        return dict(self._filters)

    @property
    def requested(self) -> str:
        """The filter that was asked for last; empty if none was."""
        return self._requested

    @property
    def hints(self) -> dict[str, list[str]]:
        """The filter's name."""
        return {"fields": [self.name]}

    def check_value(self, value: Any) -> None:
        """Raise `SettingRefused` for a name that no filter has."""
        if value not in self._filters:
            allowed = "one of " + ", ".join(map(repr, self._filters))
            raise SettingRefused("filter", repr(value), allowed=allowed, now=repr(self.get()))

    def set(self, value: Any, *, timeout: float | None = None, **_: Any) -> ProgressStatus:
        """Turn to the filter of that name; ends when it is there.

        Fails with `FilterNotReached` after `timeout` seconds on the camera's clock, and with
        `SettingRefused` if the wheel has no such slot, or there is none.
        """
        self.check_value(value)
        self._stopped.set()
        self._stopped = stopped = threading.Event()
        self._forgiven = False
        self._requested = str(value)
        allowed = self.timeout if timeout is None else timeout
        status = ProgressStatus(
            self,
            give_up=stopped.set,
            timeout=allowed + self.homing + _MARGIN,
            initial=0.0,
            target=float(self._filters[value]),
            unit="slot",
        )
        threading.Thread(
            target=self._turn,
            args=(status, str(value), allowed, stopped),
            name=f"{self.name} turning",
            daemon=True,
        ).start()
        return status

    def put(self, value: Any, **_: Any) -> None:
        """Turn to the filter of that name without waiting."""
        self.set(value)

    def stop(self, *, success: bool = False) -> None:
        """Stop waiting; the wheel itself cannot be stopped between two filters.

        With `success`, as a RunEngine that pauses says, the status does not fail: the resumed plan sets it
        again.
        """
        self._forgiven = success
        self._stopped.set()

    def get(self, **_: Any) -> str:
        """Name of the filter in front of the sensor; empty while it turns, or where it has no name."""
        return self._name_of(self._slot())

    def locate(self) -> dict[str, Any]:
        """Requested and actual filter."""
        return {"setpoint": self._requested or self.get(), "readback": self.get()}

    def read(self) -> dict[str, dict[str, Any]]:
        """Name and slot of the filter; slot 0 while it turns."""
        now, slot = time.time(), self._slot()
        return {
            self.name: {"value": self._name_of(slot), "timestamp": now},
            f"{self.name}_slot": {"value": slot or 0, "timestamp": now},
        }

    def describe(self) -> dict[str, dict[str, Any]]:
        """Types and choices."""
        source = f"qhy600:{self.name}"
        return {
            self.name: {
                "source": source,
                "dtype": "string",
                "shape": [],
                "dtype_numpy": "|S64",
                "choices": ["", *self._filters],
            },
            f"{self.name}_slot": {"source": source, "dtype": "integer", "shape": [], "dtype_numpy": "<i8"},
        }

    def _wheel(self) -> Wheel:
        backend = self._camera.backend
        if not isinstance(backend, CarriesFilterWheel):
            raise SettingRefused("filter", self.name, allowed="nothing: this camera has no port for a wheel")
        return backend.filter_wheel

    def _name_of(self, slot: int | None) -> str:
        return next((name for name, place in self._filters.items() if place == slot), "")

    def _slot(self) -> int | None:
        if not self._camera.is_open:
            return None
        return self._camera.call(self._wheel().position) if self._wheel_slots() else None

    def _wheel_slots(self) -> int:
        wheel = self._wheel()
        return self._camera.call(lambda: wheel.slots)

    def _turn(self, status: ProgressStatus, name: str, allowed: float, stopped: threading.Event) -> None:
        slot = self._filters[name]
        try:
            self._camera.open()
            wheel, clock = self._wheel(), self._camera.backend.clock
            deadline = clock.monotonic() + self.homing
            while not self._wheel_slots() and clock.monotonic() < deadline and not stopped.is_set():
                clock.wait(1.0, stopped)
            self._camera.call(lambda: wheel.turn_to(slot))
            deadline = clock.monotonic() + allowed
            while self._camera.call(wheel.position) != slot:
                if stopped.is_set() and self._forgiven:
                    break
                if stopped.is_set() or clock.monotonic() >= deadline:
                    late = f"it did not arrive within {allowed:g} s"
                    raise FilterNotReached(
                        f"filter {name!r} in slot {slot} not reached: "
                        f"{'its wait was stopped' if stopped.is_set() else late}. "
                        "Look whether the wheel turns freely, or allow more time (timeout=)"
                    )
                clock.wait(_POLL, stopped)
        except (CameraError, SettingRefused) as error:
            status.set_exception(error)
        else:
            status.set_finished()


def _by_name(filters: Sequence[str] | Mapping[str, int]) -> dict[str, int]:
    if not isinstance(filters, Mapping):
        names = list(filters)
        filters = {name: slot for slot, name in enumerate(names, 1)}
        if len(filters) != len(names):
            raise SettingRefused("filters", names, allowed="names that differ")
    slots = list(filters.values())
    if len(set(slots)) != len(slots) or any(slot < 1 for slot in slots):
        raise SettingRefused("filters", dict(filters), allowed="slots from 1 that differ")
    return {str(name): int(slot) for name, slot in filters.items()}
