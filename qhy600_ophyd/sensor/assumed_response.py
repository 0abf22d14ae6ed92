"""Response of the readout modes for which nothing is published: reasoned, and marked as assumed.

The reasoning stands at the head of the table ``assumed_response``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from qhy600_ophyd.sensor.readout_modes import SensorMode
from qhy600_ophyd.sensor.tables import table


@dataclass(frozen=True, kw_only=True)
class AssumedResponse:
    """What a mode without published response is taken to do.

    Parameters
    ----------
    well
        Charge that one pixel of the mode holds [e-].
    levels
        Largest count of its converter.
    pixels
        Of the chip, in one of the mode.
    pixel_noise, converter_noise
        Of one pixel of the chip, before and after the amplifier, in electrons at gain 0 [e-, RMS].
    decibels_per_step
        Amplification by one step of the gain register [dB].
    """

    well: float
    levels: int
    pixels: int
    pixel_noise: float
    converter_noise: float
    decibels_per_step: float

    def amplification(self, gain: float) -> float:
        """Relative to gain 0, 10^(dB / 20)."""
        return 10 ** (self.decibels_per_step * gain / 20)

    def electrons_per_count(self, gain: float) -> float:
        """System gain [e-/count], K(g) = well / (2^bits - 1) / amplification."""
        return self.well / self.levels / self.amplification(gain)

    def read_noise(self, gain: float) -> float:
        """Read noise [e-, RMS], sigma^2 = pixels (pixel_noise^2 + (converter_noise / amplification)^2)."""
        behind = self.converter_noise / self.amplification(gain)
        return (self.pixels * (self.pixel_noise**2 + behind**2)) ** 0.5


@cache
def assumed_response(mode: SensorMode) -> AssumedResponse:
    """What is assumed of `mode`. Raises `KeyError` for a mode whose response is published."""
    entry = table("assumed_response")
    return AssumedResponse(
        **entry["modes"][mode.id],
        levels=2**mode.bits - 1,
        pixels=mode.binning**2,
        decibels_per_step=entry["decibels_per_step"],
    )
