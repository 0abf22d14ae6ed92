"""`Estimate`: a number that knows how well it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

from uncertainties import UFloat, ufloat


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A measured value with its standard error and unit.

    Parameters
    ----------
    value
        Best value, in `unit`.
    standard_error
        One standard deviation of `value`, in `unit`.
    unit
        Such as ``"e-/count"``; ``"1"`` for a pure number.
    """

    value: float
    standard_error: float
    unit: str

    @classmethod
    def of(cls, number: UFloat, unit: str) -> Estimate:
        """The estimate that an uncertain number of `uncertainties` stands for."""
        return cls(value=number.nominal_value, standard_error=number.std_dev, unit=unit)

    def pull(self, truth: float) -> float:
        """How many standard errors the value lies above `truth`, given in the same unit."""
        return (self.value - truth) / self.standard_error if self.standard_error else math.nan

    def scaled(self, factor: float, unit: str) -> Estimate:
        """The same knowledge in another unit, or times an exactly known number."""
        return Estimate(
            value=self.value * factor, standard_error=self.standard_error * abs(factor), unit=unit
        )

    def number(self) -> str:
        """Value and standard error without the unit, the error in its last two digits: ``0.806(12)``."""
        if math.isfinite(self.value) and math.isfinite(self.standard_error) and self.standard_error > 0:
            if self.standard_error >= 10 and abs(self.value) < 1e7:  # no power of ten for whole numbers
                places = 1 - math.floor(math.log10(self.standard_error))
                return f"{round(self.value, places):.0f}({round(self.standard_error, places):.0f})"
            return f"{ufloat(self.value, self.standard_error):.2uS}"
        known = "exact" if self.standard_error == 0 else "error unknown"
        return f"{self.value:.6g} ({known})"

    def __str__(self) -> str:
        return self.number() if self.unit == "1" else f"{self.number()} {self.unit}"

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        unit = "" if self.unit == "1" else f" {escape(self.unit)}"
        return f"<span>{escape(self.number())}{unit}</span>"


def table_html(title: str, rows: dict[str, Estimate | None], notes: tuple[str, ...] = ()) -> str:
    """Estimates as a small HTML table; what is ``None`` is shown as left out."""
    body = "".join(
        f"<tr><td style='text-align:left'>{escape(name.replace('_', ' '))}</td>"
        f"<td style='text-align:right'>{escape(e.number()) if e else '—'}</td>"
        f"<td style='text-align:left'>{escape(e.unit) if e else 'left out'}</td></tr>"
        for name, e in rows.items()
    )
    foot = "".join(f"<div style='font-size:smaller'>{escape(note)}</div>" for note in notes if note)
    return f"<div><strong>{escape(title)}</strong><table>{body}</table>{foot}</div>"


def table_text(title: str, rows: dict[str, Estimate | None], notes: tuple[str, ...] = ()) -> str:
    """Estimates as lines of text, for a terminal."""
    width = max(map(len, rows))
    lines = [f"  {name:<{width}}  {e if e else 'left out'}" for name, e in rows.items()]
    return "\n".join([title, *lines, *(f"  {note}" for note in notes if note)])
