"""Acquisition and characterization with the QHY600 camera.

Importing this package does nothing: each name below is loaded when it is first used, so that a laptop
without a camera never meets the device, and the acquisition machine never meets the plots.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # what a type checker takes for true; importing typing would cost more than all of this
if TYPE_CHECKING:
    from typing import Any

    from qhy600_ophyd import analysis, datasets, plans, views
    from qhy600_ophyd.backends.isolated import IsolatedCamera
    from qhy600_ophyd.backends.replay import ReplayCamera
    from qhy600_ophyd.backends.sdk import SdkCamera
    from qhy600_ophyd.backends.simulated import SimulatedCamera
    from qhy600_ophyd.bench import Bench, rerun, resume_run
    from qhy600_ophyd.datasets import open_run
    from qhy600_ophyd.device import QHY600, FilterWheel, Light

    __version__: str

__all__ = [
    "QHY600",
    "Bench",
    "FilterWheel",
    "IsolatedCamera",
    "Light",
    "ReplayCamera",
    "SdkCamera",
    "SimulatedCamera",
    "analysis",
    "datasets",
    "open_run",
    "plans",
    "rerun",
    "resume_run",
    "views",
]

_HOMES = {
    "Bench": "bench",
    "FilterWheel": "device",
    "IsolatedCamera": "backends.isolated",
    "Light": "device",
    "QHY600": "device",
    "ReplayCamera": "backends.replay",
    "SdkCamera": "backends.sdk",
    "SimulatedCamera": "backends.simulated",
    "open_run": "datasets",
    "rerun": "bench",
    "resume_run": "bench",
}
_ROOMS = ("analysis", "datasets", "plans", "views")


def __getattr__(name: str) -> Any:
    """Load a name from its room on first use (PEP 562).

    Raises
    ------
    AttributeError
        The package has no such name; says what it has.
    """
    if name in _HOMES:
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    elif name in _ROOMS:
        value = import_module(f"{__name__}.{name}")
    elif name == "__version__":
        from importlib.metadata import version

        value = version("qhy600-ophyd")
    else:
        raise AttributeError(f"{__name__} has no {name!r}; it has {', '.join(sorted(__all__))}")
    globals()[name] = value  # the next use finds it without asking here
    return value


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if name.startswith("__")), *__all__, "__version__"})
