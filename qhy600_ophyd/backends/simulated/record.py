"""The simulator's own record of what it did, to compare with what a device says."""

from __future__ import annotations

from dataclasses import dataclass

from qhy600_ophyd.contract import Settings


@dataclass(frozen=True, kw_only=True)
class ExposureRecord:
    """One exposure as it truly was.

    Parameters
    ----------
    sequence
        Frame number.
    settings
        Used for it.
    irradiance
        Photons per pixel and second.
    temperature
        Whose dark current was used [°C].
    exposure_start
        True start of the first row's exposure, UTC [ns].
    delivered
        Whether the frame reached the caller.
    """

    sequence: int
    settings: Settings
    irradiance: float
    temperature: float
    exposure_start: int
    delivered: bool
