"""What `verify` found in a run, and what it says of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["missing", "duplicated", "reordered", "edited", "truncated", "zero", "damaged", "unverifiable"]

_ADVICE: dict[str, str] = {
    "missing": "Take it again, or leave its place out; what is there can be used",
    "duplicated": "Leave one of the two out",
    "reordered": "Put them into the order of their numbers before a series is made of them",
    "edited": "Restore the file from a copy, or leave the frame out",
    "truncated": "Restore the file from a copy",
    "zero": "Leave it out and check the camera's cables; if every frame is zero, raise the offset",
    "damaged": "Restore the file from a copy",
    "unverifiable": "Believe it as far as you know how it was kept",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with a run.

    Parameters
    ----------
    kind
        Missing, duplicated, reordered, edited, truncated, zero, damaged, or unverifiable.
    what
        In words.
    stream
        Name of the stream; empty where it is the run as a whole.
    frame
        Place in the stream, from 0, as in the dataset of `open_run`; ``None`` where it is no single frame.
    advice
        What to do; without it, what is usual for the kind.
    """

    kind: Kind
    what: str
    stream: str = ""
    frame: int | None = None
    advice: str = ""

    def __post_init__(self) -> None:
        if not self.advice:
            object.__setattr__(self, "advice", _ADVICE[self.kind])

    def __str__(self) -> str:
        place = self.stream if self.frame is None else f"{self.stream} frame {self.frame}"
        return f"{self.kind}: {place + ': ' if place else ''}{self.what}. {self.advice}"


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What is known of a run after every row and every frame of it was read once.

    Parameters
    ----------
    path
        The run's folder.
    frames
        Rows of the ledgers of all its streams, each the promise of a frame.
    numbered_by_hardware
        Frames that carry a number that the camera itself counted.
    findings
        All that is wrong.
    notes
        What could not be proved, and why.
    """

    path: Path
    frames: int
    numbered_by_hardware: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def proved_by_hardware(self) -> bool:
        """Whether every frame has a number from the camera, and no number is missing."""
        return self.ok and 0 < self.frames == self.numbered_by_hardware

    @property
    def verdict(self) -> str:
        """The whole in one line."""
        if not self.ok:
            count = len(self.findings)
            return f"{count} finding{'s' if count > 1 else ''} in {self.frames} frames"
        if not self.frames:
            return "no frames, none announced"
        if self.proved_by_hardware:
            return "no loss; proved by the camera's own numbers"
        return "no loss seen; not proved by hardware"

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "run": str(self.path),
            "ok": self.ok,
            "proved_by_hardware": self.proved_by_hardware,
            "verdict": self.verdict,
            "frames": self.frames,
            "findings": [asdict(finding) for finding in self.findings],
            "notes": list(self.notes),
        }

    def lines(self, most: int = 20) -> list[str]:
        """The verdict, at most so many findings, and the notes, one a line."""
        told = [f"{self.path.name}: {self.verdict}", *map(str, self.findings[:most])]
        if len(self.findings) > most:
            told.append(f"and {len(self.findings) - most} more")
        return told + [f"note: {note}" for note in self.notes]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<Verification of {self.path.name}: {self.verdict}>"
