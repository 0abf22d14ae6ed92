"""`Script`: what truly happened in a run, for a camera that shall do the same once more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from qhy600_ophyd.backends.simulated.head.known_faults import KNOWN_FAULTS
from qhy600_ophyd.backends.simulated.head.record import ExposureRecord, Fate
from qhy600_ophyd.backends.simulated.head.strikes import Calls, Strike

_OF_NO_ACCOUNT = ("cancelled", "restarted", "skipped", "unfetched")
"""Fates of exposures from which nobody saw a frame, unless a fault made them so."""

_WITH_A_FRAME = ("fetch", "fetch_live")
"""Calls whose faults are recorded with the exposure that they struck."""


@dataclass(frozen=True, kw_only=True)
class Script:
    """The exposures of a run and the faults that struck in it.

    Parameters
    ----------
    records
        Of the exposures, in any order.
    strikes
        Faults of the run's calls.
    fresh, live
        How the camera was when the run began: initialised without having exposed since, and for live streams.
        ``None``: nobody knows.
    started
        How often the camera had been told to begin an exposure or a stream before.
    """

    records: tuple[ExposureRecord, ...]
    strikes: tuple[Strike, ...] = ()
    fresh: bool | None = None
    live: bool | None = None
    started: int | None = None


class Following:
    """A script under way: which recorded exposure comes next, and which faults strike now.

    Exposures that a pause or the end of a stream cut off have left no trace in a run, and are passed over:
    whoever does the run again is not paused. One that is cut off now is still to come. What is exposed beyond
    the script has numbers behind all of it.

    Parameters
    ----------
    script
        What to follow.

    Attributes
    ----------
    calls : Calls
        The calls so far, and which of them were struck.
    """

    def __init__(self, script: Script):
        ordered = sorted(script.records, key=lambda record: record.inputs.frame)
        self._left = deque(ordered)
        self._beyond = ordered[-1].inputs.frame + 1 if ordered else 0
        self._with_frames = {record.inputs.frame: frozenset(record.faults) for record in ordered}
        self._strikes = {(s.call, s.frame, s.nth): frozenset(s.faults) for s in script.strikes}
        self.calls = Calls()
        self._happened: dict[str, int] = {}

    def take(self, *, first_of_stream: bool) -> ExposureRecord | None:
        """The record of the exposure that starts now; ``None`` beyond the script.

        Parameters
        ----------
        first_of_stream
            It is the one that nobody can fetch.
        """
        while self._left and not _counts(self._left[0]):
            record = self._left.popleft()
            if first_of_stream and record.fate == "skipped":
                return record
        return None if first_of_stream or not self._left else self._left.popleft()

    def give_back(self, record: ExposureRecord, fate: Fate) -> bool:
        """Whether it is still to come, since nobody has seen a frame of it now, and somebody did then."""
        if fate not in _OF_NO_ACCOUNT or not _counts(record):
            return False
        self._left = deque(sorted((record, *self._left), key=lambda each: each.inputs.frame))
        return True

    def next_number(self) -> int:
        """Number of the exposure that the next one is, or a new one beyond the script."""
        upcoming = next((record for record in self._left if _counts(record)), None)
        if upcoming is not None:
            return upcoming.inputs.frame
        self._beyond += 1
        return self._beyond - 1

    def strike(self, call: str, *, frame: int, seconds: float) -> frozenset[str]:  # noqa: ARG002
        """Names of the faults that struck in this call then."""
        if call in _WITH_A_FRAME:
            recorded = self._with_frames.pop(frame, frozenset())
            strikes = frozenset(name for name in recorded if call in KNOWN_FAULTS[name][0])
        else:
            nth = self.calls.another(call, frame)
            if strikes := self._strikes.get((call, frame, nth), frozenset()):
                self.calls.struck(call, frame, nth, strikes)
        self._note(strikes)
        return strikes

    def happened(self) -> dict[str, int]:
        """How often each fault has struck so far, by name."""
        return dict(self._happened)

    def _note(self, strikes: Iterable[str]) -> None:
        for name in strikes:
            self._happened[name] = self._happened.get(name, 0) + 1


def _counts(record: ExposureRecord) -> bool:
    return record.fate not in _OF_NO_ACCOUNT or bool(record.faults)
