"""What a light is, to a camera that stands under it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from qhy600_ophyd.contract.limits import Limits


@runtime_checkable
class Light(Protocol):
    """A source of light: a backend's own, or a real one behind the same words."""

    @property
    def limits(self) -> Limits | tuple[str, ...]:
        """What `set` accepts: a range of levels, or their names."""
        ...

    @property
    def off(self) -> Any:
        """The level for dark frames."""
        ...

    @property
    def on(self) -> Any:
        """The level for bright frames, unless somebody chooses another."""
        ...

    @property
    def level(self) -> Any:
        """The level that is true now."""
        ...

    def set(self, level: Any) -> Any:
        """Change the level; returns what it became. Raises `SettingRefused`."""
        ...

    @property
    def irradiance(self) -> float | None:
        """Photons per pixel and second now, before quantum efficiency; ``None`` without calibration."""
        ...

    @property
    def wavelength(self) -> float | None:
        """Wavelength [nm]."""
        ...

    def photons(self, exposure: float) -> float | None:
        """Photons per sensor pixel (of a recording: per recorded pixel) in so many seconds at this level."""
        ...
