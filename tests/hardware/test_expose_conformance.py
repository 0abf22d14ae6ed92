"""The claims that every camera of this package passes, on this one.

Exposures take their time here: nobody steps this camera's clock.
Disturbs: opens and closes the camera for each of them, takes frames in all its settings.
"""

from __future__ import annotations

import importlib

import pytest

from qhy600_ophyd.testing import CameraConformance

_PATIENCE = 60.0
"""Seconds for an answer: a real camera takes ten to start."""


class TestCamera(CameraConformance):
    @pytest.fixture(autouse=True)
    def _patient(self, monkeypatch):
        for part in ("taking", "frames", "life_cycle"):
            monkeypatch.setattr(
                importlib.import_module(f"qhy600_ophyd.testing.conformance.{part}"), "PATIENCE", _PATIENCE
            )

    @pytest.fixture
    def make_camera(self, shared, first_opening, request):
        part, _, name = request.function.__qualname__.rpartition(".")
        if shared.chosen.kind != "simulated" and part in ("LightClaims", "RecordedClaims"):
            pytest.skip("a camera brings no light along and is no recording: not opened for this")
        if "cooler_regulates" in name and request.config.getoption("--grade") in ("look", "expose"):
            pytest.skip("needs --grade cool: it sends the cooler to both ends of its range, for a moment")
        return lambda clock: shared.make()
