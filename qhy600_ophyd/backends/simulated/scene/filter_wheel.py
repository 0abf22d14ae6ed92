"""A filter wheel between the simulated light and the sensor."""

from __future__ import annotations

from qhy600_ophyd.backends.simulated.scene.light import SimulatedLight
from qhy600_ophyd.contract import Clock, SettingRefused, check_slot

SLOT_TIME = 1.0
"""Seconds from one slot to the next; assumed, since nobody publishes it."""

MOST_SLOTS = 16
"""A real wheel's slots are one hexadecimal digit."""


class SimulatedFilterWheel:
    """Grey filters that turn with the time of the camera's clock.

    While it turns, nothing passes.

    Parameters
    ----------
    light
        What it stands in.
    clock
        The camera's.
    transmissions
        Of each filter, 0 to 1; none for a camera without a wheel.

    Raises
    ------
    SettingRefused
        There are too many, or one of them is no transmission.
    """

    def __init__(self, light: SimulatedLight, clock: Clock, transmissions: tuple[float, ...]):
        if len(transmissions) > MOST_SLOTS:
            raise SettingRefused("filters", f"{len(transmissions)} of them", allowed=f"at most {MOST_SLOTS}")
        if any(not 0.0 <= transmission <= 1.0 for transmission in transmissions):
            raise SettingRefused("filters", transmissions, allowed="transmissions from 0 to 1")
        self._light, self._clock, self._transmissions = light, clock, tuple(transmissions)
        self._slot, self._arrives = 1, float("-inf")
        if transmissions:
            light.filtered_by(self._transmission)

    @property
    def slots(self) -> int:
        """How many filters it holds."""
        return len(self._transmissions)

    def position(self) -> int | None:
        """The slot in front of the sensor, from 1; ``None`` while it turns."""
        return self._slot if self._clock.monotonic() >= self._arrives else None

    def turn_to(self, slot: int) -> None:
        """Start turning to a slot, from 1; returns at once. Raises `SettingRefused` for one it has not."""
        slot = check_slot(self, slot)
        turns = abs(slot - self._slot)
        self._arrives = self._clock.monotonic() + min(turns, self.slots - turns) * SLOT_TIME
        self._slot = slot

    def _transmission(self) -> float:
        slot = self.position()
        return 0.0 if slot is None else self._transmissions[slot - 1]
