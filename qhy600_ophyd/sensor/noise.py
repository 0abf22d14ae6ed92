"""How the read noise differs from pixel to pixel, and how many pixels jump between levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from qhy600_ophyd.sensor.tables import table

Pairs = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class ReadNoiseDistribution:
    """The read noise over the pixels of an IMX455 in high conversion gain, and its telegraph pixels.

    Parameters
    ----------
    median, mean, rms
        Over all pixels, of each one's standard deviation [e-].
    rms_corrected
        `rms` without the jumps [e-].
    not_normal
        Fraction of pixels that fail a test for a normal distribution at 1 %.
    tail
        ``(read noise [e-], fraction of pixels above)``, rising.
    telegraph_fraction
        Fraction of pixels that jump.
    jump, side_weight, core
        Of those, ``(percentile, value)``: height of the jump [e-], fraction of frames away from the middle
        level, and standard deviation within a level [e-].
    large_share
        Fraction of the jumping pixels to which `jump` applies in a model of the whole distribution.
    small_jump
        Between which heights [e-] the others' jumps lie in it, evenly distributed in the logarithm.
    jump_log_mean, jump_log_sd
        Of the natural logarithm of the jump in e-.
    jump_weight_correlation
        Between that logarithm and the logarithm of the side weight.
    """

    median: float
    mean: float
    rms: float
    rms_corrected: float
    not_normal: float
    tail: Pairs
    telegraph_fraction: float
    jump: Pairs
    side_weight: Pairs
    core: Pairs
    large_share: float
    small_jump: tuple[float, float]
    jump_log_mean: float
    jump_log_sd: float
    jump_weight_correlation: float


@cache
def read_noise_distribution() -> ReadNoiseDistribution:
    """The distribution measured on bias frames of an IMX455 in high conversion gain."""
    return ReadNoiseDistribution(
        **{
            **table("noise"),
            **{name: _pairs(name) for name in ("tail", "jump", "side_weight", "core")},
            "small_jump": tuple(table("noise")["small_jump"]),
        }
    )


def _pairs(name: str) -> Pairs:
    return tuple((float(at), float(value)) for at, value in table("noise")[name])
