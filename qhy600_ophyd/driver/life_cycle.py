"""Closed, idle, armed or lost: what a camera may be asked in which state."""

from __future__ import annotations

import threading

from qhy600_ophyd.contract import CameraLost, CameraNotReady
from qhy600_ophyd.contract.camera import CameraState


class LifeCycle:
    """The state of the camera and the lock that guards it."""

    def __init__(self):
        self.lock = threading.RLock()
        self.state: CameraState = "closed"

    def require(self, state: CameraState, call: str) -> None:
        """Refuse `call` unless the camera is in `state`. Raises `CameraNotReady` or `CameraLost`."""
        self.ensure_open()
        if self.state != state:
            advice = {"idle": "cancel the exposure first", "armed": "arm it first"}[state]
            raise CameraNotReady(f"{call} refused: the camera is {self.state} and must be {state}; {advice}")

    def ensure_open(self) -> None:
        """Refuse anything while the camera cannot be talked to. Raises `CameraNotReady` or `CameraLost`."""
        if self.state == "lost":
            raise CameraLost("the camera no longer answers; close it and open it again")
        if self.state == "closed":
            raise CameraNotReady("the camera is closed; open it first")

    def lost(self) -> None:
        """The camera is gone, unless somebody has closed it meanwhile."""
        with self.lock:
            if self.state != "closed":
                self.state = "lost"
