"""What a plan will take and need, as values that show themselves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qhy600_ophyd.analysis import Estimate
from qhy600_ophyd.bench.room import size


@dataclass(frozen=True, kw_only=True)
class StreamPrediction:
    """The frames of one stream of one run, and their file.

    Parameters
    ----------
    run
        Which of the plan's runs, from 1.
    stream
        Its name.
    frames
        How many.
    shape, dtype
        Of a frame.
    frame_bytes
        Of its counts.
    bytes
        Most that the file takes, with frames as they come from the camera; compressed ones take less.
    """

    run: int
    stream: str
    frames: int
    shape: tuple[int, int]
    dtype: str
    frame_bytes: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a plan will take, by `Bench.check`.

    Parameters
    ----------
    runs
        That it opens.
    streams
        Of all of them, in order.
    seconds
        That the camera takes, on its clock; what else moves, and the computer, come on top.
    endless
        The plan ends only when somebody ends it: all else is what it takes until it has no end in sight.
    shown
        Frames of live views, which are not kept.
    free
        Bytes where the runs go.
    folder
        Of the runs.
    set_points
        Of the cooler [°C], in order.
    ambient
        Temperature of the air [°C] that they were held against; ``None`` where neither the camera shows nor
        anybody says it.
    warnings
        What fits and is still worth knowing, a line each.
    """

    runs: int
    streams: tuple[StreamPrediction, ...]
    seconds: Estimate
    endless: bool = False
    shown: int = 0
    free: int = 0
    folder: Path
    set_points: tuple[float, ...] = ()
    ambient: float | None = None
    warnings: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """That are kept, of all streams."""
        return sum(stream.frames for stream in self.streams)

    @property
    def bytes(self) -> int:
        """Of all files, at most."""
        return sum(stream.bytes for stream in self.streams)

    @property
    def rows(self) -> dict[str, tuple[str, str]]:
        """Name to value and unit, as a card shows them."""
        told = {"runs": (str(self.runs), ""), "frames": (str(self.frames), "")}
        for stream in self.streams:
            of = f" of run {stream.run}" if self.runs > 1 else ""
            rows, columns = stream.shape
            what = f"{stream.frames} × {columns} × {rows} {stream.dtype}, {size(stream.bytes)} at most"
            told[f"{stream.stream}{of}"] = (what, "")
        if self.shown:
            told["shown, not kept"] = (str(self.shown), "")
        told["disk"] = (f"{size(self.bytes)} at most of {size(self.free)} free", "")
        told["time"] = ("until somebody ends it", "") if self.endless else (_time(self.seconds), "")
        if self.set_points:
            told["set points"] = (", ".join(f"{point:g}" for point in self.set_points), "degC")
        for number, warning in enumerate(self.warnings, 1):
            told[f"note {number}"] = (warning, "")
        return told

    def as_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "runs": self.runs,
            "frames": self.frames,
            "bytes": self.bytes,
            "seconds": self.seconds.value,
            "seconds_standard_error": self.seconds.standard_error,
            "endless": self.endless,
            "shown": self.shown,
            "free": self.free,
            "folder": str(self.folder),
            "set_points": list(self.set_points),
            "ambient": self.ambient,
            "warnings": list(self.warnings),
            "streams": [{**asdict(stream), "shape": list(stream.shape)} for stream in self.streams],
        }

    def __repr__(self) -> str:
        return repr(self._card())

    def _repr_html_(self) -> str:
        return self._card()._repr_html_()

    def _card(self) -> Any:
        from qhy600_ophyd.views import camera_card

        return camera_card(self.rows, title="Prediction")


def _time(seconds: Estimate) -> str:
    value, error = seconds.value, seconds.standard_error
    minutes, rest = divmod(value, 60)
    hours, minutes = divmod(int(minutes), 60)
    clock = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02.0f} s" if minutes else ""
    exact = f"{value:.1f} ± {error or 0.0:.1f} s"
    return f"{clock} ({exact})" if clock else exact
