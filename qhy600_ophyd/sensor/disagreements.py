"""Where the sources contradict each other, and which of them the model follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from qhy600_ophyd.sensor.tables import table


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What one source says.

    Parameters
    ----------
    value
        In `unit`.
    unit
        ``"1"`` for a number without one.
    source
        Who says so.
    """

    value: float
    unit: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """One quantity for which there is more than one figure.

    Parameters
    ----------
    quantity
        What it is about, with its conditions.
    figures
        All that were found.
    used
        Index of the one that `sensor` and the simulated camera work with.
    why
        Why that one.
    """

    quantity: str
    figures: tuple[Figure, ...]
    used: int
    why: str

    @property
    def chosen(self) -> Figure:
        """The figure that the model uses."""
        return self.figures[self.used]


@cache
def disagreements() -> tuple[Disagreement, ...]:
    """Every case that is known."""
    return tuple(
        Disagreement(**{**entry, "figures": tuple(Figure(**figure) for figure in entry["figures"])})
        for entry in table("disagreements")["cases"]
    )
