"""What a filter wheel is."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from qhy600_ophyd.contract.errors import SettingRefused


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


def check_slot(wheel: FilterWheel, slot: Any) -> int:
    """The slot, if the wheel has it; for wheels that are about to turn.

    Raises
    ------
    SettingRefused
        It has not, or no wheel answers.
    """
    slots = wheel.slots
    if not slots:
        advice = "A wheel that was just switched on answers after some 16 s"
        raise SettingRefused("filter slot", slot, allowed="nothing: no filter wheel answers", advice=advice)
    if isinstance(slot, bool) or slot not in range(1, slots + 1):
        raise SettingRefused("filter slot", slot, allowed=f"1 to {slots}", now=wheel.position())
    return int(slot)


@runtime_checkable
class CarriesFilterWheel(Protocol):
    """A camera with a port for a filter wheel."""

    @property
    def filter_wheel(self) -> FilterWheel:
        """The wheel, whether one is plugged in or not."""
        ...
