"""A status that can be watched, and always ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from ophyd.status import DeviceStatus, Status
from ophyd.utils import StatusTimeoutError


def done(obj: Any) -> Status:
    """A status of `obj` that is over already."""
    status = Status(obj=obj)
    status.set_finished()
    return status


class ProgressStatus(DeviceStatus):
    """A device status with a timeout that tells its watchers how far it is.

    Parameters
    ----------
    device
        Whose status it is.
    give_up
        Called when the status fails: ends what it waits for, and that alone. The device's own ``stop`` would
        come a moment after the failure was seen, and could end what was begun since.
    timeout
        Host seconds after which the status fails.
    why_late
        Says what is in the way then, if it knows better than that time has passed.
    initial, target, unit
        What ``current`` runs from and to.
    ticking
        Whether `target` is a duration in host seconds that simply passes, like an exposure.
    """

    def __init__(
        self,
        device: Any,
        *,
        give_up: Callable[[], object],
        timeout: float,
        initial: float,
        target: float,
        unit: str,
        why_late: Callable[[float], Exception | None] = lambda _: None,
        ticking: bool = False,
    ):
        self._why_late = why_late
        self._give_up = give_up
        self._initial, self._target, self._unit = initial, target, unit
        self._ticking = ticking and target - initial > 0.5
        self._started = time.monotonic()
        self._ticker: threading.Thread | None = None
        super().__init__(device, timeout=timeout)

    def __str__(self) -> str:
        # bluesky writes this as the reason into the stop document of a run that failed.
        name = getattr(self.device, "name", "")
        if not self.done:
            return f"{name}: under way"
        if (error := self._exception) is None:
            return f"{name}: done"
        told = str(error).splitlines()
        return f"{name} failed: {type(error).__name__}: {told[0] if told else 'no message'}"

    __repr__ = __str__

    def watch(self, func: Any) -> None:
        """Call `func` with name, current, initial, target, unit, precision, fraction and time_elapsed."""
        self._watchers.append(func)
        self._tell(self._initial)
        if self._ticking and self._ticker is None:
            self._ticker = threading.Thread(target=self._tick, name="exposure progress", daemon=True)
            self._ticker.start()

    def report(self, current: float) -> None:
        """Tell the watchers where it stands."""
        if not self.done:
            self._tell(current)

    def _handle_failure(self) -> None:
        self._give_up()

    def _settled(self) -> None:
        # Before anybody who waits is told.
        if isinstance(self._exception, StatusTimeoutError):
            self._exception = self._why_late(self.timeout or 0.0) or self._exception
        self._tell(self._target)

    def _tick(self) -> None:
        while not self._event.wait(0.2):
            self._tell(min(self._initial + time.monotonic() - self._started, self._target))

    def _tell(self, current: float) -> None:
        span = self._target - self._initial
        remaining = (self._target - current) / span if span else 0.0
        for watcher in tuple(self._watchers):
            watcher(
                name=self.device.name,
                current=current,
                initial=self._initial,
                target=self._target,
                unit=self._unit,
                precision=2,
                fraction=min(max(remaining, 0.0), 1.0),
                time_elapsed=time.monotonic() - self._started,
                time_remaining=None,
            )
