"""Whether there is a camera at the other end of the library, and whether the library knows."""

from __future__ import annotations

from typing import Literal

from qhy600_ophyd.backends.simulated.body import Supply
from qhy600_ophyd.driver.head import HeadError

Link = Literal["closed", "open", "lost", "unplugged"]


class Connection:
    """The link between library and camera.

    Parameters
    ----------
    supply
        The camera's; when it starts anew, the library has lost it.
    """

    def __init__(self, supply: Supply):
        self._supply = supply
        self._boots = -1
        self.link: Link = "closed"

    def open(self) -> None:
        """Find the camera. Raises `HeadError` when it has no power."""
        if not self._supply.powered:
            raise HeadError("no camera found: connect its 12 V first, then USB, and try again")
        self._boots = self._supply.boots
        self.link = "open"

    def close(self) -> None:
        """Give it back."""
        self.link = "closed"

    @property
    def state(self) -> Link:
        """As it is now, the supply looked at."""
        if self.link in ("open", "unplugged") and (
            not self._supply.powered or self._supply.boots != self._boots
        ):
            self.link = "lost"
        return self.link

    def ensure(self, doing: str) -> None:
        """Raises `HeadError` unless the library believes that there is a camera."""
        state = self.state
        if state == "closed":
            raise HeadError(f"{doing} refused: the camera is not connected; connect first")
        if state == "lost":
            raise HeadError(f"{doing} failed: the camera does not answer; disconnect and connect again")
