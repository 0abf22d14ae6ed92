"""A QHY600 made of physics, behind a head that behaves like the vendor's library with all its traps."""

from qhy600_ophyd.backends.simulated.camera import SimulatedCamera
from qhy600_ophyd.backends.simulated.chip import ChipParameters, Truth
from qhy600_ophyd.backends.simulated.clock import FreeClock
from qhy600_ophyd.backends.simulated.head import KNOWN_FAULTS, ExposureRecord, Script
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs, LightState
from qhy600_ophyd.backends.simulated.scene import SimulatedLight
from qhy600_ophyd.backends.simulated.truth_file import TruthFile, TruthMark, truth_path, write_truth

__all__ = [
    "KNOWN_FAULTS",
    "ChipParameters",
    "ExposureInputs",
    "ExposureRecord",
    "FreeClock",
    "LightState",
    "Script",
    "SimulatedCamera",
    "SimulatedLight",
    "Truth",
    "TruthFile",
    "TruthMark",
    "truth_path",
    "write_truth",
]
