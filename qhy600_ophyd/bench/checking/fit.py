"""Whether a plan fits: into the camera's limits, the disk, the file system and what the cooler can do."""

from __future__ import annotations

import warnings
from pathlib import Path

from qhy600_ophyd.analysis import Estimate
from qhy600_ophyd.bench.checking.plan_given import PlanGiven, plan_from
from qhy600_ophyd.bench.checking.prediction import Prediction, StreamPrediction
from qhy600_ophyd.bench.checking.reach import (
    FAST,
    ambient_shown_by,
    deepest,
    require_reachable,
    settling_time,
)
from qhy600_ophyd.bench.checking.rehearsal import MOST, Rehearsal
from qhy600_ophyd.bench.room import file_bytes, frame_bytes, free_bytes, require_length, require_room
from qhy600_ophyd.contract import CameraError, CameraNotReady, QHY600Error, Settings, TemperatureReading
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.sensor.supply import known_undervoltage, supply


def predict(given: PlanGiven, camera: QHY600, folder: Path, *, ambient: float | None = None) -> Prediction:
    """Go through a plan and refuse what cannot fit; parameters and errors as `Bench.check`.

    Parameters
    ----------
    given
        A plan, or a function that makes one.
    camera
        Open and idle; nothing of it is changed.
    folder
        Of the runs; it need not be there.
    ambient
        Temperature of the air or the coolant [°C], where it is known.
    """
    plan = plan_from(given)
    if camera.exposing:
        raise CameraNotReady(f"check refused: {camera.name} is exposing; wait for the end of the run")
    chill = _Chill(camera, ambient)
    rehearsal = Rehearsal(camera, cool=chill.seconds_to)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        rehearsal.go_through(plan)
    pace = rehearsal.pace
    streams = tuple(
        StreamPrediction(
            run=each.run,
            stream=each.stream,
            frames=each.frames,
            shape=each.layout.shape,
            dtype=each.layout.dtype,
            frame_bytes=frame_bytes(each.settings),
            bytes=file_bytes(each.layout, each.frames),
        )
        for each in rehearsal.streams
    )
    notes = [*chill.notes(bool(rehearsal.set_points)), *(str(warning.message) for warning in told)]
    if rehearsal.cut_short:
        notes.append(f"counted until message {MOST}, after which the plan had not ended")
    prediction = Prediction(
        runs=rehearsal.runs,
        streams=streams,
        seconds=Estimate(value=pace.seconds, standard_error=pace.uncertainty, unit="s"),
        endless=rehearsal.endless,
        shown=rehearsal.shown,
        free=free_bytes(folder),
        folder=folder,
        set_points=tuple(rehearsal.set_points),
        ambient=chill.ambient,
        warnings=tuple(notes),
    )
    _require_fit(prediction)
    return prediction


def _require_fit(prediction: Prediction) -> None:
    """Raise `StoreError` for what the disk cannot take; a note of it is what was predicted."""
    try:
        if prediction.frames:
            what = "an endless plan" if prediction.endless else f"{prediction.frames} frames"
            needed = prediction.bytes
            require_room(needed, prediction.folder, what=what)
            for stream in prediction.streams:
                what = f"{stream.frames} frames of stream {stream.stream!r}"
                require_length(stream.bytes, prediction.folder, what=what)
    except QHY600Error as error:
        error.add_note(repr(prediction))
        raise


class _Chill:
    """The cooler as far as it can be foreseen."""

    def __init__(self, camera: QHY600, ambient: float | None):
        self._camera = camera
        cooler = camera.backend.cooler
        reading, code = TemperatureReading(), None
        try:
            reading = TemperatureReading() if cooler is None else camera.call(cooler.read)
            code = camera.call(camera.backend.status).undervoltage
        except CameraError:
            # Whoever takes a frame of a camera that does not answer is told soon enough.
            pass
        self._now = reading.value
        self.ambient = ambient_shown_by(reading) if ambient is None else ambient
        known = known_undervoltage(code)
        self._failed = known is not None and known.failed
        self._notes: list[str] = []

    def seconds_to(self, setpoint: float, settings: Settings) -> float:
        """Seconds until the sensor has settled there; raises `SettingRefused` if it never will."""
        model, drive = self._camera.capabilities.identity.model, self._drive
        now, self._now = self._now, setpoint
        hold = self._camera.temperature.hold
        if self.ambient is None:
            return hold if now is None else settling_time(now, setpoint, setpoint - _SHORT_OF, hold)
        require_reachable(setpoint, model, self.ambient, drive=drive, now=now)
        held = deepest(model, self.ambient, fast=True, drive=drive)
        if (settings.exposure or 0.0) < FAST and setpoint < held:
            self._notes.append(
                f"with exposures below a second the cooler holds about {held:.0f} degC, not {setpoint:g}"
            )
        if now is None:
            return hold
        end = deepest(model, self.ambient, drive=drive if setpoint < now else 0.0)
        return settling_time(now, setpoint, end, hold)

    def notes(self, moved: bool) -> tuple[str, ...]:
        """What is worth knowing of it."""
        told = list(self._notes)
        if self._failed:
            told.append(
                "the camera's supply has failed before, and its cooler is off or weak until "
                "camera.reset_undervoltage()"
            )
        if moved and self.ambient is None:
            told.append(
                "whether the cooler reaches its set point is not known: nothing shows how warm the air is; "
                "say it, as in bench.check(plan, ambient=22)"
            )
        return tuple(told)

    @property
    def _drive(self) -> float:
        return supply().latched_duty if self._failed else 1.0


_SHORT_OF = 5.0
"""Kelvin beyond the set point where the sensor would go, for the time it takes, where nothing is known."""
