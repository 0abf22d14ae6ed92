"""A stream: frames one after another into the camera's memory, whether anybody fetches them or not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.head import pace
from qhy600_ophyd.backends.simulated.head.delivery import DAMAGING, Delivery
from qhy600_ophyd.backends.simulated.head.faults import FRAMES_DROPPED
from qhy600_ophyd.backends.simulated.head.machine import Machine
from qhy600_ophyd.backends.simulated.head.record import Fate
from qhy600_ophyd.backends.simulated.head.shot import Shot
from qhy600_ophyd.backends.simulated.head.shutter import Shutter
from qhy600_ophyd.driver.head import LIVE_NOTHING, Fetched, HeadError
from qhy600_ophyd.sensor.timing import timing


@dataclass(kw_only=True)
class _Stream:
    """A stream that runs: when its next frame starts, and what is wrong with it."""

    next_start: float
    begun: bool = False
    first: bool = True
    banded: bool = False
    dead: bool = False
    stuck: int | None = None
    under_way: list[Shot] = field(default_factory=list)
    last: Shot | None = None


class LiveFrames:
    """Starts a stream, lets it run with the clock, fetches from it, ends it.

    The first frame of a stream never arrives, and every other one period later than it was read.

    Parameters
    ----------
    machine, shutter, delivery
        The camera.
    """

    def __init__(self, machine: Machine, shutter: Shutter, delivery: Delivery):
        self._machine, self._shutter, self._delivery = machine, shutter, delivery
        self._stream: _Stream | None = None

    @property
    def running(self) -> bool:
        """Whether a stream runs."""
        return self._stream is not None

    def begin(self) -> None:
        """Start; a stream that runs already ends."""
        machine = self._machine
        strikes = machine.call("begin_live")
        machine.ensure_answering("begin_live", live=True)
        if "live_begin_fails" in strikes:
            raise HeadError("begin_live failed: the library returned an error; try again")
        self.end()
        self._stream = _Stream(next_start=machine.clock.monotonic() + timing().live_delay)

    def end(self, fate: Fate = "unfetched") -> None:
        """Stop; frames that are in the memory stay there."""
        machine = self._machine
        with machine.lock:
            self.advance()
            stream, self._stream = self._stream, None
            for shot in stream.under_way if stream else ():
                self._shutter.over(shot, read=False)
                machine.settle(shot, fate)
            machine.settle_waiting()
            machine.plant.fast(False)

    def disturb(self) -> None:
        """Something was changed that a running stream does not stand: its frames are damaged from now on."""
        if self._stream is not None:
            self._stream.banded = True

    def advance(self) -> None:
        """Let happen what has happened up to now: exposures start, frames reach the memory."""
        machine, stream = self._machine, self._stream
        if stream is None or machine.connection.state != "open":
            return
        now = machine.clock.monotonic()
        while stream.next_start <= now:
            self._start_next(stream)
        while stream.under_way and stream.under_way[0].arrives <= now:
            shot = stream.under_way.pop(0)
            self._shutter.over(shot)
            if stream.first:
                stream.first = False
                machine.settle(shot, "skipped")
            elif not shot.overflows and machine.memory.put(shot.number, shot.size, shot.arrives):
                machine.shots[shot.number] = shot
            else:
                machine.settle(shot, "overflow")

    def fetch(self, out: NDArray[np.uint8]) -> Fetched | int:
        """The next frame, or how many bytes of it there are, or `LIVE_NOTHING`."""
        machine, stream = self._machine, self._stream
        machine.connection.ensure("fetch_live")
        if stream is None or stream.dead:
            return self._nothing_yet(LIVE_NOTHING)
        if machine.connection.state == "unplugged":
            return self._from_nowhere(out)
        if stream.stuck is not None:
            return self._nothing_yet(stream.stuck)
        with machine.lock:
            self.advance()
            if (coming := self._first_in_memory()) is None:
                return self._nothing_yet(self._partial())
            strikes = machine.call("fetch_live", frame=coming.number)
            if machine.connection.state == "unplugged":
                return self._from_nowhere(out)
            shot = self._oldest()
            if shot is None:
                return self._nothing_yet(LIVE_NOTHING)
            shot.faults |= strikes
            return self._struck(out, stream, shot)

    def _struck(self, out: NDArray[np.uint8], stream: _Stream, shot: Shot) -> Fetched | int:
        """A frame has come: what becomes of it is for the faults to say."""
        machine = self._machine
        if shot.faults & {"live_stream_dies", "live_partial_forever"}:
            machine.settle(shot, "lost")
            stream.dead = "live_stream_dies" in shot.faults
            stream.stuck = None if stream.dead else shot.size // 2
            return self._nothing_yet(stream.stuck or LIVE_NOTHING)
        if "live_frames_dropped" in shot.faults:
            return self._drop(stream, shot)
        if "live_zero_frame" in shot.faults:
            return self._delivery.zeros(out, shot, "zeroed")
        if "live_frame_repeated" in shot.faults and stream.last is not None:
            machine.settle(shot, "dropped")
            stream.last.faults -= DAMAGING
            return self._delivery.frame(out, stream.last, "repeated")
        stream.last = shot
        settled = machine.account.of(shot.number) is not None
        return self._delivery.frame(out, shot, "stale" if settled else "delivered")

    def _start_next(self, stream: _Stream) -> None:
        machine = self._machine
        shot = self._shutter.open(stream.next_start, live=True, first_of_stream=not stream.begun)
        stream.begun = True
        machine.registers.first_is_to_come = False
        inputs = shot.inputs
        period = pace.live_period(inputs.area, inputs.bit_depth, inputs.exposure, inputs.usb_traffic)
        machine.plant.fast(period < 1.0)
        shot.arrives = shot.stored + period
        if stream.banded:
            shot.damage.add("banded")
        stream.under_way.append(shot)
        stream.next_start += period

    def _first_in_memory(self) -> Shot | None:
        """The shot whose frame would come next, if the link carries it now."""
        memory, now = self._machine.memory, self._machine.clock.monotonic()
        held = memory.held
        if not held or held[0].at > now or memory.stalled(now):
            return None
        return self._machine.shots.get(held[0].number)

    def _oldest(self) -> Shot | None:
        held = self._machine.memory.take(self._machine.clock.monotonic())
        return None if held is None else self._machine.shots.pop(held.number, None)

    def _drop(self, stream: _Stream, shot: Shot) -> int:
        """It is lost, and with it those behind it, which the sensor has exposed or is exposing."""
        lost = [shot]
        while len(lost) < FRAMES_DROPPED and (following := self._oldest()) is not None:
            lost.append(following)
        while len(lost) < FRAMES_DROPPED and stream.under_way:
            lost.append(stream.under_way.pop(0))
        for one in lost:
            one.complete(self._machine.plant.mean_since(one.mark))
            self._machine.settle(one, "dropped")
        return self._nothing_yet(LIVE_NOTHING)

    def _from_nowhere(self, out: NDArray[np.uint8]) -> Fetched:
        """The library calls its empty memory a frame."""
        self._machine.clock.wait(pace.EMPTY_CALL)
        return self._delivery.zeros(out, None, "zeroed")

    def _nothing_yet(self, answer: int) -> int:
        self._machine.clock.wait(pace.EMPTY_CALL)
        self.advance()
        return answer

    def _partial(self) -> int:
        """Bytes that have come of the frame that is on the link."""
        stream, now = self._stream, self._machine.clock.monotonic()
        if stream is None or not stream.under_way or stream.first or self._machine.memory.stalled(now):
            return LIVE_NOTHING
        shot = stream.under_way[0]
        done = 1 - (shot.arrives - now) / pace.transfer(shot.inputs.area, shot.inputs.bit_depth)
        return LIVE_NOTHING if done <= 0 else max(int(done * shot.size), 1)
