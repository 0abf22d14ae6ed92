"""The light of a recording: there was light, or there was none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qhy600_ophyd.backends.replay.recording import DARK, RECORDED
from qhy600_ophyd.contract import SettingRefused


class RecordedLight:
    """Chooses between the dark and the bright frames of a recording; starts dark.

    Parameters
    ----------
    photons
        ``(level, exposure)`` → photons per pixel as recorded, ``None`` where they were not.
    """

    def __init__(self, photons: Callable[[str, float], float | None]) -> None:
        self._photons = photons
        self._level = DARK

    @property
    def limits(self) -> tuple[str, ...]:
        """The two levels."""
        return (DARK, RECORDED)

    @property
    def off(self) -> str:
        """The level for dark frames."""
        return DARK

    @property
    def on(self) -> str:
        """The level for bright frames."""
        return RECORDED

    @property
    def level(self) -> str:
        """The level that is true now."""
        return self._level

    def set(self, level: Any) -> str:
        """Serve dark or bright frames from now on.

        Raises
        ------
        SettingRefused
            `level` is neither.
        """
        if level not in self.limits:
            raise SettingRefused(
                "light", repr(level), allowed="one of 'dark', 'recorded'", now=repr(self._level)
            )
        self._level = level
        return level

    @property
    def irradiance(self) -> None:
        """Not recorded."""
        return

    @property
    def wavelength(self) -> None:
        """Not recorded."""
        return

    def photons(self, exposure: float) -> float | None:
        """Photons per pixel that the recording states for this exposure [s] at the present level.

        0 in the dark; ``None`` where none are stated. Never computed from the exposure.
        """
        return 0.0 if self._level == DARK else self._photons(self._level, exposure)

    def __repr__(self) -> str:
        return f"<RecordedLight {self._level!r}>"
