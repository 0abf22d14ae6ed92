"""What was true of the last frame, as read-only signals, and the labels that a plan gives it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from ophyd import Signal
from ophyd.status import Status
from ophyd.utils import ReadOnlyError

from qhy600_ophyd.contract import FIELDS, FRAME_KINDS, Field, SettingRefused
from qhy600_ophyd.device.event_value import data_key, event_value, source
from qhy600_ophyd.device.progress import done

if TYPE_CHECKING:
    from qhy600_ophyd.device.panel import Panel


class FrameValue(Signal):
    """One column of the last frame's row; missing before the first frame."""

    parent: Panel
    precision: int | None = 3

    @property
    def columns(self) -> tuple[Field, ...]:
        """The columns of the vocabulary that this signal reads."""
        return (FIELDS[self.attr_name],)

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._told: Any = None

    @property
    def timestamp(self) -> float:
        """When the last frame arrived [s since 1970]."""
        return self.parent.row_timestamp

    def subscribe(self, callback: Callable[..., Any], event_type: str | None = None, run: bool = True) -> int:
        """Call `callback` with the value of each frame to come, and with that of the last one if `run`."""
        # Nobody was told of the frames before the first subscription.
        if run and self.parent.row and event_type in (None, self.SUB_VALUE):
            self._told = self.get()
            told = {"value": self._told, "old_value": None, "timestamp": self.timestamp}
            cache: dict[str, Any] = self._args_cache
            cache[self.SUB_VALUE] = ((), {**told, "sub_type": self.SUB_VALUE, "obj": self})
        return super().subscribe(callback, event_type, run)

    def publish(self) -> None:
        """Tell whoever subscribed; does nothing when nobody has."""
        if not self._callbacks[self.SUB_VALUE]:
            return
        old, self._told = self._told, self.get()
        self._run_subs(sub_type=self.SUB_VALUE, old_value=old, value=self._told, timestamp=self.timestamp)

    def get(self, **_: Any) -> Any:
        """The value of the last frame."""
        return event_value(self.columns[0], self.parent.row.get(self.attr_name))

    def set(self, value: Any, **_: Any) -> Status:
        """Refuse: the camera says what is true."""
        raise ReadOnlyError(f"{self.name} {value} refused: it is measured with each frame and cannot be set")

    def put(self, value: Any, **_: Any) -> None:
        """Refuse, as `set` does."""
        self.set(value)

    def read(self) -> dict[str, dict[str, Any]]:
        """The value and when it arrived."""
        return {self.name: {"value": self.get(), "timestamp": self.parent.row_timestamp}}

    def describe(self) -> dict[str, dict[str, Any]]:
        """Type and unit."""
        column = self.columns[0]
        precision = self.precision if column.dtype == "f8" else None
        return {self.name: data_key(column, source(self.parent.name, self.attr_name), precision=precision)}


class Label(Signal):
    """What a plan calls the frames to come; recorded with each of them."""

    parent: Panel

    @property
    def columns(self) -> tuple[Field, ...]:
        """The columns of the vocabulary that this signal reads."""
        return (FIELDS[self.attr_name],)

    def set(self, value: Any, **_: Any) -> Status:
        """Label the frames to come; done at once."""
        self.put(value)
        return done(self)

    def put(self, value: Any, **kwargs: Any) -> None:
        """Label the frames to come."""
        super().put(self._checked(value), **kwargs)

    def _checked(self, value: Any) -> Any:
        if not isinstance(value, Integral) or isinstance(value, bool) or value < -1:
            raise SettingRefused(
                self.attr_name, value, allowed="a whole number from 0, or -1 for none", now=self.get()
            )
        return int(value)

    def describe(self) -> dict[str, dict[str, Any]]:
        """Type."""
        return {self.name: data_key(self.columns[0], source(self.parent.name, self.attr_name))}


class FrameKind(Label):
    """What the frames to come are for: bias, dark, light, flat, or the empty text for "not said"."""

    def _checked(self, value: Any) -> str:
        if value not in ("", *FRAME_KINDS):
            raise SettingRefused(
                "frame_kind", repr(value), allowed="one of " + ", ".join(FRAME_KINDS), now=repr(self.get())
            )
        return value

    def describe(self) -> dict[str, dict[str, Any]]:
        """Type and choices."""
        where = source(self.parent.name, self.attr_name)
        return {self.name: data_key(self.columns[0], where, choices=("", *FRAME_KINDS))}


class StreamLabel(Label):
    """The bluesky stream that the frames to come belong to; each stream has a file of its own."""

    @property
    def columns(self) -> tuple[Field, ...]:
        """None: a stream is a place, not a value in it."""
        return ()

    def _checked(self, value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,40}", value):
            raise SettingRefused(
                "stream", repr(value), allowed="a letter, then letters, digits, - and _", now=repr(self.get())
            )
        return value

    def describe(self) -> dict[str, dict[str, Any]]:
        """A text."""
        return {
            self.name: {"source": source(self.parent.name, self.attr_name), "dtype": "string", "shape": []}
        }


class DueTime(Label):
    """When the next exposure is to begin, on the camera's steady clock [s]; NaN: at once.

    It holds for one trigger, which waits for that time, and says in ``lateness`` by how much it was missed.
    """

    @property
    def columns(self) -> tuple[Field, ...]:
        """None: what is recorded is how late the exposure was."""
        return ()

    def take(self) -> float | None:
        """The time, which holds no longer; ``None`` if none was set."""
        due: Any = self.get()
        self.put(math.nan)
        return None if math.isnan(due) else due

    def _checked(self, value: Any) -> float:
        if not isinstance(value, Real) or isinstance(value, bool) or math.isinf(value):
            raise SettingRefused(
                "due",
                repr(value),
                allowed="a time on the camera's steady clock in seconds, or NaN for at once",
                now=self.get(),
            )
        return float(value)

    def describe(self) -> dict[str, dict[str, Any]]:
        """A number of seconds."""
        key = {"source": source(self.parent.name, self.attr_name), "dtype": "number", "shape": []}
        return {self.name: {**key, "dtype_numpy": "<f8", "units": "s"}}


class Identity(Signal):
    """One fact about who the camera is; the empty text before it was opened."""

    parent: Panel

    def get(self, **_: Any) -> str:
        """The fact."""
        return getattr(self.parent.capabilities.identity, self.attr_name) if self.parent.was_opened else ""

    def set(self, value: Any, **_: Any) -> Status:
        """Refuse: it is what the camera says of itself."""
        raise ReadOnlyError(f"{self.name} {value!r} refused: the camera says itself who it is")

    def put(self, value: Any, **_: Any) -> None:
        """Refuse, as `set` does."""
        self.set(value)

    def read(self) -> dict[str, dict[str, Any]]:
        """The fact and when the camera was opened."""
        return {self.name: {"value": self.get(), "timestamp": self.parent.opened_at}}

    def describe(self) -> dict[str, dict[str, Any]]:
        """A text."""
        return {
            self.name: {
                "source": source(self.parent.name, self.attr_name),
                "dtype": "string",
                "shape": [],
                "dtype_numpy": "|S64",
            }
        }
