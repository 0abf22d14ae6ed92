"""The parts of a camera in another process: its light, its cooler, its filter wheel."""

from __future__ import annotations

import functools
from typing import Any

from qhy600_ophyd.backends.isolated.link import Link
from qhy600_ophyd.backends.isolated.messages import SET
from qhy600_ophyd.contract import Cooler, FilterWheel, Light, Limits, TemperatureReading


class DistantLight:
    """A light that shines on a camera in another process.

    While no process runs it is that of the camera never opened, and what is set then, or was set before, is
    set again when a process starts. What the contract does not name (``scene``) is forwarded too.

    Parameters
    ----------
    link
        To the camera's process.
    unopened
        The light of a camera made alike, and never opened.
    """

    def __init__(self, link: Link, unopened: Light):
        self.__dict__.update(_link=link, _unopened=unopened, _changes=[])

    @property
    def limits(self) -> Limits | tuple[str, ...]:
        """What `set` accepts: a range of levels, or their names."""
        return self._value("limits")

    @property
    def off(self) -> Any:
        """The level for dark frames."""
        return self._value("off")

    @property
    def on(self) -> Any:
        """The level for bright frames."""
        return self._value("on")

    @property
    def level(self) -> Any:
        """The level that is true now."""
        return self._value("level")

    @property
    def irradiance(self) -> float | None:
        """Photons per pixel and second now; ``None`` without calibration."""
        return self._value("irradiance")

    @property
    def wavelength(self) -> float | None:
        """Wavelength [nm]."""
        return self._value("wavelength")

    def set(self, level: Any) -> Any:
        """Change the level; returns what it became. Raises `SettingRefused`."""
        became = self._call("set", level)
        if self._link.running:
            self._unopened.set(level)
        self._remember("set", level)
        return became

    def photons(self, exposure: float) -> float | None:
        """Photons per pixel in so many seconds at this level; ``None`` where nobody knows."""
        return self._call("photons", exposure)

    def shine_again(self) -> None:
        """Set in a new process what was set before."""
        for name, value in self._changes:
            if name == "set":
                self._link.beside("light.set", value)
            else:
                self._link.beside(SET, "light", name, value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(self._unopened, name):
            raise AttributeError(f"the light of this camera has no {name!r}")
        if callable(getattr(self._unopened, name)):
            return functools.partial(self._call, name)
        return self._value(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or not hasattr(self._unopened, name):
            raise AttributeError(f"the light of this camera has no {name!r} that could be set")
        if self._link.running:
            self._link.beside(SET, "light", name, value)
        setattr(self._unopened, name, value)
        self._remember(name, value)

    def _value(self, name: str) -> Any:
        return self._link.value(f"light.{name}") if self._link.running else getattr(self._unopened, name)

    def _call(self, name: str, *arguments: Any) -> Any:
        if self._link.running:
            return self._link.beside(f"light.{name}", *arguments)
        return getattr(self._unopened, name)(*arguments)

    def _remember(self, name: str, value: Any) -> None:
        # In their order, since some refuse what does not fit others; the last of a series is enough.
        if self._changes and self._changes[-1][0] == name:
            self._changes.pop()
        self._changes.append((name, value))

    def __repr__(self) -> str:
        return f"<DistantLight {self.level!r}>"


class _InTurn:
    """A part that the camera's own thread uses, one call after the other.

    Parameters
    ----------
    path
        From the camera to it.
    link
        To the camera's process.
    unopened
        That of a camera made alike, and never opened, which says what a closed one says.
    """

    def __init__(self, path: str, link: Link, unopened: Any):
        self._path, self._link, self._unopened = path, link, unopened

    def _call(self, name: str, *arguments: Any) -> Any:
        if self._link.process is None:
            return getattr(self._unopened, name)(*arguments)
        return self._link.in_turn(f"{self._path}.{name}", *arguments)

    def _value(self, name: str) -> Any:
        if self._link.process is None:
            return getattr(self._unopened, name)
        return self._link.value_in_turn(f"{self._path}.{name}")


class DistantCooler(_InTurn):
    """The cooler of a camera in another process; what it regulates to, it regulates to again in the next one.

    Parameters
    ----------
    link
        To the camera's process.
    unopened
        The cooler of a camera made alike, and never opened, which says what a closed one says.
    """

    def __init__(self, link: Link, unopened: Cooler):
        super().__init__("cooler", link, unopened)
        self._setpoint: float | None = None

    def read(self) -> TemperatureReading:
        """Temperature, set point and drive, now. Raises `CameraNotReady` or `CameraLost`."""
        return self._call("read")

    def regulate(self, setpoint: float) -> None:
        """Regulate to `setpoint` [°C]. Raises `SettingRefused` outside the limits."""
        self._call("regulate", setpoint)
        self._setpoint = setpoint

    def off(self) -> None:
        """Stop cooling."""
        self._call("off")
        self._setpoint = None

    def go_on(self) -> None:
        """Regulate in a new process as before."""
        if self._setpoint is not None:
            self._call("regulate", self._setpoint)


class DistantFilterWheel(_InTurn):
    """The filter wheel of a camera in another process.

    Parameters
    ----------
    link
        To the camera's process.
    unopened
        The wheel of a camera made alike, and never opened, which says what a closed one says.
    """

    def __init__(self, link: Link, unopened: FilterWheel):
        super().__init__("filter_wheel", link, unopened)

    @property
    def slots(self) -> int:
        """How many filters it holds; 0 where no wheel answers."""
        return self._value("slots")

    def position(self) -> int | None:
        """The slot in front of the sensor, from 1; ``None`` while it turns."""
        return self._call("position")

    def turn_to(self, slot: int) -> None:
        """Start turning to a slot, from 1; returns at once. Raises `SettingRefused` for one it has not."""
        self._call("turn_to", slot)
