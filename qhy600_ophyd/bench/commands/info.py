"""A run at a glance, for a terminal and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qhy600_ophyd.datasets import RunSummary


def as_json(summary: RunSummary) -> dict[str, Any]:
    """Plain values; ``null`` where the run does not say."""
    return {
        "run": str(summary.path),
        "plan": summary.plan,
        "uid": summary.uid,
        "operator": summary.operator,
        "purpose": summary.purpose,
        "time": None if summary.time is None else summary.time.isoformat(),
        "exit_status": summary.exit_status,
        "being_written": summary.being_written,
        "resumed": summary.resumed,
        "gaps": [gap.as_json() for gap in summary.gaps],
        "bytes": summary.size,
        "streams": {
            name: {
                "frames": stream.frames,
                "shape": list(stream.shape),
                "dtype": stream.dtype,
                "settings": dict(stream.settings),
            }
            for name, stream in summary.streams.items()
        },
    }


def as_lines(summary: RunSummary) -> Iterator[str]:
    """One fact a line."""
    began = "unknown" if summary.time is None else f"{summary.time:%Y-%m-%d %H:%M:%S} UTC"
    yield f"run       {summary.path}"
    yield f"plan      {summary.plan or 'unknown'}" + (f": {summary.purpose}" if summary.purpose else "")
    yield f"uid       {summary.uid or 'unknown'}"
    yield f"began     {began}" + (f" by {summary.operator}" if summary.operator else "")
    yield f"ended     {_end(summary)}"
    if summary.resumed:
        yield f"resumed   {summary.resumed} time{'s' if summary.resumed > 1 else ''}"
    for gap in summary.gaps:
        yield f"gap       {gap}"
    yield f"size      {summary.size / 1e6:.1f} MB"
    for name, stream in summary.streams.items():
        rows, columns = stream.shape
        yield f"stream    {name}: {stream.frames} frames, {columns} × {rows} pixels, {stream.dtype}"
        for setting, values in stream.settings.items():
            yield f"          {setting:13} {values}"


def _end(summary: RunSummary) -> str:
    if summary.being_written:
        return "not yet: it is being written"
    if summary.exit_status is None and summary.uid:
        return "not: its program was killed; qhy600 resume goes on with it"
    return summary.exit_status or "unknown: nobody has said"
