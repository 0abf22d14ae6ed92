"""What goes wrong, and when: decided by the seed and by what the camera is asked to do."""

from __future__ import annotations

from collections.abc import Iterable

from qhy600_ophyd.backends.simulated.head.known_faults import KNOWN_FAULTS
from qhy600_ophyd.backends.simulated.head.strikes import Calls
from qhy600_ophyd.backends.simulated.random_keys import Purpose, fraction
from qhy600_ophyd.contract import Fault, ProfileError

SLOW_FRAME_DELAY = 10.0
"""How late a slow frame is [s]."""

LINK_STALL = 5.0
"""For how long a link stalls [s]."""

HANGING_READOUT = 3600.0
"""For how long a readout hangs that nobody cancels [s]."""

FRAMES_DROPPED = 3
"""How many frames a stream loses at a time."""


class FaultPlan:
    """Decides which faults happen now.

    A fault "at frame 3" can happen from the fourth exposure on, one "at call 3" from the fourth of the calls
    during which it can happen, one "at time 3" from three seconds after the camera was first connected on; it
    then happens with its probability whenever it could, until it has happened as often as it may.

    Parameters
    ----------
    faults
        What shall go wrong.
    seed
        Where the chances come from.

    Raises
    ------
    ProfileError
        A name is not known.

    Attributes
    ----------
    calls : Calls
        The calls so far, and which of them were struck; without faults nobody counts.
    """

    def __init__(self, faults: Iterable[Fault], *, seed: int):
        self._faults = tuple(faults)
        for fault in self._faults:
            if fault.name not in KNOWN_FAULTS:
                raise ProfileError(f"fault {fault.name!r} refused: allowed are {', '.join(KNOWN_FAULTS)}")
        self._seed = seed
        self._calls = [0] * len(self._faults)
        self._happened = [0] * len(self._faults)
        self.calls = Calls()

    def strike(self, call: str, *, frame: int, seconds: float) -> frozenset[str]:
        """Names of the faults that happen in this call.

        Parameters
        ----------
        call
            One of those named in `KNOWN_FAULTS`.
        frame
            Number of the exposure under way, or of the next one, from 0.
        seconds
            Since the camera was first connected.
        """
        if not self._faults:
            return frozenset()
        nth = self.calls.another(call, frame)
        strikes = frozenset(
            fault.name
            for n, fault in enumerate(self._faults)
            if call in KNOWN_FAULTS[fault.name][0] and self._happens(n, fault, frame, seconds)
        )
        if strikes:
            self.calls.struck(call, frame, nth, strikes)
        return strikes

    def happened(self) -> dict[str, int]:
        """How often each of them has happened so far, by name."""
        counts: dict[str, int] = {}
        for fault, times in zip(self._faults, self._happened, strict=True):
            counts[fault.name] = counts.get(fault.name, 0) + times
        return counts

    def _happens(self, n: int, fault: Fault, frame: int, seconds: float) -> bool:
        call = self._calls[n]
        self._calls[n] += 1
        if fault.at is not None:
            kind, value = fault.at
            if {"frame": frame, "call": call, "time": seconds}[kind] < value:
                return False
        if fault.times is not None and self._happened[n] >= fault.times:
            return False
        if fraction(self._seed, Purpose.FAULT, call, n) >= fault.probability:
            return False
        self._happened[n] += 1
        return True
