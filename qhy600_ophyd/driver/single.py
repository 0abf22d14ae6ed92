"""Single frames: expose, wait on the host's clock, fetch, look, and take it again if need be."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import (
    CameraLost,
    Capabilities,
    ExposureCancelled,
    FrameInfo,
    FrameLost,
    FrameTimeout,
    Settings,
)
from qhy600_ophyd.driver.head import Fetched, HeadError
from qhy600_ophyd.driver.insistence import TRIES, insist
from qhy600_ophyd.driver.inspection import Finding
from qhy600_ophyd.driver.taking import Taking
from qhy600_ophyd.driver.trigger import Readings, Trigger
from qhy600_ophyd.driver.written_header import WrittenHeader

_GRACE = 10.0
"""Host seconds beyond its timeout after which a readout that does not return is cancelled."""

_A_MOMENT = 1e-6
"""Seconds by which two sums of the same times may differ."""


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """How one exposure ended."""

    finding: Finding
    readings: Readings | None = None
    late: bool = False
    zeros: bool = False
    header: WrittenHeader | None = None


class SingleFrame:
    """One frame, however many exposures it takes.

    Parameters
    ----------
    taking
        The camera's means.
    settings
        Complete, and written.
    offer
        What the camera offers.
    """

    def __init__(self, taking: Taking, settings: Settings, offer: Capabilities):
        self._taking, self._settings = taking, settings
        self._geometry = offer.geometry_in(settings.readout_mode)
        self._shortest = offer.exposure.low
        self._cancelled = threading.Event()
        self._over = False
        self._number = taking.sequence
        self._discarding = False
        self._discarded = 0
        self._trigger: Trigger | None = None

    def start(self) -> None:
        """Begin the exposure; after an initialisation, that of a frame to be thrown away."""
        if self._taking.registers.fresh:
            self._discarding = True
            self._expose(self._settings.with_value("exposure", self._shortest))
        else:
            self._expose(self._settings)

    def fetch(self, counts: NDArray[Any], timeout: float) -> FrameInfo:
        """Fill `counts` with the frame. Raises what `Camera.grab` says."""
        taking = self._taking
        for attempt in itertools.count():
            done = self._attempt(counts, timeout)
            taking.sequence = self._number + 1
            if not done.finding.damage:
                return self._info(done, retries=attempt)
            taking.raise_if_lost()
            if done.late:
                raise FrameTimeout(
                    f"frame {self._number} did not come within {timeout:g} s of the end of its exposure; "
                    "allow more time, check its cables, or take it again (the camera is idle)"
                )
            if attempt == taking.retries:
                raise self._hopeless(done)
            self._start_again(thoroughly=attempt > 0)
        raise AssertionError

    def _hopeless(self, done: _Attempt) -> FrameLost | CameraLost:
        taking = self._taking
        tries = f"frame {self._number} was exposed {taking.retries + 1} times and did not arrive as it should"
        if done.zeros:
            # What a camera gives whose cable was pulled, while its readings go on from memory.
            return CameraLost(
                f"{tries}: {done.finding.damage}. It may be unplugged; close it, check its cables, "
                "and open it again. If it is not, raise the offset: a frame of true zeros looks the same"
            )
        return FrameLost(f"{tries}: {done.finding.damage}; take it again")

    def cancel(self) -> None:
        """End it, from any thread."""
        self._cancelled.set()
        self._stop()

    def end(self) -> None:
        """Nothing is left to stop once its frame has come; after a failure the exposure is ended."""
        self._stop()

    def raise_if_cancelled(self) -> None:
        """Raise `ExposureCancelled` if somebody ended it, and end whatever was begun since."""
        if self._cancelled.is_set():
            self._stop()
            raise ExposureCancelled(f"the exposure of frame {self._number} was cancelled; there is no frame")

    def _expose(self, settings: Settings) -> None:
        taking = self._taking
        taking.registers.refresh(settings)
        self._trigger = Trigger.now(taking.head.clock, taking.cooler.read())
        self.raise_if_cancelled()
        insist(taking.head.expose)
        taking.started += 1
        self._over = False
        # Whoever cancelled in between found nothing to stop.
        self.raise_if_cancelled()

    def _discard(self, counts: NDArray[Any], timeout: float) -> None:
        """Let the first frame after an initialisation go: it may carry the settings from before.

        It has to come, since the one that comes is the first; a few tries, and then the attempt counts as
        failed.
        """
        for _ in range(TRIES):
            if isinstance(self._read(counts, timeout), Fetched):
                self._discarded += 1
                self._discarding = self._taking.registers.fresh = False
                self._expose(self._settings)
                return
            self._taking.head.cancel()
            self.start()

    def _attempt(self, counts: NDArray[Any], timeout: float) -> _Attempt:
        """Wait for the exposure under way, fetch its frame and look at it."""
        taking, clock = self._taking, self._taking.head.clock
        if self._discarding:
            self._discard(counts, timeout)
        if self._discarding:
            nothing = Finding(damage="not even the first frame after the initialisation came")
            return _Attempt(finding=nothing)
        assert self._trigger is not None
        end = self._trigger.monotonic + (self._settings.exposure or 0.0)
        clock.wait(max(end - clock.monotonic(), 0.0), self._cancelled)
        self.raise_if_cancelled()
        readings = taking.readings(self._settings)
        fetched = self._read(counts, timeout)
        if isinstance(fetched, HeadError):
            return _Attempt(finding=Finding(damage=str(fetched)))
        finding = taking.examine(counts, fetched, self._settings, self._geometry)
        late = finding.zero and clock.monotonic() >= end + timeout - _A_MOMENT
        header = taking.header(counts)
        return _Attempt(finding=finding, readings=readings, late=late, zeros=finding.zero, header=header)

    def _read(self, counts: NDArray[Any], timeout: float) -> Fetched | HeadError:
        """The frame, or why there is none. A readout that hangs is cancelled from another thread."""
        self.raise_if_cancelled()
        head = self._taking.head
        watch = threading.Timer(timeout + _GRACE, head.cancel)
        watch.daemon = True
        watch.start()
        outcome: Fetched | HeadError
        try:
            outcome = head.fetch(counts.reshape(-1).view(np.uint8), timeout)
        except HeadError as error:
            outcome = error
        finally:
            watch.cancel()
            self._over = True
        self.raise_if_cancelled()
        if isinstance(outcome, HeadError):
            self._taking.raise_if_lost()
        return outcome

    def _start_again(self, *, thoroughly: bool) -> None:
        """Expose once more; the second time after a new initialisation."""
        registers = self._taking.registers
        self._taking.head.cancel()
        if thoroughly:
            registers.initialise(self._taking.head.selected_mode(), live=False)
            self._taking.cooler.resume()
            registers.apply(self._settings)
        self.start()

    def _info(self, done: _Attempt, *, retries: int) -> FrameInfo:
        assert self._trigger is not None
        assert done.readings is not None
        taking = self._taking
        return self._trigger.info(
            taking.head.clock,
            settings=self._settings,
            readings=done.readings,
            sequence=self._number,
            retries=retries,
            discarded=self._discarded,
            unverified=taking.unverified(*done.finding.unverified),
            started=taking.started,
            header=done.header,
        )

    def _stop(self) -> None:
        if not self._over:
            self._over = True
            try:
                self._taking.head.cancel()
            except HeadError:
                self._taking.registers.forget()
