"""Everything that a camera shows: its settings, requested and actual, and the row of its last frame."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from ophyd import Kind
from ophyd.device import Staged

from qhy600_ophyd.contract import (
    SETTING_NAMES,
    Camera,
    Capabilities,
    Field,
    FrameInfo,
    SettingRefused,
    Settings,
)
from qhy600_ophyd.device.event_value import event_value, source
from qhy600_ophyd.device.frame_value import FrameValue
from qhy600_ophyd.device.pace import single_frame_time
from qhy600_ophyd.device.requests import Requests
from qhy600_ophyd.device.setting import Setting
from qhy600_ophyd.device.signals import Signals
from qhy600_ophyd.device.supply_watch import SupplyWatch
from qhy600_ophyd.device.worker import Worker

T = TypeVar("T")

_ANSWER = 60.0
"""Seconds that any call but an exposure may take; a change of readout mode takes about five."""


class Panel(Signals):
    """The readable half of the camera device: what can be set, and what is known.

    Parameters
    ----------
    backend
        A simulated, recorded or real camera.
    name
        Of the device; the prefix of every data key.
    """

    def __init__(self, backend: Camera, *, name: str, **kwargs: Any):
        self.backend = backend
        self._requests = Requests()
        self.actual = Settings()
        self.row: Mapping[str, Any] = {}
        self.row_timestamp = self.opened_at = time.time()
        self.was_opened = False
        self.is_open = False
        self._supply = SupplyWatch()
        self._worker = Worker(f"camera {name}")
        self._opening = threading.RLock()
        super().__init__("", name=name, **kwargs)

    def open(self) -> None:
        """Connect to the camera and learn what it offers; does nothing when open."""
        with self._opening:
            if self.is_open:
                return
            self.actual = self.call(self._opened)
            self.is_open = self.was_opened = True
            self.opened_at = time.time()
            self._requests.complete(self.actual)

    def _opened(self) -> Settings:
        self.backend.open()
        return self.backend.settings

    def __repr__(self) -> str:
        if not self.is_open:
            return f"<QHY600 {self.name}: closed>"
        identity = self.backend.capabilities.identity
        shown = {name: self._setting(name) for name in ("readout_mode", "exposure", "gain", "offset", "roi")}
        values = ", ".join(f"{name} {signal.get()}" for name, signal in shown.items())
        return f"<QHY600 {self.name}: {identity.model} {identity.serial}, {values}>"

    @property
    def hints(self) -> dict[str, list[str]]:
        """What a live table shows: exposure, temperature and mean, unless kinds were changed."""
        shown = (c for _, c in self._get_components_of_kind(Kind.normal) if c.kind == Kind.hinted)
        return {"fields": [field for component in shown for field in component.hints["fields"]]}

    @property
    def capabilities(self) -> Capabilities:
        """What the camera offers; opens it."""
        self.open()
        return self.backend.capabilities

    @property
    def exposing(self) -> bool:
        """Whether the camera's thread is busy with an exposure."""
        return False

    def call(self, call: Callable[[], T], *, timeout: float = _ANSWER) -> T:
        """Run `call` in the thread that owns the camera; wait for it so many host seconds."""
        return self._worker.call(call, timeout)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have `call` run in the thread that owns the camera, after what it is doing."""
        return self._worker.submit(call)

    # -- settings -----------------------------------------------------------------------------------------

    @property
    def requested(self) -> Settings:
        """What is asked of the next frame."""
        return self._requests.now

    def rehearsal(self) -> Requests:
        """The requests as they stand, to go on with for themselves; the camera's own stay as they are."""
        self.open()
        return self._requests.copy()

    def request(self, name: str, value: Any) -> None:
        """Take a checked value for the next trigger."""
        self._requests.ask(name, value, self.capabilities)

    def withdraw(self) -> None:
        """Forget what was requested since settings were last applied."""
        self._requests.withdraw()

    def applied(self, requested: Settings) -> None:
        """Note that the camera has taken `requested`: what a later refusal goes back to."""
        self._requests.applied(requested)

    def configure(self, d: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Request several settings at once, or none of them; bluesky's ``configure``."""
        for key, value in d.items():
            if key not in SETTING_NAMES:
                raise SettingRefused(key, value, allowed="one of " + ", ".join(SETTING_NAMES))
            self._setting(key).check_value(value)
        old = dict(self.read_configuration())
        for key, value in d.items():
            self._setting(key).set(value)
        return old, dict(self.read_configuration())

    def read_configuration(self) -> OrderedDict[str, dict[str, Any]]:
        """Read who the camera is."""
        return cast(OrderedDict[str, dict[str, Any]], super().read_configuration())

    def resolved(self) -> Settings:
        """What the next trigger would ask for, all of it together.

        Raises
        ------
        SettingRefused
            The requested settings do not go together.
        """
        return self._requests.resolved(self.capabilities, self.actual)

    def resolved_or_withdrawn(self) -> Settings:
        """As `resolved`, but requests that do not go together are withdrawn.

        Else they would stand in the way of every later run, whose plan has not made them.

        Raises
        ------
        SettingRefused
            The requested settings do not go together; says that they were withdrawn.
        """
        return self._requests.resolved_or_withdrawn(self.capabilities, self.actual)

    def apply(self) -> Settings:
        """Apply the requested settings now, instead of at the next trigger; returns what became actual.

        Raises
        ------
        SettingRefused
            They do not go together; nothing was changed, and the requests were withdrawn.
        """
        settings, requested = self.resolved_or_withdrawn(), self.requested
        self.actual = self.call(lambda: self.backend.configure(settings))
        self.applied(requested)
        self._publish()
        return self.actual

    def shortest_interval(self, exposure: float | None = None) -> float:
        """Seconds from one single frame to the next that sensor and link allow.

        Parameters
        ----------
        exposure
            Exposure time [s]; ``None``: as requested. The other settings are those that are requested.
        """
        settings = self.resolved()
        if self.capabilities.recorded is not None:
            return 0.0
        return single_frame_time(settings if exposure is None else settings.with_value("exposure", exposure))

    def read(self) -> OrderedDict[str, dict[str, Any]]:
        """Read every column of the last frame's row, requested and actual, by ``<name>_<column>``.

        Before the first frame, settings are those of now, and all else is missing.
        """
        row, stamp = self.row or self._settings_now(), self.row_timestamp
        return OrderedDict(
            (f"{self.name}_{c.name}", {"value": event_value(c, row.get(c.name)), "timestamp": stamp})
            for c in self._columns()
        )

    def _settings_now(self) -> dict[str, Any]:
        now = {name: getattr(self.actual, name) for name in SETTING_NAMES}
        return now | {f"{name}_requested": getattr(self.requested, name) for name in SETTING_NAMES}

    def describe(self) -> OrderedDict[str, dict[str, Any]]:
        """Types, units, limits and choices of all that `read` gives, and the frames as external data."""
        self.open()
        described: OrderedDict[str, dict[str, Any]] = OrderedDict()
        for _, component in self._get_components_of_kind(Kind.normal):
            described.update(component.describe())
        # A plan under way has made all its requests; by hand, the other half may be still to come.
        staged = self._staged is Staged.yes
        settings = self.resolved_or_withdrawn() if staged else self.resolved()
        described[f"{self.name}_counts"] = self.counts_key(settings)
        return described

    def counts_key(self, settings: Settings) -> dict[str, Any]:
        """The data key of the frames that complete `settings` give."""
        return {
            "source": source(self.name, "counts"),
            "dtype": "array",
            "shape": list(settings.frame_shape),
            "dtype_numpy": {"uint8": "|u1", "uint16": "<u2", "uint32": "<u4"}[settings.frame_dtype],
            "dims": ["y", "x"],
            "units": "count",
            "external": "STREAM:",
        }

    def accept(self, row: Mapping[str, Any], info: FrameInfo) -> None:
        """Take the row of a stored frame, and what the camera said of it, as the present reading."""
        self.row, self.actual, self.row_timestamp = row, info.settings, time.time()
        self.temperature.note(info.temperature_end)
        self._publish()
        for name in self.component_names:
            if isinstance(signal := getattr(self, name), FrameValue):
                signal.publish()
        self._supply.note(info.undervoltage, cooler_power=info.temperature_end.power)

    def reset_undervoltage(self) -> None:
        """Let the camera forget that its supply once failed, and cool to its set point again.

        A camera whose supply fails, even once, switches its cooler off and remembers it, so that the cooler
        gets less power after the next start too. ``SupplyFailed``, a warning, tells it with the first frame
        after, and the column ``undervoltage`` with every frame; `sensor.supply.undervoltage_code` tells what
        a code means. Look at the supply and its cable first: a supply that is still too weak fails again.

        Raises
        ------
        SettingRefused
            This camera has no such memory.
        """
        reset = getattr(self.backend, "reset_undervoltage", None)
        if reset is None:
            raise SettingRefused(
                "reset_undervoltage", "()", allowed="nothing: this camera keeps no such note"
            )
        self.open()
        self.call(reset)
        self._supply.forget()

    def _publish(self) -> None:
        """Tell whoever subscribed to a setting what is actual."""
        now = time.time()
        for name in SETTING_NAMES:
            signal = self._setting(name)
            value = event_value(signal.columns[0], getattr(self.actual, name))
            signal.put(value, force=True, timestamp=now)

    def _setting(self, name: str) -> Setting:
        return getattr(self, name)

    def _columns(self) -> Iterator[Field]:
        for _, component in self._get_components_of_kind(Kind.normal):
            yield from component.columns
