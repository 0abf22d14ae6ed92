"""A setting of the camera as a signal: what was requested beside what is actual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ophyd import Signal
from ophyd.status import Status
from ophyd.utils import LimitError

from qhy600_ophyd.contract import FIELDS, Field, Limits, SettingRefused
from qhy600_ophyd.device.event_value import data_key, event_value, source
from qhy600_ophyd.device.progress import done

if TYPE_CHECKING:
    from qhy600_ophyd.device.panel import Panel


class SettingOutOfLimits(SettingRefused, LimitError):
    """A refused setting, in the class that bluesky's ``check_limits`` looks for."""

    @classmethod
    def of(cls, no: SettingRefused) -> SettingOutOfLimits:
        """The same refusal in this class."""
        return cls(no.setting, no.asked, allowed=no.allowed, now=no.now, advice=no.advice)


class Setting(Signal):
    """One setting: settable, readable, and an axis of a scan.

    ``set()`` checks the single value and returns at once; the settings are checked together and applied
    at the next trigger, so that a new mode and a new gain may come in either order. ``read()`` yields
    ``<name>`` (actual: written since the last initialisation and confirmed by read-back) and
    ``<name>_requested``. An equal value is written again, never suppressed.
    """

    parent: Panel
    precision: int | None = None

    @property
    def columns(self) -> tuple[Field, ...]:
        """The columns of the vocabulary that this signal reads."""
        return FIELDS[self.attr_name], FIELDS[f"{self.attr_name}_requested"]

    @property
    def hints(self) -> dict[str, list[str]]:
        """The setting itself, whatever its kind, so that it always works as the axis of a scan."""
        return {"fields": [self.name]}

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest value; (0, 0), ophyd's word for none, where there are no limits."""
        limits = self._limits()
        return (limits.low, limits.high) if limits else (0, 0)

    def check_value(self, value: Any) -> None:
        """Raise `SettingRefused` (also ophyd's ``LimitError``) for a value that can never be applied."""
        self._checked(value)

    def set(self, value: Any, **_: Any) -> Status:
        """Request a value for the next trigger; the returned status is already done."""
        self.parent.request(self.attr_name, self._checked(value))
        return done(self)

    def put(self, value: Any, *, force: bool = False, **kwargs: Any) -> None:
        """Request a value, as `set` does; with `force`, the device itself records what is actual."""
        if force:
            super().put(value, force=True, **kwargs)
        else:
            self.set(value)

    def get(self, **_: Any) -> Any:
        """The actual value."""
        return event_value(FIELDS[self.attr_name], getattr(self.parent.actual, self.attr_name))

    def locate(self) -> dict[str, Any]:
        """Requested and actual, as ``setpoint`` and ``readback``."""
        reading = self.read()
        return {
            "setpoint": reading[f"{self.name}_requested"]["value"],
            "readback": reading[self.name]["value"],
        }

    def read(self) -> dict[str, dict[str, Any]]:
        """Actual and requested, now."""
        _, requested = self.columns
        asked = getattr(self.parent.requested, self.attr_name)
        return {
            self.name: {"value": self.get(), "timestamp": self.timestamp},
            f"{self.name}_requested": {"value": event_value(requested, asked), "timestamp": self.timestamp},
        }

    def describe(self) -> dict[str, dict[str, Any]]:
        """Type, unit, limits, precision and choices of both."""
        self.parent.open()
        return {
            name: data_key(
                column,
                source(self.parent.name, column.name),
                limits=self._limits(),
                choices=self._choices(),
                precision=self.precision,
            )
            for name, column in zip((self.name, f"{self.name}_requested"), self.columns, strict=True)
        }

    def _limits(self) -> Limits | None:
        return getattr(self.parent.capabilities, self.attr_name, None) if self.parent.was_opened else None

    def _choices(self) -> tuple[str, ...]:
        return ()

    def _checked(self, value: Any) -> Any:
        self.parent.open()
        try:
            now = getattr(self.parent.actual, self.attr_name)
            return self.parent.capabilities.check(self.attr_name, value, now=now)
        except SettingRefused as no:
            raise SettingOutOfLimits.of(no) from None


def _not_a_flag(setting: Setting, value: Any) -> Any:
    # Python takes True for 1; whoever sends it to a register has mistaken one setting for another.
    if isinstance(value, (bool, np.bool_)):
        now = getattr(setting.parent.actual, setting.attr_name)
        raise SettingOutOfLimits(setting.attr_name, value, allowed="a number, not a yes or no", now=now)
    return value


class NumberSetting(Setting):
    """A register or the exposure time; float64 in every document."""

    precision = 3

    def _checked(self, value: Any) -> Any:
        return super()._checked(_not_a_flag(self, value))


class ExposureSetting(NumberSetting):
    """Exposure time of a row [s]."""

    precision = 6


class ChoiceSetting(Setting):
    """A number out of a few: binning, bit depth."""

    precision = 0

    def _limits(self) -> None:
        return None

    def _checked(self, value: Any) -> Any:
        return super()._checked(_not_a_flag(self, value))


class ModeSetting(Setting):
    """The readout mode: set by name or by its index in this camera's list, read as the name."""

    def _limits(self) -> None:
        return None

    def _choices(self) -> tuple[str, ...]:
        return tuple(m.name for m in self.parent.capabilities.modes if not m.refused)


class FlagSetting(Setting):
    """On or off."""

    def _limits(self) -> None:
        return None


class AreaSetting(Setting):
    """The area read, (x, y, width, height) in unbinned pixels; ``set(None)`` asks for all of it again."""

    def _limits(self) -> None:
        return None

    def _checked(self, value: Any) -> Any:
        return None if value is None else super()._checked(value)
