"""The light that the simulated camera stands under."""

from __future__ import annotations

from collections.abc import Callable

from qhy600_ophyd.backends.simulated.inputs import LightState
from qhy600_ophyd.backends.simulated.scene.names import scene_named
from qhy600_ophyd.contract import Limits, SettingRefused
from qhy600_ophyd.sensor import NotPublished
from qhy600_ophyd.sensor.quantum_efficiency import quantum_efficiency

BRIGHTEST = 1e7


class SimulatedLight:
    """A monochromatic light with a shape, which may flicker.

    Parameters
    ----------
    irradiance
        Level of bright frames [photon/pixel/s], before filters and quantum efficiency, in the mean over the
        image and over flicker.
    wavelength
        [nm], where the sensor's quantum efficiency is published.
    scene
        ``flat``, ``gradient``, ``stars``, ``beads`` or ``cells``, with parameters as in
        ``gradient slope=-0.8 angle=45``.
    flicker_frequency
        [Hz] of the light itself: 100 for most lamps on mains of 50 Hz. 0 for a steady lamp.
    flicker_depth
        Amplitude of the flicker relative to the mean, 0 to 1.

    Raises
    ------
    SettingRefused
        One of them cannot be simulated.
    """

    off = 0.0
    limits = Limits(low=0.0, high=BRIGHTEST, unit="photon/pixel/s")
    flicker_frequency_limits = Limits(low=0.0, high=1e5, unit="Hz")
    flicker_depth_limits = Limits(low=0.0, high=1.0, unit="1")

    def __init__(
        self,
        *,
        irradiance: float,
        wavelength: float,
        scene: str = "flat",
        flicker_frequency: float = 0.0,
        flicker_depth: float = 0.0,
    ):
        try:
            quantum_efficiency(wavelength)
        except NotPublished as missing:
            raise SettingRefused("wavelength", f"{wavelength:g}", allowed=str(missing)) from None
        self._wavelength = wavelength
        self._level = self._flicker_frequency = self._flicker_depth = 0.0
        self._transmission: Callable[[], float] = lambda: 1.0
        self._scene = str(scene_named(scene))
        self.flicker_frequency = flicker_frequency
        self.flicker_depth = flicker_depth
        self.on = self.set(irradiance)

    def filtered_by(self, transmission: Callable[[], float]) -> None:
        """Let a filter stand in the light, whose transmission, 0 to 1, is asked whenever it matters."""
        self._transmission = transmission

    @property
    def level(self) -> float:
        """Photons per pixel and second that it gives now, before any filter."""
        return self._level

    def set(self, level: float) -> float:
        """Change the level; returns what it became. Raises `SettingRefused`."""
        self._level = _number("light", level, self.limits, self._level)
        return self._level

    @property
    def irradiance(self) -> float:
        """Photons per pixel and second now, behind the filter."""
        return self._level * self._transmission()

    @property
    def wavelength(self) -> float:
        """Wavelength [nm]."""
        return self._wavelength

    @property
    def scene(self) -> str:
        """Shape of the light, by name; settable. Raises `SettingRefused`."""
        return self._scene

    @scene.setter
    def scene(self, name: str) -> None:
        try:
            self._scene = str(scene_named(name))
        except SettingRefused as no:
            raise SettingRefused("scene", no.asked, allowed=no.allowed, now=repr(self._scene)) from None

    @property
    def flicker_frequency(self) -> float:
        """[Hz]; settable. Raises `SettingRefused`, also for 0 while there is a flicker depth."""
        return self._flicker_frequency

    @flicker_frequency.setter
    def flicker_frequency(self, frequency: float) -> None:
        now = self._flicker_frequency
        number = _number("flicker_frequency", frequency, self.flicker_frequency_limits, now)
        if number == 0 and self._flicker_depth > 0:
            raise SettingRefused(
                "flicker_frequency",
                "0",
                allowed=f"more than 0 with flicker_depth {self._flicker_depth:g}",
                now=f"{now:g}",
                advice="For a steady light set flicker_depth to 0",
            )
        self._flicker_frequency = number

    @property
    def flicker_depth(self) -> float:
        """Relative amplitude; settable. Raises `SettingRefused`, also above 0 without a frequency."""
        return self._flicker_depth

    @flicker_depth.setter
    def flicker_depth(self, depth: float) -> None:
        now = self._flicker_depth
        number = _number("flicker_depth", depth, self.flicker_depth_limits, now)
        if number > 0 and self._flicker_frequency == 0:
            raise SettingRefused(
                "flicker_depth",
                f"{number:g}",
                allowed="0 with flicker_frequency 0",
                now=f"{now:g}",
                advice="Set flicker_frequency first, such as 100 Hz",
            )
        self._flicker_depth = number

    def photons(self, exposure: float) -> float:
        """Photons per pixel in an exposure of that many seconds as the light is now, without flicker."""
        return self.irradiance * exposure

    def state(self) -> LightState:
        """All of it, as it is now."""
        return LightState(
            irradiance=self.irradiance,
            wavelength=self._wavelength,
            scene=self._scene,
            flicker_frequency=self._flicker_frequency,
            flicker_depth=self._flicker_depth,
        )


def _number(name: str, value: object, limits: Limits, now: float) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise SettingRefused(name, repr(value), allowed=str(limits), now=f"{now:g}") from None
    if not limits.accepts(number):
        raise SettingRefused(name, f"{number:g}", allowed=str(limits), now=f"{now:g}")
    return number
