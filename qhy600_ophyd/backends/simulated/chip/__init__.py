"""The physics of the sensor: from photons to counts, the same for the same seed on any number of threads."""

from qhy600_ophyd.backends.simulated.chip.chip import Chip
from qhy600_ophyd.backends.simulated.chip.parameters import ChipParameters
from qhy600_ophyd.backends.simulated.chip.truth import Injected, Truth

__all__ = ["Chip", "ChipParameters", "Injected", "Truth"]
