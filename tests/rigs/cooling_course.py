"""One course of a cooler: down by a few kelvin, held, off, and on its way back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from hardware_camera import Chosen

from qhy600_ophyd.contract import Camera, Limits, NotSettled, TemperatureReading
from qhy600_ophyd.device import QHY600

BELOW = 5.0
"""Kelvin from where the sensor is to the set point."""

TOO_COLD = 3.0
"""Kelvin below the set point at which the cooler is switched off: nobody asks it to go there."""

_TARGET = 18
"""The library's number for the set point that the camera regulates to."""


class TooCold(Exception):
    """The sensor went far below its set point."""


@dataclass(kw_only=True)
class Course:
    """What the cooler did.

    Parameters
    ----------
    target
        Set point [°C].
    before
        Before anything was asked of it.
    down, held, after
        Readings until the set point was reached, while it was held, and after switching off.
    error
        Why it was not reached, or no longer held; ``None`` if all went well.
    found
        Set point that the camera was regulating to when it was met; ``None`` if it was not.
    """

    target: float
    before: TemperatureReading
    down: list[TemperatureReading] = field(default_factory=list)
    held: list[TemperatureReading] = field(default_factory=list)
    after: list[TemperatureReading] = field(default_factory=list)
    error: NotSettled | TooCold | None = None
    found: float | None = None

    @property
    def seconds_down(self) -> float:
        """From the order until the temperature counted as settled, on the camera's clock."""
        return seconds(self.down)


def seconds(readings: list[TemperatureReading]) -> float:
    """Time from the first to the last of them; 0 for fewer than two."""
    times = [reading.time for reading in readings if reading.time is not None]
    return times[-1] - times[0] if times else 0.0


def values(readings: list[TemperatureReading]) -> list[float]:
    """Their temperatures [°C]."""
    return [reading.value for reading in readings if reading.value is not None]


def drives(readings: list[TemperatureReading]) -> list[float]:
    """The cooler's power [%]."""
    return [reading.power for reading in readings if reading.power is not None]


def set_point_below(start: float, limits: Limits) -> float:
    """A set point `BELOW` kelvin under `start`, in the camera's steps, and never colder [°C]."""
    step = limits.step or 0.5
    return min(max(math.ceil((start - BELOW) / step) * step, limits.low), limits.high)


def run_course(camera: Camera, chosen: Chosen) -> Course:
    """Cool, hold, switch off, and leave the cooler as it was found; closes the camera.

    The device of the package does it, whose band, time and slope decide what counts as settled.
    """
    assert camera.cooler is not None
    assert camera.capabilities.temperature is not None
    device = QHY600(camera, name="camera")
    device.temperature.hold = chosen.hold
    device.temperature.poll = min(chosen.hold / 30.0, 1.0)
    device.open()
    before = device.call(camera.cooler.read)
    assert before.value is not None
    target = set_point_below(before.value, camera.capabilities.temperature)
    course = Course(target=target, before=before, found=_regulating_to(camera, before))
    try:
        try:
            _cool(device, course, chosen)
            _watch(device, course.held, course, lasting=chosen.hold)
        except (NotSettled, TooCold) as error:
            course.error = error
        device.temperature.off()
        _watch(device, course.after, course, lasting=10 * chosen.hold, until=course.target + 0.5)
    finally:
        if course.found is None:
            device.temperature.off()
        else:
            device.call(lambda: camera.cooler.regulate(course.found))
        device.close()
    return course


def _cool(device: QHY600, course: Course, chosen: Chosen) -> None:
    status = device.temperature.set(course.target, timeout=chosen.settled_within)
    while not status.done:
        _read(device, course.down, course)
        device.backend.clock.wait(device.temperature.poll)
    status.wait(0.0)


def _watch(
    device: QHY600,
    readings: list[TemperatureReading],
    course: Course,
    *,
    lasting: float,
    until: float = math.inf,
) -> None:
    """Read for so many seconds, or until the sensor is warmer than `until` and the cooler without power."""
    while seconds(readings) < lasting:
        reading = _read(device, readings, course)
        if (reading.value or -math.inf) >= until and reading.power == 0.0:
            return
        device.backend.clock.wait(device.temperature.poll)


def _read(device: QHY600, readings: list[TemperatureReading], course: Course) -> TemperatureReading:
    cooler: Any = device.backend.cooler
    reading = device.call(cooler.read)
    readings.append(reading)
    if readings is not course.after and (reading.value or 0.0) < course.target - TOO_COLD:
        raise TooCold(f"the sensor went to {reading.value} degC for a set point of {course.target:g} degC")
    return reading


def _regulating_to(camera: Any, now: TemperatureReading) -> float | None:
    """What another program has left it regulating to, where the camera's library can be asked."""
    if not now.power or not hasattr(camera, "call"):
        return None
    told = float(camera.call("GetQHYCCDParam", _TARGET))
    return told if camera.capabilities.temperature.accepts(told) else None
