"""What a plan needs to know of a device: its verbs, not its class."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from bluesky.protocols import Movable, Readable, Stageable, Triggerable


@runtime_checkable
class Exposes(Readable[Any], Stageable, Triggerable, Protocol):
    """A camera: it can be staged, triggered and read, and its exposure time [s] can be moved."""

    @property
    def exposure(self) -> Movable[float]:
        """The exposure time."""
        ...


@runtime_checkable
class HasGain(Exposes, Protocol):
    """A camera with a gain register."""

    @property
    def gain(self) -> Movable[float]:
        """The gain register."""
        ...


@runtime_checkable
class Labels(Protocol):
    """A camera that records with each frame what the plan calls it."""

    @property
    def frame_kind(self) -> Movable[str]:
        """bias, dark, light or flat."""
        ...

    @property
    def step(self) -> Movable[int]:
        """Level of the experiment."""
        ...

    @property
    def repeat(self) -> Movable[int]:
        """Index within the level."""
        ...


@runtime_checkable
class Streams(Protocol):
    """A camera that has to be told which stream its next frames belong to."""

    @property
    def stream(self) -> Movable[str]:
        """Name of the bluesky stream."""
        ...


@runtime_checkable
class Illuminates(Movable[Any], Readable[Any], Protocol):
    """A light, or anything that can be moved so that more or less of it falls on the sensor."""


@runtime_checkable
class HasCooler(Protocol):
    """A camera whose sensor temperature can be moved."""

    @property
    def temperature(self) -> Movable[float]:
        """Sensor temperature [°C]."""
        ...
