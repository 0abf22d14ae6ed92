"""Whoever uses the camera is told when its supply fails, since the cooler then goes off by itself."""

from __future__ import annotations

import warnings

from qhy600_ophyd.sensor.supply import known_undervoltage


class SupplyFailed(UserWarning):
    """The camera says that its 12 V supply failed; it switches its cooler off when it does."""


class SupplyWatch:
    """Warns once for each failure of the supply."""

    def __init__(self) -> None:
        self._failed = False

    def forget(self) -> None:
        """Take the next failing code for a new failure."""
        self._failed = False

    def note(self, code: int | None, *, cooler_power: float | None) -> None:
        """Take the code that came with a frame.

        Parameters
        ----------
        code
            Of the camera for its supply; ``None`` where it has none.
        cooler_power
            Drive of the cooler at the end of that frame [%], if it is known.

        Warns
        -----
        SupplyFailed
            The code says that the supply failed, and the one before did not.
        """
        # Of one that nobody knows, nobody can say that the supply failed.
        known = known_undervoltage(code)
        before, self._failed = self._failed, known is not None and known.failed
        if known is None or before or not known.failed:
            return
        off = " The cooler is off." if cooler_power == 0.0 else ""
        # With a registry of its own: Python would tell a second failure only if its words were new.
        warnings.warn_explicit(
            f"{known.meaning} (undervoltage code {known.code}).{off} {known.advice}. "
            "camera.reset_undervoltage() resets it, and the cooler goes on",
            SupplyFailed,
            filename=__name__,
            lineno=1,
            registry={},
        )
