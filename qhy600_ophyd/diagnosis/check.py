"""`Check`, what was found about one thing, and `Diagnosis`, all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from qhy600_ophyd.diagnosis.wording import as_lines


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was found about one thing.

    Parameters
    ----------
    name
        Of the thing, the same on every computer.
    status
        How the check ended.
    found
        What is true now, in one line; why, where it was not checked.
    advice
        What to do; empty where nothing is. Lines that begin with two spaces are commands, to be pasted as
        they stand.
    device
        Port of the camera that it is about, such as ``"2-1"``; empty where it is about the computer.
    """

    name: str
    status: Status
    found: str
    advice: str = ""
    device: str = ""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """All checks, in the order in which they build on each other; ``print`` it.

    Parameters
    ----------
    checks
        What was found. A check about a camera stands here once for each camera that is connected.
    """

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed. With warnings the camera works, slower or less surely."""
        return not any(check.status is Status.FAILED for check in self.checks)

    @property
    def findings(self) -> tuple[Check, ...]:
        """The checks that failed or warn."""
        return tuple(check for check in self.checks if check.status in (Status.FAILED, Status.WARNING))

    def named(self, name: str) -> tuple[Check, ...]:
        """The checks of that name: one, or one for each camera."""
        return tuple(check for check in self.checks if check.name == name)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "ok": self.ok,
            "checks": [
                {
                    "name": check.name,
                    "status": str(check.status),
                    "found": check.found,
                    "advice": check.advice,
                    "device": check.device,
                }
                for check in self.checks
            ],
        }

    def lines(self, width: int = 80) -> Iterator[tuple[Status | None, str]]:
        """Lines for a terminal of that many characters, each with its check's status; ``None`` for advice.

        What was not checked comes last, by reason. Commands are not broken, however long they are.
        """
        unchecked: dict[str, list[str]] = {}
        for check in self.checks:
            at = f"{check.device}: " if len(self.named(check.name)) > 1 else ""
            if check.status is Status.NOT_CHECKED:
                unchecked.setdefault(at + check.found, []).append(check.name)
                continue
            for number, line in enumerate(as_lines(check.status, check.name, at + check.found, width)):
                yield check.status if number == 0 else None, line
            yield from ((None, line) for line in as_lines("", "", check.advice, width))
        for why, names in unchecked.items():
            for number, line in enumerate(
                as_lines(Status.NOT_CHECKED, "", f"{', '.join(names)}: {why}", width)
            ):
                yield Status.NOT_CHECKED if number == 0 else None, line

    def __str__(self) -> str:
        return "\n".join(line for _, line in self.lines())

    def __repr__(self) -> str:
        if not self.findings:
            return "<Diagnosis: nothing wrong found>"
        return f"<Diagnosis: {', '.join(f'{check.name} {check.status}' for check in self.findings)}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self) if cycle else str(self))
