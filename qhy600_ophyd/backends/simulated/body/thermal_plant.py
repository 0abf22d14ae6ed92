"""Temperature of the sensor: the two nodes, driven by the firmware, fed by the supply."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from qhy600_ophyd.backends.simulated.body.environment import HEATER_LOAD, HEATER_POWER
from qhy600_ophyd.backends.simulated.body.heat import Heat
from qhy600_ophyd.backends.simulated.body.regulation import FULL, PERIOD, Regulation
from qhy600_ophyd.backends.simulated.body.supply import Supply
from qhy600_ophyd.backends.simulated.body.thermometer import Thermometer
from qhy600_ophyd.contract import Clock, SettingRefused
from qhy600_ophyd.sensor.cooling import cooling, thermal_constants
from qhy600_ophyd.sensor.supply import supply as supply_needs

_HELD = 1e-3
"""A sensor that will not leave its target by more than twice this any more is left alone [K]."""

_LASTING = 20.0
"""When exp(-20) is left of a course, the power no longer changes."""

_SHORT = 1.0
"""Means over less than this [s] are taken from the two ends, because differences of integrals lose digits."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A moment from which a mean is to be taken; see `ThermalPlant.mean_since`.

    Parameters
    ----------
    time
        Of the camera [s].
    integral
        Of the temperature up to then [°C s].
    temperature
        Then [°C].
    """

    time: float
    integral: float
    temperature: float


class ThermalPlant:
    """The sensor's temperature at any time, as exact as the two nodes are.

    Between two events the temperatures follow closed formulas. Events are changes from outside, and the steps
    of the firmware once a second, while it still has to change the duty. Nothing depends on how often or by
    which thread it is asked. At the beginning the camera has long been powered with its cooler off.

    Parameters
    ----------
    clock
        What it ages on.
    ambient
        Temperature of the air, or of the cooling water [°C].
    liquid
        Whether water takes the heat away.
    supply
        What feeds it, and is checked once a second.
    seed
        Of the thermometer's noise.
    """

    def __init__(self, clock: Clock, ambient: float, liquid: bool, supply: Supply, seed: int):
        self._clock = clock
        self._supply = supply
        self._constants = thermal_constants(liquid=liquid)
        self._thermometer = Thermometer(seed)
        self._lock = threading.RLock()
        self._origin = clock.monotonic()
        self._tick = 0
        self._fast = False
        self._heater = False
        self._regulation: Regulation | None = None
        self._held = False
        self._busy = False
        self._changes_seen = -1
        self._supply_seen = self._seen()
        self._heat = Heat(ambient=_ambient(ambient), load=self._load(), liquid=liquid)
        supply.attach(self._follow_supply)

    def __repr__(self) -> str:
        aim = f"PWM {self.pwm}" if self.setpoint is None else f"to {self.setpoint:g} °C with PWM {self.pwm}"
        return f"<ThermalPlant {self.temperature():.2f} °C, {aim}, {self.power:.1f} W>"

    def temperature(self) -> float:
        """Of the sensor, truly [°C]."""
        with self._now() as now:
            return self._heat.cold(now)

    def reading(self) -> float:
        """What the thermometer says [°C]; see `Thermometer`."""
        with self._now() as now:
            return self._thermometer.reading(self._heat.cold(now), math.floor(now / PERIOD))

    def mark(self) -> Mark:
        """Now, for `mean_since`."""
        with self._now() as now:
            return Mark(time=now, integral=self._heat.integral(now), temperature=self._heat.cold(now))

    def mean_since(self, mark: Mark) -> float:
        """Mean of the sensor's true temperature since `mark` [°C]."""
        with self._now() as now:
            if now - mark.time < _SHORT:
                return 0.5 * (mark.temperature + self._heat.cold(now))
            return (self._heat.integral(now) - mark.integral) / (now - mark.time)

    def target(self, celsius: float | None) -> None:
        """Regulate to a temperature [°C], or switch the cooler off with ``None``.

        The firmware takes what lies beyond its limits as the limit; without power it is told in vain.
        Raises `SettingRefused` for what is not a finite number.
        """
        if celsius is not None and not math.isfinite(celsius):
            raise SettingRefused("temperature", celsius, allowed="finite numbers of degC", now=self.setpoint)
        with self._now() as now:
            if celsius is None or not self._supply.powered:
                self._drive(now, 0.0)
                return
            low, high = cooling().setpoint
            kept = min(max(float(celsius), low), high)
            # Asked again for what it does already, the firmware goes on as it was.
            if self._regulation is None or self._regulation.target != kept:
                self._regulation = Regulation(kept)
                self._held = False

    def manual(self, pwm: float) -> None:
        """Drive the cooler with 0 to 255 from now on and regulate no more; beyond, the nearer end is taken.

        Raises `SettingRefused` for what is not a finite number.
        """
        if not math.isfinite(pwm):
            raise SettingRefused("cooler power", pwm, allowed=f"0–{FULL}", now=self.pwm)
        with self._now() as now:
            duty = min(max(pwm / FULL, 0.0), self._supply.duty_limit)
            self._drive(now, duty if self._supply.powered else 0.0)

    def fast(self, on: bool) -> None:
        """Whether frames follow each other in less than a second, which heats the sensor more."""
        with self._now() as now:
            self._fast = on
            self._change(now, load=self._load())

    def window_heater(self, on: bool) -> None:
        """Heat the window, and a little the sensor behind it."""
        with self._now() as now:
            self._heater = on
            self._change(now, load=self._load())

    @property
    def ambient(self) -> float:
        """Of the air, or of the cooling water [°C]; can be set."""
        return self._heat.ambient

    @ambient.setter
    def ambient(self, celsius: float) -> None:
        with self._now() as now:
            self._change(now, ambient=_ambient(celsius))

    @property
    def setpoint(self) -> float | None:
        """What is regulated to [°C]; ``None`` when nothing is."""
        with self._now():
            return None if self._regulation is None else self._regulation.target

    @property
    def pwm(self) -> int:
        """Drive of the cooler, 0 to 255, rounded; the duty itself has finer steps (assumed)."""
        with self._now():
            return round(self._heat.duty * FULL)

    @property
    def power(self) -> float:
        """What the camera takes from the supply [W]; 0 when it is not powered."""
        with self._now() as now:
            return self._power(now) if self._supply.powered else 0.0

    @contextmanager
    def _now(self) -> Iterator[float]:
        """Hold the lock, with everything brought up to now [s], which is given."""
        with self._lock:
            self._busy = True
            try:
                yield self._advance()
            finally:
                self._busy = False

    def _advance(self) -> float:
        """Bring everything up to now [s], which is returned."""
        now = self._clock.monotonic() - self._origin
        last = math.floor(now / PERIOD)
        while (tick := self._next_event(last)) is not None:
            self._tick = tick
            at = tick * PERIOD
            if self._supply.check(self._power(at), self._origin + at):
                self._drive(at, 0.0)
                self._supply_seen = self._seen()
            elif self._regulation is not None and not self._held:
                self._regulate(at, self._regulation)
        self._tick = max(self._tick, last)
        return now

    def _next_event(self, last: int) -> int | None:
        """Number of the next step of the firmware, up to `last`, in which something happens."""
        if last <= self._tick or not self._supply.powered:
            return None
        if self._regulation is not None and not self._held:
            return self._tick + 1
        if self._heat.duty == 0 and self._regulation is None and self._supply.failed:
            return None  # there is nothing left that a check could turn off
        end = math.ceil(self._heat.lasts_until(_LASTING) / PERIOD)
        ticks = np.arange(self._tick + 1, min(last, max(end, self._tick + 1)) + 1, dtype=np.float64)
        powers = self._idle_power() + self._heat.cooler_power(PERIOD * ticks)
        alarms = np.flatnonzero(powers > self._supply.safe_power)
        return int(ticks[alarms[0]]) if alarms.size else None

    def _regulate(self, at: float, regulation: Regulation) -> None:
        heat, limit = self._heat, self._supply.duty_limit
        heat.change(at, duty=regulation.step(heat.cold(at), heat.duty, limit))
        error = heat.end - regulation.target
        as_far_as_it_goes = (error > 0 and heat.duty == limit) or (error < 0 and heat.duty == 0)
        self._held = heat.left < _HELD and (abs(error) < _HELD or as_far_as_it_goes)

    def _follow_supply(self) -> None:
        """What the supply calls when it changes or is asked, also while it is asked from here."""
        due = math.floor((self._clock.monotonic() - self._origin) / PERIOD)
        if due <= self._tick and self._changes_seen == self._supply.changes:
            return  # no step of the firmware is due, and nothing is new: the usual case, many times a frame
        with self._lock:
            if self._busy:
                return
            with self._now() as now:
                self._changes_seen = self._supply.changes
                if self._seen() == self._supply_seen:
                    return
                if self._supply.boots != self._supply_seen[0] or not self._supply.powered:
                    self._drive(now, 0.0)
                self._change(now, duty=min(self._heat.duty, self._supply.duty_limit), load=self._load())
                self._supply_seen = self._seen()

    def _seen(self) -> tuple[int, bool, float]:
        return self._supply.boots, self._supply.powered, self._supply.duty_limit

    def _drive(self, at: float, duty: float) -> None:
        """End the regulation and hold `duty`."""
        self._regulation = None
        self._change(at, duty=duty, load=self._load())

    def _change(
        self, at: float, *, duty: float | None = None, load: float | None = None, ambient: float | None = None
    ) -> None:
        self._heat.change(at, duty=duty, load=load, ambient=ambient)
        self._held = False

    def _load(self) -> float:
        """Heat into the sensor [W]."""
        if not self._supply.powered:
            return 0.0
        sensor = self._constants.heat_fast if self._fast else self._constants.heat_long
        return sensor + (HEATER_LOAD if self._heater else 0.0)

    def _idle_power(self) -> float:
        return supply_needs().power[0] + (HEATER_POWER if self._heater else 0.0)

    def _power(self, at: float) -> float:
        return self._idle_power() + self._heat.cooler_power_at(at)


def _ambient(celsius: float) -> float:
    if not -50 <= celsius <= 60:
        raise SettingRefused("ambient", f"{celsius:g}", allowed="-50–60 degC")
    return float(celsius)
