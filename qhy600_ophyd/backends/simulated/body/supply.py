"""The 12 V supply, the resistance of its cable, and what the camera does when too little arrives.

The camera takes a power whatever the voltage (its converters see to that; assumed), and `sensor.supply` works
out what arrives at its socket.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.sensor.supply import camera_volts
from qhy600_ophyd.sensor.supply import supply as published

DROPOUT = 9.0
"""Below this voltage the camera's own converters stop and it starts anew when it is back [V] (assumed)."""

NOT_CHECKED, CHECK_FAILED = 0, 2
_GOOD = {False: 8, True: 1}
_FAILED = {False: 9, True: 3}


def volts_at_current(voltage: float, cable_resistance: float, current: float) -> float:
    """Voltage at the camera [V] of a supply of `voltage` [V] over a cable [ohm] at a current [A]."""
    return voltage - current * cable_resistance


class Supply:
    """The 12 V that reach the camera, and the camera's memory of when they did not.

    When a check finds less than the lowest voltage, the firmware turns its cooler off and writes that into
    flash memory: from then on the cooler gets at most 70 %, after every start of the camera, until `reset`.
    The code that says so is of the present boot only. When so little arrives that the camera itself stops,
    it starts anew and has written nothing.

    Parameters
    ----------
    voltage
        At the adapter [V].
    cable_resistance
        Of both leads together [ohm].
    indirect_detection
        As in cameras made before September 2021, which say 3 where others say 9 (and 1 where others say 8;
        assumed).
    dropout
        Least voltage at which the camera runs at all [V] (assumed).
    """

    def __init__(
        self,
        voltage: float = 12.0,
        cable_resistance: float = 0.1,
        indirect_detection: bool = False,
        *,
        dropout: float = DROPOUT,
    ):
        self._voltage = _not_negative("supply voltage", voltage, "V")
        self._resistance = _not_negative("cable resistance", cable_resistance, "ohm")
        self._indirect = indirect_detection
        self._dropout = dropout
        self._idle_power = published().power[0]
        self._limit = published().undervoltage
        self._switched_on = True
        self._running = False
        self._boots = 0
        self._latched = False
        self._latched_at: float | None = None
        self._code = NOT_CHECKED
        self._fault: int | None = None
        self._lock = threading.RLock()
        self._listeners: list[Callable[[], None]] = []
        self.changes = 0
        """How often anything about it has changed; who has seen this number knows it all."""
        self._settle()

    def __repr__(self) -> str:
        state = "on" if self.powered else "off"
        latch = ", latched" if self.latched else ""
        return (
            f"<Supply {self._voltage:g} V over {self._resistance:g} ohm, {state}, code {self._code}{latch}>"
        )

    def attach(self, listener: Callable[[], None]) -> None:
        """Call `listener` before and after every change, and before every answer that depends on time."""
        self._listeners.append(listener)

    @property
    def voltage(self) -> float:
        """At the adapter [V]; can be set."""
        return self._voltage

    @voltage.setter
    def voltage(self, volts: float) -> None:
        self._change(_voltage=_not_negative("supply voltage", volts, "V"))

    @property
    def cable_resistance(self) -> float:
        """Of both leads together [ohm]; can be set."""
        return self._resistance

    @cable_resistance.setter
    def cable_resistance(self, ohms: float) -> None:
        self._change(_resistance=_not_negative("cable resistance", ohms, "ohm"))

    @property
    def fault(self) -> int | None:
        """What the check finds whatever the voltage, until set to ``None``.

        2: the check itself fails. 3 or 9: a false alarm, from interference or outdated firmware.
        """
        return self._fault

    @fault.setter
    def fault(self, code: int | None) -> None:
        if code not in (None, CHECK_FAILED, *_FAILED.values()):
            raise SettingRefused("supply fault", code, allowed="2, 3, 9 or None", now=self._fault)
        self._change(_fault=code)

    def volts(self, power_w: float) -> float:
        """At the camera when it takes so much [V]; 0 when the supply is off or cannot deliver that."""
        with self._lock:
            return camera_volts(self._voltage, self._resistance, power_w) if self._switched_on else 0.0

    def power_at(self, volts: float) -> float:
        """Power [W] at which the camera's voltage falls to `volts`; infinite without a cable's resistance."""
        with self._lock:
            volts = max(volts, 0.5 * self._voltage)
            margin = volts * (self._voltage - volts)
            return margin / self._resistance if self._resistance > 0 else math.copysign(math.inf, margin)

    @property
    def safe_power(self) -> float:
        """Power [W] above which a check finds something; minus infinity where it does in any case."""
        with self._lock:
            if self._fault == CHECK_FAILED == self._code:
                return self.power_at(self._dropout)
            if self._fault is not None or self._code in (NOT_CHECKED, CHECK_FAILED):
                return -math.inf
            return self.power_at(self._limit)

    @property
    def powered(self) -> bool:
        """Whether enough arrives for the camera to run."""
        self._bring_up()
        return self._running

    @property
    def boots(self) -> int:
        """How often the camera has started; whoever holds its registers forgets them when this changes."""
        self._bring_up()
        return self._boots

    @property
    def code(self) -> int:
        """What the last check of this boot found; an undervoltage stays until `reset` or the next boot."""
        self._bring_up()
        return self._code

    @property
    def failed(self) -> bool:
        """Whether `code` means an undervoltage."""
        return self.code in _FAILED.values()

    @property
    def latched(self) -> bool:
        """Whether the flash memory holds an undervoltage."""
        self._bring_up()
        return self._latched

    @property
    def latched_at(self) -> float | None:
        """When that was written, as `check` was told [s]."""
        self._bring_up()
        return self._latched_at

    @property
    def duty_limit(self) -> float:
        """Greatest duty that the firmware gives its cooler, 0 to 1."""
        return published().latched_duty if self.latched else 1.0

    def check(self, power_w: float, now: float) -> bool:
        """What the firmware does once a second: look at the voltage, remember when it is too low.

        Parameters
        ----------
        power_w
            What the camera takes [W].
        now
            On the camera's clock [s].

        Returns
        -------
        bool
            Whether the cooler has to be off now: an undervoltage was found, or the camera has just stopped.
        """
        with self._lock:
            if not self._running:
                return True
            volts = self.volts(power_w)
            self.changes += 1
            if volts < self._dropout:
                self._running = False
                self._settle()
                return True
            alarm = volts < self._limit or self._fault in _FAILED.values()
            if self._fault == CHECK_FAILED:
                self._code = CHECK_FAILED
                return False
            if alarm:
                self._code = self._fault or _FAILED[self._indirect]
                self._latched, self._latched_at = True, now
            elif self._code not in _FAILED.values():
                self._code = _GOOD[self._indirect]
            return alarm

    def reset(self) -> None:
        """Erase the undervoltage from the flash memory, and its code."""
        self._change(_latched=False, _latched_at=None, _code=NOT_CHECKED)

    def off(self) -> None:
        """Switch the 12 V off."""
        self._change(_switched_on=False)

    def on(self) -> None:
        """Switch the 12 V on; the camera starts."""
        self._change(_switched_on=True)

    def power_cycle(self) -> None:
        """Off and on: the camera starts anew, the USB cable stays in."""
        self.off()
        self.on()

    def _change(self, **fields: object) -> None:
        self._bring_up()
        with self._lock:
            for name, value in fields.items():
                setattr(self, name, value)
            self.changes += 1
            self._settle()
        self._bring_up()

    def _bring_up(self) -> None:
        """Let whoever is fed do what it would have done until now. Never called with the lock held."""
        for listener in self._listeners:
            listener()

    def _settle(self) -> None:
        """Stop the camera, or start it, as the voltage says when the cooler is off."""
        enough = self.volts(self._idle_power) >= self._dropout
        if enough and not self._running:
            self._boots += 1
            self._code = NOT_CHECKED
        self._running = enough


def _not_negative(setting: str, value: float, unit: str) -> float:
    if not (math.isfinite(value) and value >= 0):
        raise SettingRefused(setting, f"{value:g}", allowed=f"finite numbers from 0 {unit} on")
    return float(value)
