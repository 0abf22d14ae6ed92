"""What a plan needs to know of a device: its verbs, not its class.

They are bluesky's protocols without their types of readings: ophyd's devices return plain dictionaries, and
its components are descriptors, which no type checker takes for what they give.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Exposes(Protocol):
    """A camera: it can be triggered and read, and its exposure time [s] can be moved.

    It is staged where it can be; a detector without ``stage`` is bluesky's too.
    """

    exposure: Any

    @property
    def name(self) -> str:
        """Prefix of its data keys."""
        ...

    def trigger(self) -> Any:
        """Expose; gives a status."""
        ...

    def read(self) -> Any:
        """Give the readings of the last frame."""
        ...

    def describe(self) -> Any:
        """Say what the readings are."""
        ...


@runtime_checkable
class HasGain(Exposes, Protocol):
    """A camera whose gain register can be moved."""

    gain: Any


@runtime_checkable
class Labels(Protocol):
    """A camera that records with each frame what the plan calls it: kind, level, index within the level."""

    frame_kind: Any
    step: Any
    repeat: Any


@runtime_checkable
class Streams(Protocol):
    """A camera that has to be told which bluesky stream its next frames belong to."""

    stream: Any


@runtime_checkable
class HasCooler(Protocol):
    """A camera whose sensor temperature [°C] can be moved."""

    temperature: Any


@runtime_checkable
class Illuminates(Protocol):
    """A light, or anything that can be moved so that more or less of it falls on the sensor."""

    @property
    def name(self) -> str:
        """Prefix of its data keys."""
        ...

    def set(self, value: Any) -> Any:
        """Move; gives a status."""
        ...

    def read(self) -> Any:
        """Give where it is."""
        ...

    def describe(self) -> Any:
        """Say what the readings are."""
        ...
