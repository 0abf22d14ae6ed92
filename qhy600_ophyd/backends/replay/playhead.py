"""How far each level of a recording has been played: every frame once, in the order recorded."""

from __future__ import annotations

from collections import Counter

from qhy600_ophyd.backends.replay.recording import DARK, RECORDED, Level, RecordedFrame, Recording
from qhy600_ophyd.contract import FrameNotRecorded, Settings


class Playhead:
    """The place in a recording; a new one stands before the first frame of every level."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._served: Counter[Level] = Counter()

    def next(self, light: str, settings: Settings) -> tuple[Level, RecordedFrame]:
        """The frame that comes next under `light` with `settings`; stays next until `advance`.

        Raises
        ------
        FrameNotRecorded
            There is none, or all have been served; says what was recorded.
        """
        level = self._recording.level(light, settings)
        if level is None:
            raise FrameNotRecorded(self._why_none(light, settings))
        served = self._served[level]
        if served >= len(level.frames):
            raise FrameNotRecorded(
                f"frame {served + 1} with light {light!r} at {level.exposure:g} s was not recorded: "
                f"this level holds {len(level.frames)}, all served, and none is repeated. "
                "Close and open the camera to begin again"
            )
        return level, level.frames[served]

    def advance(self, level: Level) -> None:
        """Count one more frame of `level` as served."""
        self._served[level] += 1

    def _why_none(self, light: str, settings: Settings) -> str:
        asked = f"a frame with light {light!r} at {settings.exposure:g} s"
        times = self._recording.exposures(light)
        if not times:
            other = RECORDED if light == DARK else DARK
            return f"{asked} was not recorded: no frame has that light. Set the light to {other!r}"
        if settings.exposure not in times:
            listed = ", ".join(f"{t:g}" for t in times[:6])
            more = f" … {times[-1]:g}" if len(times) > 6 else ""
            return f"{asked} was not recorded: that light has {len(times)} exposures, {listed}{more} s"
        held = "; ".join(
            _registers(v.gain, v.offset, v.readout_mode)
            for v in self._recording.levels
            if v.light == light and v.exposure == settings.exposure
        )
        wanted = _registers(settings.gain, settings.offset, settings.readout_mode)
        return f"{asked} with {wanted} was not recorded: what was is {held}"


def _registers(gain: float | None, offset: float | None, mode: str | None) -> str:
    named = {"gain": gain, "offset": offset, "readout mode": mode}
    return ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)
