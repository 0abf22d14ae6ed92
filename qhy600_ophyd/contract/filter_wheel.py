"""What a filter wheel is."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class FilterWheel(Protocol):
    """A wheel of filters between light and sensor. The camera's thread uses it."""

    @property
    def slots(self) -> int:
        """How many filters it holds; 0 where no wheel answers."""
        ...

    def position(self) -> int | None:
        """The slot in front of the sensor, from 1; ``None`` while it turns."""
        ...

    def turn_to(self, slot: int) -> None:
        """Start turning to a slot, from 1; returns at once. Raises `SettingRefused` for one it has not."""
        ...


@runtime_checkable
class CarriesFilterWheel(Protocol):
    """A camera with a port for a filter wheel."""

    @property
    def filter_wheel(self) -> FilterWheel:
        """The wheel, whether one is plugged in or not."""
        ...
