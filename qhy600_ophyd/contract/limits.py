"""What a setting may be: a range, a list of recorded values, or nothing at all."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The values that one numeric setting accepts.

    Parameters
    ----------
    low, high
        Both included.
    unit
        As in the vocabulary.
    step
        Smallest step that the hardware takes, where known.
    values
        Where only these values exist (a recording), all of them.
    """

    low: float
    high: float
    unit: str
    step: float | None = None
    values: tuple[float, ...] | None = None

    def accepts(self, value: float) -> bool:
        """Whether `value` can be asked for; a recorded value is met to one part in 10⁹."""
        if not math.isfinite(value):
            return False
        if self.values is not None:
            return any(math.isclose(value, v, rel_tol=1e-9, abs_tol=1e-15) for v in self.values)
        return self.low <= value <= self.high

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit not in ("", "1") else ""
        if self.values is None:
            return f"{self.low:g}–{self.high:g}{unit}"
        if len(self.values) <= 6:
            return "one of the recorded " + ", ".join(f"{v:g}" for v in self.values) + unit
        return f"one of {len(self.values)} recorded values from {self.low:g} to {self.high:g}{unit}"
