"""The vendor library's face of the simulated camera: its state, its traps, its faults, and the true log."""

from qhy600_ophyd.backends.simulated.head.known_faults import EVIDENCE, KNOWN_FAULTS
from qhy600_ophyd.backends.simulated.head.record import ExposureRecord, Fate
from qhy600_ophyd.backends.simulated.head.script import Script
from qhy600_ophyd.backends.simulated.head.simulated_head import SimulatedHead
from qhy600_ophyd.backends.simulated.head.strikes import Strike

__all__ = ["EVIDENCE", "KNOWN_FAULTS", "ExposureRecord", "Fate", "Script", "SimulatedHead", "Strike"]
