"""For people who write a backend or test what they built on one: nothing here runs in an experiment.

`CameraConformance` needs pytest, `settings_within` hypothesis and `DocumentCollector` event-model; each is
imported when its name is first used.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from qhy600_ophyd.testing.stepped_clock import SteppedClock

if TYPE_CHECKING:
    from qhy600_ophyd.testing.conformance import CameraConformance
    from qhy600_ophyd.testing.documents import DocumentCollector
    from qhy600_ophyd.testing.strategies import rectangles_within, settings_within

__all__ = [
    "CameraConformance",
    "DocumentCollector",
    "SteppedClock",
    "rectangles_within",
    "settings_within",
]

_HOMES = {
    "CameraConformance": "conformance",
    "DocumentCollector": "documents",
    "rectangles_within": "strategies",
    "settings_within": "strategies",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = f"{__name__}.{_HOMES[name]}"
    if name == "CameraConformance" and home not in sys.modules:
        import pytest

        pytest.register_assert_rewrite(home)  # so that a failed claim shows its values
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return __all__
