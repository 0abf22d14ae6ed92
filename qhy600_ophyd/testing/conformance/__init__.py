"""The tests that every camera passes unchanged, whatever stands behind it."""

from __future__ import annotations

import pytest

for _part in ("frames", "life_cycle", "light", "recorded", "settings", "taking"):
    pytest.register_assert_rewrite(f"{__name__}.{_part}")

from qhy600_ophyd.testing.conformance.frames import FrameClaims  # noqa: E402
from qhy600_ophyd.testing.conformance.life_cycle import LifeCycleClaims  # noqa: E402
from qhy600_ophyd.testing.conformance.light import LightClaims  # noqa: E402
from qhy600_ophyd.testing.conformance.recorded import RecordedClaims  # noqa: E402
from qhy600_ophyd.testing.conformance.settings import SettingsClaims  # noqa: E402


class CameraConformance(LifeCycleClaims, SettingsClaims, FrameClaims, LightClaims, RecordedClaims):
    """What every camera does.

    Inherit, and give one fixture ``make_camera``: a function ``(clock) -> Camera`` that makes a new, closed
    camera on that clock (a camera that exposes for real ignores it). The tests ask the camera what it offers
    and claim that; a claim about something that it does not offer is skipped, with the reason. ::

        class TestMyCamera(CameraConformance):
            @pytest.fixture
            def make_camera(self):
                return lambda clock: MyCamera(clock=clock)
    """

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Refuse a subclass that changes a claim."""
        super().__init_subclass__(**kwargs)
        changed = [
            name
            for name in dir(CameraConformance)
            if name.startswith("test_") and getattr(cls, name, None) is not getattr(CameraConformance, name)
        ]
        if changed:
            raise TypeError(
                f"{cls.__name__} overrides {', '.join(changed)}: the conformance suite is passed unchanged. "
                "Change the camera, or the suite for everybody"
            )
