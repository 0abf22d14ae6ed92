"""What a picture is drawn of: refused in a line where it is something else."""

from __future__ import annotations

from typing import Any

from qhy600_ophyd.contract import AnalysisRefused


def refuse_what_is_not(wanted: type, given: Any, asking: str, what: str) -> None:
    """Raise `AnalysisRefused`, naming `asking` and `what` it takes, unless `given` is a `wanted`."""
    if not isinstance(given, wanted):
        raise AnalysisRefused(f"{asking} refused an object of type {type(given).__name__}: it takes {what}")
