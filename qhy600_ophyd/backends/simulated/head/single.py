"""Single frames: one exposure at a time, fetched by whoever waits for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.head import pace
from qhy600_ophyd.backends.simulated.head.delivery import DAMAGING, Delivery
from qhy600_ophyd.backends.simulated.head.faults import HANGING_READOUT, SLOW_FRAME_DELAY
from qhy600_ophyd.backends.simulated.head.machine import Machine
from qhy600_ophyd.backends.simulated.head.record import Fate
from qhy600_ophyd.backends.simulated.head.shot import Shot
from qhy600_ophyd.backends.simulated.head.shutter import Shutter
from qhy600_ophyd.driver.head import Fetched, HeadError


class SingleFrames:
    """Starts, fetches and ends single exposures.

    A frame that was read and not fetched stays in the camera's memory, and whoever fetches next gets it.

    Parameters
    ----------
    machine, shutter, delivery
        The camera.
    seed
        Where the delays of exposures are drawn from.
    """

    def __init__(self, machine: Machine, shutter: Shutter, delivery: Delivery, *, seed: int):
        self._machine, self._shutter, self._delivery = machine, shutter, delivery
        self._seed = seed
        self._pending: Shot | None = None
        self._late: Shot | None = None
        """Exposed, given up by the library, perhaps still on its way into the memory."""
        self._emptied_at = float("-inf")

    def expose(self) -> None:
        """Start an exposure; one that is under way ends."""
        machine = self._machine
        strikes = machine.call("expose", frame=machine.next_number)
        machine.ensure_answering("expose", live=False)
        if "expose_fails" in strikes:
            raise HeadError("expose failed: the library returned an error; try again")
        with machine.lock:
            self.end("restarted")
            begins = machine.clock.monotonic() + pace.start_delay(self._seed, machine.next_number)
            shot = self._shutter.open(begins, live=False)
            if machine.runs_live:
                shot.damage.add("banded")
            self._pending, machine.under_way = shot, shot.number

    def fetch(self, out: NDArray[np.uint8], timeout: float) -> Fetched:
        """The frame of the pending exposure, or an older one that is still in the memory, or zeros."""
        machine = self._machine
        shot = self._pending
        if shot is None:
            machine.connection.ensure("fetch")
            raise HeadError("fetch refused: nothing was exposed; expose first")
        self._ensure_there(shot)
        strikes = machine.strike("fetch", frame=shot.number)
        shot.faults |= strikes
        self._ensure_there(shot)
        machine.ensure_answering("fetch", live=False)
        deadline = shot.ends + timeout
        if "fetch_fails" in strikes:
            self._give_up(shot)
            raise HeadError("fetch failed: the library returned an error; the frame stays in the camera")
        if "readout_hangs" in strikes:
            self._wait(shot, machine.clock.monotonic() + HANGING_READOUT)
            self._finish(shot, "lost")
            raise HeadError("fetch failed after an hour: the camera stopped answering")
        if machine.connection.state == "unplugged":
            return self._zeros(out, shot, "zeroed", at=deadline)
        if (old := self._leftover(shot, deadline)) is not None:
            return self._old_frame(out, old, shot)
        return self._own_frame(out, shot, deadline, strikes)

    def cancel(self) -> None:
        """End the exposure or its readout, from any thread."""
        self.end("cancelled")

    def empty_memory(self) -> None:
        """What was read so far is forgotten; what is still being read is not."""
        self._emptied_at = self._machine.clock.monotonic()
        self._machine.empty_memory()

    def end(self, fate: Fate) -> None:
        """End what is under way; a frame that has already been read stays in the memory."""
        with self._machine.lock:
            shot, self._pending = self._pending, None
            self._machine.under_way = None
            late, self._late = self._late, None
            ended: tuple[tuple[Shot | None, Fate], ...] = ((late, "unfetched"), (shot, fate))
            for old, its_fate in ended:
                if old is not None:
                    old.cancelled.set()
                    self._let_go(old, its_fate)

    def _let_go(self, shot: Shot, fate: Fate) -> None:
        """The library wants no more of it; what was settled before stays so."""
        machine = self._machine
        read = shot.stored <= machine.clock.monotonic()
        self._shutter.over(shot, read=read)
        record = machine.account.of(shot.number)
        fate = record.fate if record is not None else fate
        if read and self._emptied_at < shot.stored:
            machine.keep(shot, fate, at=shot.stored)
        else:
            machine.settle(shot, fate)

    def _own_frame(
        self, out: NDArray[np.uint8], shot: Shot, deadline: float, strikes: frozenset[str]
    ) -> Fetched:
        machine = self._machine
        if "frame_timeout" in strikes:
            return self._zeros(out, shot, "timed_out", at=deadline)
        arrival = max(shot.arrives, machine.stalled_until)
        arrival += SLOW_FRAME_DELAY if "slow_frame" in strikes else 0.0
        if arrival > deadline:
            shot.stored = max(shot.stored, arrival)
            return self._zeros(out, shot, "timed_out", at=deadline, comes_later=True)
        if "zero_frame" in strikes:
            return self._zeros(out, shot, "zeroed", at=arrival)
        self._wait(shot, shot.ends)
        shot.complete(machine.plant.mean_since(shot.mark))
        if "frame_lost" not in strikes:
            self._delivery.prepare(out, shot)
        self._wait(shot, arrival)
        if "frame_lost" in strikes:
            self._finish(shot, "lost")
            raise HeadError("fetch failed: the library returned an error at the end of the readout")
        with machine.lock:
            self._take_off(shot)
            self._shutter.over(shot)
            try:
                result = self._delivery.frame(out, shot, "delivered")
            except HeadError:
                machine.settle(shot, "lost")
                raise
            if "stale_frame" in strikes and (record := machine.account.of(shot.number)):
                machine.keep(shot, record.fate, at=machine.clock.monotonic())
        return result

    def _zeros(
        self, out: NDArray[np.uint8], shot: Shot, fate: Fate, *, at: float, comes_later: bool = False
    ) -> Fetched:
        """What the library delivers when it has waited in vain: a success."""
        machine = self._machine
        self._wait(shot, shot.ends)
        shot.complete(machine.plant.mean_since(shot.mark))
        self._wait(shot, at)
        with machine.lock:
            self._take_off(shot)
            self._shutter.over(shot)
            self._late = shot if comes_later else None
            return self._delivery.zeros(out, shot, fate)

    def _leftover(self, shot: Shot, deadline: float) -> Shot | None:
        """The frame in the memory that comes first, if there is one and the link carries it in time."""
        machine = self._machine
        if len(machine.memory) and machine.memory.stalled(machine.clock.monotonic()):
            self._wait(shot, min(machine.stalled_until, deadline))
        held = machine.memory.take(machine.clock.monotonic())
        return None if held is None else machine.shots.pop(held.number, None)

    def _old_frame(self, out: NDArray[np.uint8], old: Shot, shot: Shot) -> Fetched:
        """The library takes what the memory holds; the frame that was asked for comes after it."""
        machine = self._machine
        self._wait(shot, machine.clock.monotonic() + old.arrives - old.stored)
        record = machine.account.of(old.number)
        seen = record is not None and record.fate in ("delivered", "damaged", "repeated")
        old.faults -= DAMAGING
        with machine.lock:
            self._take_off(shot)
            self._late = shot
            return self._delivery.frame(out, old, "repeated" if seen else "stale")

    def _wait(self, shot: Shot, until: float) -> None:
        """Until then on the clock [s]. Raises `HeadError` when cancelled, or when the camera is gone."""
        clock = self._machine.clock
        clock.wait(max(until - clock.monotonic(), 0.0), shot.cancelled)
        self._ensure_not_cancelled(shot)
        self._ensure_there(shot)

    def _ensure_there(self, shot: Shot) -> None:
        try:
            self._machine.connection.ensure("fetch")
        except HeadError:
            self._finish(shot, "lost")
            raise

    def _ensure_not_cancelled(self, shot: Shot) -> None:
        if shot.cancelled.is_set():
            raise HeadError("fetch ended: the exposure was cancelled; there is no frame")

    def _take_off(self, shot: Shot) -> None:
        """`shot` is no longer pending. Raises `HeadError` when somebody cancelled it in this moment."""
        self._ensure_not_cancelled(shot)
        self._pending = self._machine.under_way = None

    def _give_up(self, shot: Shot) -> None:
        with self._machine.lock:
            self._take_off(shot)
            self._late = shot

    def _finish(self, shot: Shot, fate: Fate) -> None:
        """Its frame is gone for good."""
        machine = self._machine
        with machine.lock:
            self._take_off(shot)
            self._shutter.over(shot, read=machine.clock.monotonic() >= shot.stored)
            machine.settle(shot, fate)
