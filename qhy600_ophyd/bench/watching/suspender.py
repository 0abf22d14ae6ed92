"""`Suspender`: holds a plan while a condition is bad, and lets it go on when it is good again."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bluesky.preprocessors import finalize_wrapper
from bluesky.run_engine import RunEngine
from bluesky.suspenders import SuspenderBase
from bluesky.utils import Msg, MsgGenerator
from ophyd import Signal

_LOG = logging.getLogger(__name__)

_LOOK = 0.1
"""Seconds of the RunEngine's own loop between two looks of a plan that waits."""

_TURNS = 4
"""Turns of the RunEngine's loop in which a request arrives: it takes two, and a message at least one."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """When a plan has to wait; a value that is neither bad nor good, NaN for one, changes nothing.

    Parameters
    ----------
    name, unit
        Of what is looked at.
    bad, good
        Whether a value stops a plan, and lets it go on. Between the two lies what keeps it from flapping.
    says
        What is the matter, from the value.
    advice
        What to do about it.
    """

    name: str
    unit: str
    bad: Callable[[float], bool]
    good: Callable[[float], bool]
    says: Callable[[float], str]
    advice: Callable[[float], str]


class Suspender(SuspenderBase):
    """bluesky's suspender for one condition: ``RE.install_suspender(suspender)``.

    bluesky's own lose the wait when another one trips, or the plan is paused, while it lasts; these hold the
    plan until all suspenders of the RunEngine are content. A plan that has said that it cannot be resumed
    (``clear_checkpoint``) is not held: bluesky would abort it.

    Parameters
    ----------
    signal
        What is looked at.
    condition
        When it stops a plan.
    """

    def __init__(self, signal: Signal, condition: Condition):
        super().__init__(signal, pre_plan=self._holds, post_plan=self._waits)
        self.RE: RunEngine | None
        self.condition = condition
        self.value = math.nan
        self._asked = self._held = self._ending = False

    def __repr__(self) -> str:
        state = self._get_justification() or "content"
        return f"<Suspender for {self.condition.name}: {state}>"

    def __call__(self, value: Any, **_: Any) -> None:
        """Take a value of the signal."""
        with self._lock:
            if self.RE is None:
                return
            if self._should_suspend(value):
                self.value = value
                if not self._tripped:
                    _LOG.warning("plans have to wait: %s", self.condition.says(value))
                self._tripped = True
            elif self._tripped and self._should_resume(value):
                _LOG.info("%s is well again", self.condition.name)
                self._asked = self._held = self._tripped = False
        self._insist()

    def install(self, RE: RunEngine, *, event_type: str | None = None) -> None:
        """Watch over the plans of `RE`, from the next one on also over their ends."""
        RE.preprocessors.append(self._guarded)
        super().install(RE, event_type=event_type)

    def remove(self) -> None:
        """Let go of the RunEngine; a plan that waits goes on."""
        if self.RE is not None and self._guarded in self.RE.preprocessors:
            self.RE.preprocessors.remove(self._guarded)
        super().remove()

    def get_futures(self) -> tuple[list[Any], str]:
        """What a plan that is about to begin has to wait for, and why."""
        with self._lock:
            self._forget_if_idle()
            self._held = self._held or self._tripped
        return ([self._until_well], self._get_justification()) if self.tripped else ([], "")

    def _should_suspend(self, value: Any) -> bool:
        return self.condition.bad(value)

    def _should_resume(self, value: Any) -> bool:
        return self.condition.good(value)

    def _get_justification(self) -> str:
        if not self.tripped:
            return ""
        what = self.condition.says(self.value)
        return f"{what}. {self.condition.advice(self.value)}. The plan goes on by itself when that is over"

    def _insist(self) -> None:
        """Have a plan suspended that runs; called with every value, since it may have been paused."""
        engine = self.RE
        with self._lock:
            if engine is None or not self._tripped:
                return
            self._forget_if_idle()
            if self._asked or self._held or self._ending or engine.state != "running" or not engine.resumable:
                return
            self._asked = True
            justification = self._get_justification()
        engine.request_suspend(
            self._until_well, pre_plan=self._pre_plan, post_plan=self._post_plan, justification=justification
        )

    def _forget_if_idle(self) -> None:
        """Whatever was asked of an earlier plan is over."""
        if self.RE is not None and self.RE.state == "idle":
            self._asked = self._held = False

    def _guarded(self, plan: MsgGenerator[Any]) -> MsgGenerator[Any]:
        self._ending = False
        return finalize_wrapper(plan, self._ends)

    def _ends(self) -> MsgGenerator[None]:
        """Let a request that is under way arrive, after which there are no more.

        A RunEngine that is asked to suspend in the moment when it ends (bluesky 1.15) is of no use any more.
        """
        self._ending = True
        for _ in range(_TURNS):
            yield Msg("null")

    def _holds(self) -> MsgGenerator[None]:
        """Note that the plan stands."""
        self._asked, self._held = False, True
        yield Msg("null")

    def _waits(self) -> MsgGenerator[None]:
        """Wait on, for all who are not content: a pause, or another suspender, has ended the first wait."""
        try:
            while waits := [wait for each in self._all() for wait in each.get_futures()[0]]:
                yield Msg("wait_for", None, waits)
            print(f"{self.condition.name} is well again: the plan goes on.")
        finally:
            self._held = False

    def _all(self) -> tuple[SuspenderBase, ...]:
        return () if self.RE is None else self.RE.suspenders

    async def _until_well(self) -> None:
        # bluesky lets a wait that it has ended go on for itself, so that this one looks up now and then.
        while self._tripped:
            if self.RE is not None and self.RE.state == "paused":
                self._held = False
                return
            await asyncio.sleep(_LOOK)
