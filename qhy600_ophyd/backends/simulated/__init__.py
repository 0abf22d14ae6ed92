"""A QHY600 made of physics: light, charge, noise, conversion, one file for each step of the photon's way."""

from qhy600_ophyd.backends.simulated.camera import SimulatedCamera
from qhy600_ophyd.backends.simulated.clock import FreeClock
from qhy600_ophyd.backends.simulated.faults import KNOWN_FAULTS
from qhy600_ophyd.backends.simulated.light import SimulatedLight
from qhy600_ophyd.backends.simulated.truth import Truth

__all__ = ["KNOWN_FAULTS", "FreeClock", "SimulatedCamera", "SimulatedLight", "Truth"]
