"""What can go wrong with the simulated camera, on request."""

from __future__ import annotations

from collections.abc import Iterable

from qhy600_ophyd.backends.simulated.random_keys import Purpose, fraction
from qhy600_ophyd.contract import Fault, ProfileError

KNOWN_FAULTS: dict[str, tuple[tuple[str, ...], str]] = {
    "frame_lost": (("grab",), "the frame is exposed and does not arrive"),
    "frame_timeout": (("grab",), "the frame does not come in the time allowed"),
    "slow_frame": (("grab",), "the frame comes ten seconds late"),
    "camera_lost": (
        ("configure", "arm", "grab"),
        "the camera no longer answers until it is closed and opened",
    ),
    "configure_fails": (("configure",), "the camera fails to take the settings and keeps the old ones"),
}
"""Name: the calls during which it can happen, and its meaning."""

SLOW_FRAME_DELAY = 10.0
"""How late a slow frame is [s]."""


class FaultPlan:
    """Decides, from the camera's seed and what it is asked to do, which faults happen now.

    A fault "at frame 3" can happen from the fourth exposure on, one "at call 3" from the fourth of the calls
    during which it can happen, one "at time 3" from three seconds after opening on; it then happens with its
    probability whenever it could, until it has happened as often as it may.

    Raises
    ------
    ProfileError
        A name is not known.
    """

    def __init__(self, faults: Iterable[Fault], *, seed: int):
        self._faults = tuple(faults)
        for fault in self._faults:
            if fault.name not in KNOWN_FAULTS:
                raise ProfileError(f"fault {fault.name!r} refused: allowed are {', '.join(KNOWN_FAULTS)}")
        self._seed = seed
        self._calls = [0] * len(self._faults)
        self._happened = [0] * len(self._faults)

    def strike(self, call: str, *, frame: int, seconds: float) -> frozenset[str]:
        """Names of the faults that happen in this call.

        Parameters
        ----------
        call
            ``"configure"``, ``"arm"`` or ``"grab"``.
        frame
            Number of the next frame, from 0.
        seconds
            Since opening.
        """
        return frozenset(
            fault.name
            for n, fault in enumerate(self._faults)
            if call in KNOWN_FAULTS[fault.name][0] and self._happens(n, fault, frame, seconds)
        )

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
