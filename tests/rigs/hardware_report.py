"""All that the hardware tests find out about a camera, in one small file that can be sent."""

from __future__ import annotations

import json
import math
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from qhy600_ophyd.contract import Capabilities

FORMAT = 1
"""Number of this form of the file."""

_LOG_LINES = 200


@dataclass
class Report:
    """Gathers while the tests run.

    Parameters
    ----------
    path
        Where it is written after every test, so that a crash leaves what was known; nowhere if ``None``.
    grade
        Of the tests.
    """

    path: Path | None
    grade: str
    camera: dict[str, Any] = field(default_factory=dict)
    tests: list[dict[str, Any]] = field(default_factory=list)
    measured: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    logs: Path | None = None

    def meet(self, kind: str, offered: Capabilities) -> None:
        """Note who the camera is and what it offers."""
        limits = ("exposure", "gain", "offset", "usb_traffic", "temperature")
        self.camera = {
            "kind": kind,
            "is_hardware": kind == "sdk",
            "identity": asdict(offered.identity),
            "modes": [
                {"index": m.index, "name": m.name, "refused": m.refused, "size": _size(offered, m.name)}
                for m in offered.modes
            ],
            "limits": {name: _limits(getattr(offered, name)) for name in limits},
            "colour_filters": offered.colour_filters,
            "overscan": offered.overscan,
        }

    def measure(
        self, test: str, name: str, value: Any, error: float | None = None, unit: str = "1", **conditions: Any
    ) -> None:
        """Note a value with its standard error; ``None`` where it has none."""
        entry = {"test": test, "name": name, "value": value, "standard_error": error, "unit": unit}
        self.measured.append(entry | {"conditions": conditions})

    def outcome(self, test: str, outcome: str, *, seconds: float, about: str, reason: str) -> None:
        """Note how a test ended, and write all that is known."""
        entry = {"test": test, "outcome": outcome, "seconds": round(seconds, 3), "about": about}
        self.tests.append(entry | {"reason": reason})
        self.write()

    def write(self) -> None:
        """Write the file, so that there is always a whole one."""
        if self.path is None:
            return
        content = {
            "format": FORMAT,
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "package": version("qhy600-ophyd"),
            "python": platform.python_version(),
            "system": platform.platform(),
            "grade": self.grade,
            "camera": self.camera,
            "tests": self.tests,
            "measured": self.measured,
            "warnings": sorted(set(self.warnings)),
            "log": self.log(),
        }
        beside = self.path.with_name(self.path.name + ".part")
        beside.write_text(json.dumps(plain(content), indent=1, allow_nan=False), encoding="utf-8")
        beside.replace(self.path)

    def lines(self) -> list[str]:
        """What was measured, a line each."""
        return [_line(entry) for entry in self.measured]

    def log(self) -> list[str]:
        """The last lines that the camera's processes have written, each once."""
        if self.logs is None or not self.logs.is_dir():
            return []
        files = sorted(self.logs.glob("*.log"), key=lambda path: path.stat().st_mtime)
        lines = (line for path in files for line in path.read_text("utf-8", "replace").splitlines())
        return list(dict.fromkeys(lines))[-_LOG_LINES:]


class Listener:
    """Hears from pytest how tests end and what warns, and tells the report.

    Parameters
    ----------
    report
        Whom to tell.
    folder
        Of the tests that it is about.
    """

    def __init__(self, report: Report, folder: Path):
        self._report, self._folder = report, folder
        self._about: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Any:
        """How a test ended."""
        result: pytest.TestReport = yield
        if self._folder in item.path.parents and (result.when == "call" or not result.passed):
            about = " ".join((getattr(item, "function", item).__doc__ or "").split())
            self._report.outcome(
                short(item.nodeid),
                result.outcome,
                seconds=result.duration,
                about=about,
                reason=_reason(result),
            )
        return result

    def pytest_warning_recorded(self, warning_message: Any) -> None:
        """What a library warned of in this process."""
        self._report.warnings.append(f"{warning_message.category.__name__}: {warning_message.message}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print what was measured, rates too, which nobody claims, and what the library warned of."""
        warned = [line for line in self._report.log() if "Warning" in line]
        for title, lines in (("measured", self._report.lines()), ("warnings of the library", warned)):
            if lines:
                terminalreporter.section(title)
                for line in lines:
                    terminalreporter.line(line)


def short(nodeid: str) -> str:
    """Name of a test without its folders."""
    return nodeid.rpartition("tests/hardware/")[2]


def _reason(result: pytest.TestReport) -> str:
    if result.passed:
        return ""
    if isinstance(result.longrepr, tuple):
        return result.longrepr[2]
    crash = getattr(result.longrepr, "reprcrash", None)
    return result.longreprtext if crash is None else crash.message


def plain(value: Any) -> Any:
    """As JSON has it: numbers that are none become null, what is unknown its text."""
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float) or hasattr(value, "__float__"):
        return float(value) if math.isfinite(value) else None
    return str(value)


def _line(entry: dict[str, Any]) -> str:
    error, unit = entry["standard_error"], entry["unit"]
    known = "" if error is None else f" ± {error:.2g}"
    told = ", ".join(f"{name} {_number(what)}" for name, what in entry["conditions"].items())
    told = f"  ({told})" if told else ""
    return f"{entry['name']}: {_number(entry['value'])}{known}{'' if unit == '1' else ' ' + unit}{told}"


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _limits(limits: Any) -> dict[str, Any] | None:
    return None if limits is None else asdict(limits)


def _size(offered: Capabilities, mode: str) -> list[int]:
    total = offered.geometry_in(mode).total
    return [total.width, total.height]
