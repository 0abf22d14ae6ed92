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
class Flies(Exposes, Protocol):
    """A camera that takes live streams as one of bluesky's flyers, and says whether one has to go on."""

    @property
    def unfinished(self) -> bool:
        """Whether frames that were asked for are still to come."""
        ...

    @property
    def flight_report(self) -> str:
        """What was not as it was asked for; empty if nothing."""
        ...

    def fly_request(self, *, frames: int | None, on_loss: Any, stream: str, rewinds: bool) -> Any:
        """Give what `prepare` takes. Raises `SettingRefused`."""
        ...

    def prepare(self, value: Any) -> Any:
        """Take a request; gives a status."""
        ...

    def kickoff(self) -> Any:
        """Start, or go on; gives a status."""
        ...

    def complete(self) -> Any:
        """Wait for the end; gives a status."""
        ...

    def stop(self, *, success: bool = False) -> Any:
        """End it; nothing fails."""
        ...

    def describe_collect(self) -> Any:
        """Say what the frames are."""
        ...


@runtime_checkable
class Schedules(Exposes, Protocol):
    """A camera that begins an exposure at a given time of its steady clock."""

    due: Any
    trigger_monotonic: Any

    def shortest_interval(self, exposure: float | None = None) -> float:
        """Seconds from one frame to the next that it can keep."""
        ...


@runtime_checkable
class Shows(Protocol):
    """A camera whose live frames can be shown without being kept."""

    def viewer(self, on_frame: Any = None, *, frames: int | None = None) -> Any:
        """Give something that is triggered to show them."""
        ...


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
