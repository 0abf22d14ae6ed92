"""The sensor temperature as a signal that can be moved, and is there only when it has settled."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from ophyd import Signal

from qhy600_ophyd.contract import FIELDS, Field, NotSettled, SettingRefused, TemperatureReading
from qhy600_ophyd.device.event_value import data_key, event_value, source
from qhy600_ophyd.device.progress import ProgressStatus
from qhy600_ophyd.device.setting import SettingOutOfLimits

if TYPE_CHECKING:
    from qhy600_ophyd.device.panel import Panel

_COLUMNS = ("temperature", "temperature_start", "temperature_setpoint", "temperature_age", "cooler_power")

_MARGIN = 60.0
"""Host seconds beyond the camera's own timeout: an exposure may be under way, or the clock stand still."""


class _Waiting:
    """Whether somebody still waits for a temperature, and how the wait was ended."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.success = False

    def end(self, *, success: bool) -> None:
        # The first word counts: a resumed plan sets again before the paused wait has been noticed.
        if not self.over.is_set():
            self.success = success
            self.over.set()


class Cooler(Signal):
    """Sensor temperature [°C]: reading and set point.

    ``set()`` gives the cooler a new set point and returns a status that ends when the sensor has settled:
    every reading within `band` of the set point for `hold` seconds, and a slope over that time below
    `slope`. ``read()`` in an event is that of the frame, at both ends of its exposure.

    Attributes
    ----------
    band
        Largest distance from the set point [K].
    hold
        How long it has to stay there [s].
    slope
        Largest drift while it does [K/min].
    timeout
        When to give up [s].
    """

    parent: Panel
    band: float = 0.2
    hold: float = 30.0
    slope: float = 0.2
    timeout: float = 1800.0
    poll: float = 1.0

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._waiting = _Waiting()
        self._last = TemperatureReading()
        self._setpoint: float | None = None

    @property
    def columns(self) -> tuple[Field, ...]:
        """The columns of the vocabulary that this signal reads."""
        return tuple(FIELDS[name] for name in _COLUMNS)

    @property
    def hints(self) -> dict[str, list[str]]:
        """The temperature itself, so that it works as the axis of a scan."""
        return {"fields": [self.name]}

    @property
    def setpoint(self) -> float | None:
        """What the cooler was told to regulate to [°C]; ``None`` when it was told nothing, or to stop."""
        return self._setpoint

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest set point [°C]; (0, 0), ophyd's word for none, without a cooler."""
        limits = self.parent.capabilities.temperature if self.parent.was_opened else None
        return (limits.low, limits.high) if limits else (0, 0)

    def check_value(self, value: Any) -> None:
        """Raise `SettingRefused` (also ophyd's ``LimitError``) for an impossible set point."""
        self.parent.open()
        try:
            self.parent.capabilities.check("temperature", value, now=self._setpoint)
        except SettingRefused as no:
            raise SettingOutOfLimits.of(no) from None

    def set(self, value: Any, *, timeout: float | None = None, **_: Any) -> ProgressStatus:
        """Cool or warm to `value` [°C]; ends when settled, fails with `NotSettled` after `timeout` [s]."""
        self.check_value(value)
        self.stop()
        self._waiting = waiting = _Waiting()
        self._setpoint = float(value)
        cooler, target = self.parent.backend.cooler, self._setpoint
        assert cooler is not None
        # Queued, not waited for: an exposure may be under way.
        regulating = self.parent.submit(lambda: cooler.regulate(target))
        allowed = self.timeout if timeout is None else timeout
        status = ProgressStatus(
            self,
            give_up=waiting.over.set,
            timeout=allowed + _MARGIN,
            initial=self._now().value or 0.0,
            target=target,
            unit="degC",
        )
        settling = threading.Thread(
            target=self._settle,
            args=(status, target, allowed, waiting, regulating),
            name=f"{self.name} settling",
            daemon=True,
        )
        settling.start()
        return status

    def put(self, value: Any, **_: Any) -> None:
        """Give the cooler a new set point without waiting."""
        self.set(value)

    def off(self) -> None:
        """Stop cooling."""
        self.parent.open()
        self.stop()
        self._setpoint = None
        if (cooler := self.parent.backend.cooler) is not None:
            self.parent.call(cooler.off)

    def stop(self, *, success: bool = False) -> None:
        """Stop waiting for the temperature; the cooler goes on regulating.

        With `success`, as a RunEngine that pauses says, the status does not fail: the plan is resumed later
        and sets the same temperature again.
        """
        self._waiting.end(success=success)

    def get(self, **_: Any) -> float:
        """Sensor temperature now [°C]; NaN where the camera has no sensor for it or is closed."""
        value = self._now().value
        return float("nan") if value is None else value

    def note(self, reading: TemperatureReading) -> None:
        """Take a reading as the present one, and tell who subscribed."""
        old, self._last = self._last, reading
        self._run_subs(
            sub_type=self.SUB_VALUE,
            old_value=old.value,
            value=reading.value,
            timestamp=time.time(),
        )

    def locate(self) -> dict[str, Any]:
        """Set point and reading."""
        return {
            "setpoint": event_value(FIELDS["temperature_setpoint"], self._setpoint),
            "readback": self.get(),
        }

    def read(self) -> dict[str, dict[str, Any]]:
        """Temperature, set point, age and drive, now."""
        now = self._now()
        values = {
            "temperature": now.value,
            "temperature_start": now.value,
            "temperature_setpoint": now.setpoint,
            "temperature_age": None if now.time is None else self.parent.backend.clock.monotonic() - now.time,
            "cooler_power": now.power,
        }
        return {
            f"{self.parent.name}_{name}": {
                "value": event_value(FIELDS[name], value),
                "timestamp": self.parent.row_timestamp,
            }
            for name, value in values.items()
        }

    def describe(self) -> dict[str, dict[str, Any]]:
        """Types, units and limits."""
        self.parent.open()
        limits = self.parent.capabilities.temperature
        return {
            f"{self.parent.name}_{column.name}": data_key(
                column,
                source(self.parent.name, column.name),
                limits=limits if column.name in ("temperature", "temperature_setpoint") else None,
                precision=2,
            )
            for column in self.columns
        }

    def _now(self) -> TemperatureReading:
        cooler = self.parent.backend.cooler
        if cooler is None or not self.parent.is_open:
            return TemperatureReading()
        # During an exposure the camera's thread cannot answer, and nobody shall wait for its end.
        if not self.parent.exposing:
            self._last = self.parent.call(cooler.read)
        return self._last

    def _settle(
        self,
        status: ProgressStatus,
        target: float,
        allowed: float,
        waiting: _Waiting,
        regulating: Future[None],
    ) -> None:
        clock = self.parent.backend.clock
        cooler = self.parent.backend.cooler
        assert cooler is not None
        deadline = clock.monotonic() + allowed
        readings: deque[tuple[float, float]] = deque()
        try:
            regulating.result(allowed + _MARGIN)
            while not status.done:
                reading = self.parent.call(cooler.read, timeout=allowed + _MARGIN)
                self.note(reading)
                if reading.value is None:
                    raise NotSettled(f"temperature {target:g} degC not reached: the camera gives no reading")
                now = clock.monotonic()
                readings.append((now, reading.value))
                status.report(reading.value)
                if self._settled(readings, target):
                    status.set_finished()
                    return
                if now >= deadline:
                    raise NotSettled(
                        f"temperature {target:g} degC not settled within {allowed:g} s: it reached "
                        f"{reading.value:.2f} degC at {reading.power or 0.0:.0f} % cooler power. "
                        "Choose a warmer set point, wait longer (timeout=), or look at the supply"
                    )
                if clock.wait(self.poll, waiting.over):
                    if waiting.success:
                        status.set_finished()
                        return
                    raise NotSettled(f"waiting for {target:g} degC was stopped at {reading.value:.2f} degC")
        except Exception as error:  # noqa: BLE001  (whoever waits on the status gets it)
            if not status.done:
                status.set_exception(error)

    def _settled(self, readings: deque[tuple[float, float]], target: float) -> bool:
        last, value = readings[-1]
        if abs(value - target) > self.band:
            readings.clear()
            return False
        first, _ = readings[0]
        if last - first < self.hold:
            return False
        while len(readings) > 2 and last - readings[1][0] >= self.hold:
            readings.popleft()
        (begin, was), (end, became) = readings[0], readings[-1]
        return abs(became - was) / (end - begin) * 60.0 <= self.slope
