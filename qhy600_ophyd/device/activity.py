"""`Activity`: what keeps a camera busy, one at a time."""

from __future__ import annotations

from typing import Protocol


class Activity(Protocol):
    """What keeps the camera busy: an exposure, or a live stream."""

    what: str
    """Its name, for messages."""

    live: bool
    """Whether it is a live stream."""

    @property
    def over(self) -> bool:
        """Whether camera, memory and store are free of it."""
        ...

    @property
    def cancelled(self) -> bool:
        """Whether it was told to end."""
        ...

    def run(self) -> None:
        """Begin, in the camera's thread."""
        ...

    def pause(self) -> None:
        """End without a failure, to be gone on with later."""
        ...

    def stop(self, *, success: bool) -> None:
        """End, because somebody wants it to."""
        ...

    def cancel(self, *, finish: bool) -> None:
        """End at once; with `finish` without a failure."""
        ...

    def join(self, timeout: float) -> None:
        """Wait until it is over."""
        ...


def stuck(activity: Activity, seconds: float) -> str:
    """What is wrong with something that has a frame in a store that hangs, in words."""
    return (
        f"{activity.what} has not come to its end within {seconds:g} s: the store does not come back from a "
        "frame. See to the disk that the frames go to"
    )
