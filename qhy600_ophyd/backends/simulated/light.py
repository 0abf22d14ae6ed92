"""The light that the simulated camera stands under."""

from __future__ import annotations

from qhy600_ophyd.contract import Limits, SettingRefused
from qhy600_ophyd.sensor import NotPublished
from qhy600_ophyd.sensor.quantum_efficiency import quantum_efficiency

BRIGHTEST = 1e7


class SimulatedLight:
    """An even, steady and monochromatic light.

    Parameters
    ----------
    irradiance
        Level of bright frames [photon/pixel/s], before quantum efficiency.
    wavelength
        [nm], where the sensor's quantum efficiency is published.

    Raises
    ------
    SettingRefused
        One of the two cannot be simulated.
    """

    off = 0.0
    limits = Limits(low=0.0, high=BRIGHTEST, unit="photon/pixel/s")

    def __init__(self, *, irradiance: float, wavelength: float):
        try:
            quantum_efficiency(wavelength)
        except NotPublished as missing:
            raise SettingRefused("wavelength", f"{wavelength:g}", allowed=str(missing)) from None
        self._wavelength = wavelength
        self._level = 0.0
        self.on = self.set(irradiance)

    @property
    def level(self) -> float:
        """Photons per pixel and second now."""
        return self._level

    def set(self, level: float) -> float:
        """Change the level; returns what it became. Raises `SettingRefused`."""
        try:
            number = float(level)
        except (TypeError, ValueError):
            raise SettingRefused(
                "light", repr(level), allowed=str(self.limits), now=f"{self._level:g}"
            ) from None
        if not self.limits.accepts(number):
            raise SettingRefused("light", f"{number:g}", allowed=str(self.limits), now=f"{self._level:g}")
        self._level = number
        return number

    @property
    def irradiance(self) -> float:
        """Photons per pixel and second now."""
        return self._level

    @property
    def wavelength(self) -> float:
        """Wavelength [nm]."""
        return self._wavelength

    def photons(self, exposure: float) -> float:
        """Photons per pixel in an exposure of that many seconds at the present level."""
        return self._level * exposure
