"""A simulated camera in a process of its own, with a wheel and a fault, on a clock that jumps."""

from __future__ import annotations

from pathlib import Path

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.contract import Fault
from qhy600_ophyd.testing import SteppedClock


def simulated(folder: Path) -> IsolatedCamera:
    """A closed camera; its process keeps its log in `folder`."""
    recipe = Recipe(
        factory="qhy600_ophyd.backends.simulated:SimulatedCamera",
        arguments={
            "width": 64,
            "height": 48,
            "seed": 5,
            "filters": (1.0, 0.5),
            "faults": (Fault(name="frame_lost", at=("frame", 1)),),
        },
        clock=SteppedClock(auto=True, longest=60.0),
    )
    return IsolatedCamera(recipe, folder=folder)
