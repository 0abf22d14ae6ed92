"""A light as an ophyd device: movable, readable, and counted in photons where it is calibrated."""

from __future__ import annotations

import time
from typing import Any

from ophyd import Signal
from ophyd.status import Status

from qhy600_ophyd import contract
from qhy600_ophyd.contract import FIELDS, Limits, SettingRefused
from qhy600_ophyd.device.event_value import data_key, event_value

_PLANCK_TIMES_C = 1.98644586e-25
"""h·c [J m] (CODATA 2018)."""


class Light(Signal):
    """A source of light: ``set(level)``, and what falls on a pixel.

    ``read()`` yields ``<name>`` (actual level), ``<name>_requested``, ``<name>_irradiance`` [photon/pixel/s,
    before quantum efficiency], ``<name>_wavelength`` [nm] and ``<name>_power_density`` [W/m²], derived.

    Parameters
    ----------
    source
        What it moves: a backend's light, or a real one behind the same words.
    name
        Of the device.
    pixel_size
        Pitch [µm], for the power density.
    """

    def __init__(self, source: contract.Light, *, name: str, pixel_size: float | None = None, **kwargs: Any):
        super().__init__(name=name, **kwargs)
        self.source = source
        self.pixel_size = pixel_size
        self._requested: Any = source.level

    @property
    def requested(self) -> Any:
        """The level that was asked for last."""
        return self._requested

    @property
    def off(self) -> Any:
        """The level for dark frames."""
        return self.source.off

    @property
    def on(self) -> Any:
        """The level for bright frames."""
        return self.source.on

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest level; (0, 0), ophyd's word for none, where levels have names."""
        limits = self.source.limits
        return (limits.low, limits.high) if isinstance(limits, Limits) else (0, 0)

    @property
    def hints(self) -> dict[str, list[str]]:
        """The level."""
        return {"fields": [self.name]}

    def check_value(self, value: Any) -> None:
        """Raise `SettingRefused` for a level that the light does not have."""
        limits = self.source.limits
        if isinstance(limits, Limits):
            try:
                accepted = limits.accepts(float(value))
            except (TypeError, ValueError):
                accepted = False
            allowed = str(limits)
        else:
            accepted, allowed = value in limits, "one of " + ", ".join(map(repr, limits))
        if not accepted:
            raise SettingRefused("light", repr(value), allowed=allowed, now=repr(self.source.level))

    def set(self, value: Any, **_: Any) -> Status:
        """Change the level; done at once."""
        self.check_value(value)
        self._requested = value
        self.source.set(value)
        status = Status(obj=self)
        status.set_finished()
        return status

    def put(self, value: Any, **_: Any) -> None:
        """Change the level."""
        self.set(value)

    def get(self, **_: Any) -> Any:
        """The actual level."""
        return self.source.level

    def locate(self) -> dict[str, Any]:
        """Requested and actual level."""
        return {"setpoint": self._requested, "readback": self.get()}

    @property
    def power_density(self) -> float | None:
        """W/m² on the sensor: irradiance · h·c / wavelength / pixel area; ``None`` where one is unknown."""
        rate, wavelength = self.source.irradiance, self.source.wavelength
        if rate is None or wavelength is None or self.pixel_size is None:
            return None
        return rate * _PLANCK_TIMES_C / (wavelength * 1e-9) / (self.pixel_size * 1e-6) ** 2

    def read(self) -> dict[str, dict[str, Any]]:
        """Actual and requested level, irradiance, wavelength, power density."""
        number = FIELDS["irradiance"]
        values = {
            self.name: self._plain(self.get()),
            f"{self.name}_requested": self._plain(self._requested),
            f"{self.name}_irradiance": event_value(number, self.source.irradiance),
            f"{self.name}_wavelength": event_value(number, self.source.wavelength),
            f"{self.name}_power_density": event_value(number, self.power_density),
        }
        now = time.time()
        return {key: {"value": value, "timestamp": now} for key, value in values.items()}

    def describe(self) -> dict[str, dict[str, Any]]:
        """Types, units, limits or choices."""
        source, limits = f"qhy600:{self.name}", self.source.limits
        if isinstance(limits, Limits):
            level = data_key(FIELDS["irradiance"], source, limits=limits) | {"units": limits.unit}
        else:
            level = data_key(FIELDS["frame_kind"], source, choices=limits)
        return {
            self.name: level,
            f"{self.name}_requested": dict(level),
            f"{self.name}_irradiance": data_key(FIELDS["irradiance"], source),
            f"{self.name}_wavelength": data_key(FIELDS["wavelength"], source),
            f"{self.name}_power_density": data_key(FIELDS["irradiance"], source) | {"units": "W/m^2"},
        }

    def _plain(self, level: Any) -> Any:
        return float(level) if isinstance(self.source.limits, Limits) else level
