"""Having the head connected and initialised in the mode and stream that is wanted next."""

from __future__ import annotations

from qhy600_ophyd.contract import Settings
from qhy600_ophyd.driver.cooling import DrivenCooler
from qhy600_ophyd.driver.head import Head
from qhy600_ophyd.driver.insistence import insist
from qhy600_ophyd.driver.registers import Registers


class Preparation:
    """Connects and initialises when it has to be; both take seconds and forget settings.

    Parameters
    ----------
    head, registers, cooler
        Of the camera.
    """

    def __init__(self, head: Head, registers: Registers, cooler: DrivenCooler):
        self._head, self._registers, self._cooler = head, registers, cooler
        self.doubtful = False
        """Whether a frame did not come, as from a camera that was unplugged and does not say so."""

    def connect(self) -> None:
        """Find the camera. Raises `HeadError`."""
        self._registers.forget()
        insist(self._head.connect)
        self.doubtful = False

    def disconnect(self) -> None:
        """Give it back."""
        self._registers.forget()
        self._head.disconnect()

    def initialise(self, mode: int, *, live: bool = False) -> None:
        """In any case; the cooler goes on to its set point. Raises `HeadError`."""
        self._registers.initialise(mode, live=live)
        self._cooler.resume()

    def apply(self, settings: Settings, mode: int) -> Settings:
        """Write all settings, in whatever stream the head is; returns what became actual.

        Raises
        ------
        HeadError, CameraError
            The camera did not take them.
        """
        self._be_sure_of_it()
        live = self._registers.live
        if not self._registers.is_prepared(mode, live=live):
            self.initialise(mode, live=live)
        return self._registers.apply(settings)

    def prepare(self, settings: Settings, mode: int, *, live: bool) -> Settings:
        """Be ready to expose with `settings`, written since the last initialisation; raises as `apply`."""
        self._be_sure_of_it()
        if self._registers.is_prepared(mode, live=live):
            return settings
        self.initialise(mode, live=live)
        return self._registers.apply(settings)

    def _be_sure_of_it(self) -> None:
        if self.doubtful:
            self._head.disconnect()
            self.connect()
