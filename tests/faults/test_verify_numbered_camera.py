"""A camera that numbers its frames itself makes every claim of the conformance suite."""

from __future__ import annotations

import pytest

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.testing import CameraConformance


class TestNumberedCamera(CameraConformance):
    @pytest.fixture
    def make_camera(self):
        return lambda clock: SimulatedCamera(
            width=64, height=48, seed=1, clock=clock, gps_header=True, gps_locked=True
        )
