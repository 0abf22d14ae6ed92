"""The camera around the sensor: heat and cooler, 12 V supply, air in the chamber, memory before the link."""

from qhy600_ophyd.backends.simulated.body.environment import Environment, dew_point
from qhy600_ophyd.backends.simulated.body.frame_memory import FrameMemory, HeldFrame
from qhy600_ophyd.backends.simulated.body.supply import Supply, volts_at_current
from qhy600_ophyd.backends.simulated.body.thermal_plant import Mark, ThermalPlant

__all__ = [
    "Environment",
    "FrameMemory",
    "HeldFrame",
    "Mark",
    "Supply",
    "ThermalPlant",
    "dew_point",
    "volts_at_current",
]
