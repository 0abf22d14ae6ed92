"""A camera on the vendor's library whose driver has a gap: for showing that the hardware tests see it."""

from __future__ import annotations

from typing import Any

from qhy600_ophyd.backends.sdk import SdkCamera
from qhy600_ophyd.driver.registers import Registers


class _NeverFresh(Registers):
    """Forgets that the first frame after an initialisation has to be thrown away."""

    @property
    def fresh(self) -> bool:
        return False

    @fresh.setter
    def fresh(self, value: bool) -> None:
        pass


class ForgetfulCamera(SdkCamera):
    """Hands out the first frame after an initialisation, which may have the library's own gain and offset."""

    def __init__(self, **parameters: Any):
        super().__init__(**parameters)
        self._registers.__class__ = _NeverFresh
