"""`Fault`: one thing that shall go wrong, and when. A value, so that a profile can list them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import Any, Literal, get_args

from qhy600_ophyd.contract.errors import ProfileError

AtKind = Literal["time", "frame", "call"]

UNBOUNDED = "unbounded"
"""`Fault.times` in a table, where it is ``None``: TOML cannot say that."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A named fault.

    Parameters
    ----------
    name
        What goes wrong; each backend lists the names that it knows.
    at
        ``("time", seconds)`` since opening, ``("frame", n)`` counted from 0, or ``("call", n)`` counted from
        0; ``None``: at any moment it could.
    probability
        That it happens when it could.
    times
        How often it can happen at most; ``None`` for no bound.
    """

    name: str
    at: tuple[AtKind, float] | None = None
    probability: float = 1.0
    times: int | None = 1

    def __post_init__(self) -> None:
        if self.at is not None and not _is_moment(self.at):
            raise ProfileError(
                f"fault {self.name!r}: at {self.at!r} refused: allowed is ('time', seconds), "
                "('frame', number) or ('call', number), from 0 on, frames and calls whole, or none"
            )
        if not 0.0 <= self.probability <= 1.0:
            raise ProfileError(f"fault {self.name!r}: probability {self.probability} refused: allowed is 0–1")
        if self.times is not None and not (isinstance(self.times, Real) and self.times >= 1):
            raise ProfileError(
                f"fault {self.name!r}: times {self.times!r} refused: allowed is 1 or more, or {UNBOUNDED!r}"
            )

    def as_mapping(self) -> dict[str, Any]:
        """A table of a profile; `from_mapping` takes it back."""
        when = {} if self.at is None else {"at": dict([self.at])}
        times = UNBOUNDED if self.times is None else self.times
        return {"name": self.name, "probability": self.probability, **when, "times": times}

    @classmethod
    def from_mapping(cls, entry: Mapping[str, Any]) -> Fault:
        """From a table of a profile, as ``{name = "frame_lost", at = {frame = 3}, times = 1}``.

        ``times = "unbounded"`` is for no bound, which TOML has no other word for.
        """
        unknown = set(entry) - {"name", "at", "probability", "times"}
        if unknown or "name" not in entry:
            raise ProfileError(
                f"fault {dict(entry)} refused: allowed are name (needed), at, probability, times"
            )
        if entry.get("times") == UNBOUNDED:
            entry = {**entry, "times": None}
        when = entry.get("at")
        if when is None:
            return cls(**entry)
        if not isinstance(when, Mapping) or len(when) != 1 or not set(when) <= {*get_args(AtKind)}:
            raise ProfileError(
                f"fault {entry['name']!r}: at {when!r} refused: allowed is one of time, frame, call"
            )
        ((kind, value),) = when.items()
        return cls(**{**entry, "at": (kind, value)})


def _is_moment(at: object) -> bool:
    if not isinstance(at, tuple) or len(at) != 2 or at[0] not in get_args(AtKind):
        return False
    kind, value = at
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    number = float(value)
    return 0.0 <= number < inf and (kind == "time" or number.is_integer())
