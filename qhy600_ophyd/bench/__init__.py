"""The roof: the only place that chooses a camera, wires the two towers, and meets the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qhy600_ophyd.bench.again.rerunning import Rerun, rerun
    from qhy600_ophyd.bench.again.resuming import resume_run
    from qhy600_ophyd.bench.bench import Bench
    from qhy600_ophyd.bench.profile import Profile
    from qhy600_ophyd.bench.watching.watch import Limits, Watch

__all__ = ["Bench", "Limits", "Profile", "Rerun", "Watch", "rerun", "resume_run"]

_MODULES = {
    "Bench": "bench",
    "Limits": "watching.watch",
    "Profile": "profile",
    "Rerun": "again.rerunning",
    "Watch": "watching.watch",
    "rerun": "again.rerunning",
    "resume_run": "again.resuming",
}


def __getattr__(name: str) -> Any:
    """Load on first use (PEP 562), so that ``qhy600 --help`` does not wait for bluesky."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
