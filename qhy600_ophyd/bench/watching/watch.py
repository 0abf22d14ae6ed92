"""`Watch`: looks at camera and disk from time to time, and has plans wait while something is wrong."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bluesky import RunEngine
from ophyd import Signal

from qhy600_ophyd.bench.room import free_bytes
from qhy600_ophyd.bench.watching.conditions import (
    Distance,
    disk_has_room,
    dryness,
    stays_dry,
    supply_is_well,
    temperature_is_held,
)
from qhy600_ophyd.bench.watching.suspender import Condition, Suspender
from qhy600_ophyd.contract import CameraStatus, Clock, QHY600Error, SystemClock, TemperatureReading
from qhy600_ophyd.device import QHY600

_LOG = logging.getLogger(__name__)

_BREATH = 0.02
"""Host seconds between two looks while a plan is held on a clock that costs no time."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When plans have to wait; ``None`` and False: never.

    Parameters
    ----------
    supply
        Whether a supply that has failed holds a plan.
    temperature
        Largest distance of the sensor from a set point that it had reached [K].
    dew
        Least that the sensor has to be warmer than what the moisture in its chamber settles on [K].
    disk
        Least room on the disk [GB].
    air
        Temperature of the air in the chamber, where its humidity is measured [°C].
    """

    supply: bool = False
    temperature: float | None = None
    dew: float | None = None
    disk: float | None = None
    air: float = 20.0

    def conditions(self) -> dict[str, Condition]:
        """Those that are asked for, by name."""
        asked: dict[str, Condition] = {}
        if self.supply:
            asked["supply"] = supply_is_well()
        if self.temperature is not None:
            asked["temperature"] = temperature_is_held(self.temperature)
        if self.dew is not None:
            asked["dew"] = stays_dry(self.dew)
        if self.disk is not None:
            asked["disk"] = disk_has_room(self.disk * 1e9)
        return asked


class Watch:
    """Signals of how camera and disk are, with a suspender for each, and a thread that refreshes them.

    The camera is asked in its own thread and only while it neither exposes nor streams; meanwhile its frames
    tell. A question that fails is asked again. On a simulated clock that costs no time, time passes while a
    plan is held, as it would.

    Parameters
    ----------
    camera
        Looked at while it is open.
    folder
        Of the runs; its disk is looked at.
    limits
        When plans have to wait.
    period
        Seconds from one look to the next.
    clock
        On which these are measured; the computer's unless given.

    Attributes
    ----------
    signals : dict of Signal
        By the names of `Limits`.
    suspenders : tuple of Suspender
        For ``RE.install_suspender``; `install` does it.

    Raises
    ------
    QHY600Error
        There is nothing to watch.
    """

    def __init__(
        self,
        camera: QHY600,
        folder: str | os.PathLike[str],
        limits: Limits,
        *,
        period: float = 2.0,
        clock: Clock | None = None,
    ):
        conditions = limits.conditions()
        if not conditions:
            raise QHY600Error("a watch over nothing: ask for supply=True, temperature=, dew= or disk=")
        self._camera, self._folder, self._limits = camera, Path(folder), limits
        self._period, self._clock = period, clock or SystemClock()
        self.signals = {
            name: Signal(name=f"{camera.name}_{name}_watch", value=math.nan) for name in conditions
        }
        self.suspenders = tuple(Suspender(self.signals[name], conditions[name]) for name in conditions)
        self._distance = Distance(band=limits.temperature or math.inf)
        self._temperature: float | None = None
        self._humidity: float | None = None
        self._code = math.nan
        self._known_at = time.time()
        self._asking: Future[Any] | None = None
        self._engine: RunEngine | None = None
        self._looking = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def install(self, RE: RunEngine) -> Self:
        """Have the plans of `RE` wait when they have to; looks once before it returns."""
        self.look()
        self._engine = RE
        for suspender in self.suspenders:
            RE.install_suspender(suspender)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
            self._thread.start()
        return self

    def close(self) -> None:
        """Look no more, and let plans go on."""
        self._over.set()
        engine, self._engine = self._engine, None
        if engine is not None:
            for suspender in self.suspenders:
                engine.remove_suspender(suspender)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(2 * self._period + 1.0)

    def look(self) -> None:
        """Refresh the signals; of the camera only as far as it can be asked now."""
        with self._looking:
            self._look()

    def _look(self) -> None:
        if "disk" in self.signals:
            with suppress(OSError):
                self._tell("disk", float(free_bytes(self._folder)))
        if self._camera.exposing:
            self._take_row()
        elif self._camera.is_open and (self._asking is None or self._asking.done()):
            self._asking = self._camera.submit(self._ask)
            # Not for ever: it may be behind an exposure that has begun in this moment.
            wait_for([self._asking], timeout=self._period)
        self._tell_all()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self.look()
            except Exception:  # noqa: BLE001  (the next look may be better; a watch that has died would not)
                _LOG.exception("a look at %s failed", self._camera.name)
            if self._holding and not self._camera.exposing:
                self._camera.backend.clock.wait(self._period, self._over)
                SystemClock().wait(_BREATH, self._over)
            else:
                self._clock.wait(self._period, self._over)

    @property
    def _holding(self) -> bool:
        return any(suspender.tripped for suspender in self.suspenders)

    def _ask(self) -> None:
        """In the camera's thread."""
        camera = self._camera
        if camera.exposing or not camera.is_open:
            return
        try:
            status, cooler = camera.backend.status(), camera.backend.cooler
            reading = TemperatureReading() if cooler is None else cooler.read()
        except QHY600Error as error:
            _LOG.debug("%s did not say how it is: %s", camera.name, error)
            return
        self._take(status, reading)

    def _take(self, status: CameraStatus, reading: TemperatureReading) -> None:
        self._known_at = time.time()
        self._temperature, self._humidity = reading.value, status.humidity
        if status.undervoltage is not None:
            self._code = float(status.undervoltage)

    def _take_row(self) -> None:
        """What the last frame says, if that is news."""
        stamp, row = self._camera.row_timestamp, self._camera.row
        if stamp <= self._known_at:
            return
        self._known_at = stamp
        if (code := row.get("undervoltage")) is not None:
            self._code = float(code)
        if (temperature := row.get("temperature")) is not None:
            self._temperature = temperature

    def _tell_all(self) -> None:
        # All of it, changed or not: a plan may have been begun, paused or resumed since.
        setpoint = self._camera.temperature.setpoint
        self._tell("temperature", self._distance.of(self._temperature, setpoint))
        self._tell("dew", dryness(self._temperature, self._humidity, self._limits.air))
        self._tell("supply", self._code)

    def _tell(self, name: str, value: float) -> None:
        if name in self.signals:
            self.signals[name].put(value)
