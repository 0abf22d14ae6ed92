"""How the read noise of a mode is shared out between its causes."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sqrt

from qhy600_ophyd.backends.simulated.chip.parameters import ChipParameters
from qhy600_ophyd.backends.simulated.chip.rare_pixels import summed_fraction
from qhy600_ophyd.backends.simulated.chip.telegraph import jump_heights, jumping_fraction, side_weights

_MOST_TELEGRAPH = sqrt(0.75)
"""Part of the read noise that the jumps may have; in a mode quieter than that they are made smaller."""

THERMAL_SUPPRESSION = 0.1
"""What suppression leaves of the random-change thermal noise (assumed; published as "significant")."""


@dataclass(frozen=True, kw_only=True)
class NoiseBudget:
    """Parts of the temporal read noise of one pixel of the chip, all RMS over pixels [e-].

    Parameters
    ----------
    core
        Normally distributed, each pixel with a width of its own.
    telegraph
        Jumps of the fast traps.
    row
        Common to a row.
    thermal
        Random-change thermal noise.
    jump_scale
        Factor on the jumps; 1 but in modes so quiet that the jumps alone would exceed their read noise.
    fourth_moment
        Mean over pixels and frames of the fourth power of the noise [e-^4].
    """

    core: float
    telegraph: float
    row: float
    thermal: float
    jump_scale: float
    fourth_moment: float

    @property
    def total(self) -> float:
        """RMS of all parts: the read noise of the table."""
        return sqrt(self.core**2 + self.telegraph**2 + self.row**2 + self.thermal**2)

    @property
    def kurtosis(self) -> float:
        """Fourth moment over the square of the variance: 3 for normal noise of equal pixels."""
        return self.fourth_moment / self.total**4 if self.total else 3.0


def thermal_sigma(parameters: ChipParameters) -> float:
    """RMS [e-] of the half-normal thermal noise of the pixels that have it."""
    left = THERMAL_SUPPRESSION if parameters.thermal_noise_suppression else 1.0
    return left * parameters.thermal_noise * sqrt(pi / 2)


def noise_budget(parameters: ChipParameters, read_noise: float, binning: int = 1) -> NoiseBudget:
    """The parts of a mode's read noise [e-, RMS over the pixels], each a sum of ``binning`` × ``binning``.

    Jumps, row noise and thermal noise are in electrons the same in every mode, and the normally distributed
    core takes the rest, so that all together have the table's RMS. Where the parts beside the core would take
    more than three quarters of the variance, the jumps are scaled down; where they still do, the core
    keeps a quarter and the total exceeds the table.
    """
    telegraph = binning * parameters.telegraph_noise if parameters.telegraph_fraction else 0.0
    jump_scale = min(1.0, _MOST_TELEGRAPH * read_noise / telegraph) if telegraph else 1.0
    telegraph *= jump_scale
    fast = telegraph * sqrt(1 - parameters.slow_traps)
    thermal = thermal_sigma(parameters) * sqrt(
        summed_fraction(parameters.thermal_noise_fraction, binning) * (1 - 2 / pi)
    )
    others = fast**2 + parameters.row_noise**2 + thermal**2
    core = sqrt(max(read_noise**2 - others, read_noise**2 / 4))
    jumps = jump_scale * jump_heights(parameters, binning)
    weight = (
        jumping_fraction(parameters, binning) * (1 - parameters.slow_traps) * float(side_weights().mean())
    )
    common = parameters.row_noise**2
    fourth = (
        3 * core**4 * exp(4 * (parameters.noise_spread / binning) ** 2)
        + weight * float((jumps**4).mean())
        + 3 * common**2
        + 6 * (core**2 * fast**2 + core**2 * common + fast**2 * common)
    )
    return NoiseBudget(
        core=core,
        telegraph=fast,
        row=parameters.row_noise,
        thermal=thermal,
        jump_scale=jump_scale,
        fourth_moment=float(fourth),
    )
