"""Which fault struck in which call, so that it can strike there again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Strike:
    """Faults that struck in one call.

    Parameters
    ----------
    call
        Its name, as in `KNOWN_FAULTS`.
    frame
        Number of the exposure under way, or of the next one.
    nth
        Which of the calls of that name at that frame it was, from 1.
    faults
        Names.
    """

    call: str
    frame: int
    nth: int
    faults: tuple[str, ...]


class Calls:
    """Counts calls, and notes in which of them faults struck."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str, int], int] = {}
        self._strikes: list[Strike] = []

    @property
    def strikes(self) -> tuple[Strike, ...]:
        """All of them, in their order."""
        return tuple(self._strikes)

    def another(self, call: str, frame: int) -> int:
        """Count one more call; which of its name at that frame it is, from 1."""
        nth = self._counted[call, frame] = self._counted.get((call, frame), 0) + 1
        return nth

    def struck(self, call: str, frame: int, nth: int, faults: Iterable[str]) -> None:
        """Note that these faults struck in a call that was counted."""
        self._strikes.append(Strike(call=call, frame=frame, nth=nth, faults=tuple(sorted(faults))))

    def at(self, frame: int) -> dict[str, int]:
        """How often each call was made at that frame."""
        return {call: count for (call, at), count in self._counted.items() if at == frame}
