"""`Rehearsal`: a plan gone through without the camera, to see what it will take and how long that lasts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from bluesky.utils import Msg

from qhy600_ophyd.bench.checking.camera_pace import CameraPace
from qhy600_ophyd.bench.checking.reach import SETTLING_UNCERTAINTY
from qhy600_ophyd.contract import SETTING_NAMES, Layout, Settings
from qhy600_ophyd.device import QHY600, FlyRequest, View
from qhy600_ophyd.device.cooler import Cooler
from qhy600_ophyd.device.setting import Setting
from qhy600_ophyd.device.stream import check_alike, layout_for

MOST = 300_000
"""Messages after which a plan counts as endless: some 30,000 single frames, and a minute here."""


@dataclass(kw_only=True)
class Rehearsed:
    """The frames of one stream of one run."""

    run: int
    stream: str
    settings: Settings
    layout: Layout
    frames: int = 0


class Rehearsal:
    """Answers the messages of a plan as a RunEngine would, and keeps the books.

    Settings are checked as the camera device checks them, each and together, and stay requests of the
    rehearsal. What else is set is only checked, and answers where it was sent to; what else is read answers
    with its present reading. Whoever reads the last frame's ``trigger_monotonic`` finds the rehearsed one.

    Parameters
    ----------
    camera
        Open and idle. Other detectors of the plan are not looked at.
    cool
        Called with each set point [°C] of the plan and the settings then; returns the seconds that it takes.

    Attributes
    ----------
    streams : list of Rehearsed
    shown : int
        Frames of live views, which nobody keeps.
    set_points : list of float
        [°C], in order.
    endless : bool
        The plan ends only when somebody ends it, or had not ended after `MOST` messages.
    cut_short : bool
        It is the latter.
    runs : int
    """

    def __init__(self, camera: QHY600, *, cool: Callable[[float, Settings], float]):
        self._camera, self._cool = camera, cool
        self._requests, self._actual = camera.rehearsal(), camera.actual
        self.pace = CameraPace(camera)
        self.streams: list[Rehearsed] = []
        self.set_points: list[float] = []
        self.shown = self.runs = 0
        self.endless = self.cut_short = False
        self._open: dict[Any, int] = {}
        self._label = "primary"
        self._due = math.nan
        self._request: FlyRequest | None = None
        self._took_off: float | None = None
        self._places: dict[Any, Any] = {}
        self._resolved: Settings | None = None
        self._reading: Any = None

    def go_through(self, plan: Generator[Msg, Any, Any]) -> None:
        """Do so, and close it.

        Raises
        ------
        QHY600Error
            What the camera would refuse.
        """
        answer: Any = None
        try:
            with self._rows():
                for _ in range(MOST):
                    answer = self._answer(plan.send(answer))
                    if self.endless:
                        return
                self.endless = self.cut_short = True
        except StopIteration:
            pass
        finally:
            plan.close()

    def _answer(self, message: Msg) -> Any:
        part = getattr(self, f"_on_{message.command}", None)
        return None if part is None else part(message)

    # -- runs, streams and time ---------------------------------------------------------------------------

    def _on_open_run(self, message: Msg) -> str:
        self.runs += 1
        self._open[message.run] = self.runs
        return f"rehearsed-{self.runs}"

    def _on_close_run(self, message: Msg) -> None:
        self._open.pop(message.run, None)

    def _on_unstage(self, message: Msg) -> None:
        if message.obj is self._camera:
            self._label, self._due, self._request, self._took_off = "primary", math.nan, None, None

    def _on_sleep(self, message: Msg) -> None:
        self.pace.passes(float(message.args[0]))

    def _on_wait(self, _: Msg) -> bool:
        # Whatever is waited for has happened.
        return True

    # -- what is set and read -----------------------------------------------------------------------------

    def _on_set(self, message: Msg) -> None:
        signal, value = message.obj, message.args[0]
        if getattr(signal, "parent", None) is not self._camera:
            self._check(signal, value)
            self._places[signal] = value
        elif isinstance(signal, Setting):
            self._ask(signal.attr_name, value)
        elif isinstance(signal, Cooler):
            signal.check_value(value)
            self.set_points.append(float(value))
            seconds = self._cool(float(value), self._settings())
            self.pace.passes(seconds, uncertainty=SETTLING_UNCERTAINTY * seconds)
        elif signal is self._camera.stream:
            self._label = value
        elif signal is self._camera.due:
            self._due = float(value)

    def _on_configure(self, message: Msg) -> None:
        if message.obj is self._camera:
            for name, value in message.args[0].items():
                self._ask(name, value)

    def _on_locate(self, message: Msg) -> Any:
        place = self._place_of(message.obj)
        return _sync(message.obj, "locate") if place is None else {"setpoint": place, "readback": place}

    def _on_read(self, message: Msg) -> Any:
        if message.obj is self._camera:
            # Once is enough: it has some seventy columns, of which the rehearsal knows nothing new.
            self._reading = self._reading or self._camera.read()
            return self._reading
        place, name = self._place_of(message.obj), getattr(message.obj, "name", "")
        return _sync(message.obj, "read") if place is None else {name: {"value": place, "timestamp": 0.0}}

    def _place_of(self, obj: Any) -> Any:
        if getattr(obj, "parent", None) is self._camera and obj.attr_name in SETTING_NAMES:
            return getattr(self._settings(), obj.attr_name)
        return self._places.get(obj)

    def _ask(self, name: str, value: Any) -> None:
        if not (name == "roi" and value is None):
            signal = getattr(self._camera, name, None)
            if not isinstance(signal, Setting):
                self._camera.configure({name: value})  # which refuses it, and says what there is
                return
            signal.check_value(value)
            value = self._camera.capabilities.check(name, value)
        self._requests.ask(name, value, self._camera.capabilities)
        self._resolved = None

    @staticmethod
    def _check(obj: Any, value: Any) -> None:
        check = getattr(obj, "check_value", None)
        if check is not None and not inspect.iscoroutinefunction(check):
            check(value)

    def _settings(self) -> Settings:
        if self._resolved is None:
            self._resolved = self._requests.resolved(self._camera.capabilities, self._actual)
        return self._resolved

    # -- frames -------------------------------------------------------------------------------------------

    def _on_trigger(self, message: Msg) -> None:
        if isinstance(message.obj, View):
            self._look(message.obj)
        elif message.obj is self._camera:
            stream = self._stream(self._label)
            due, self._due = self._due, math.nan
            self._row["trigger_monotonic"] = round(self.pace.single(stream.settings, due=due) * 1e9)
            stream.frames += 1

    def _on_prepare(self, message: Msg) -> None:
        if message.obj is self._camera and isinstance(message.args[0], FlyRequest):
            self._request, self._took_off = message.args[0], None
            self._label = message.args[0].stream

    def _on_kickoff(self, message: Msg) -> None:
        if message.obj is self._camera and self._request is not None and self._took_off is None:
            stream = self._stream(self._label)
            self._took_off = self.pace.stream_begins(stream.settings)

    def _on_complete(self, message: Msg) -> None:
        if message.obj is not self._camera or self._request is None or self._took_off is None:
            return
        stream, began, self._took_off = self._stream(self._label), self._took_off, None
        frames = self._request.frames
        self._request = None
        stream.frames += self.pace.stream_ends(stream.settings, frames, began=began)

    def _look(self, view: View) -> None:
        # What is left of the plan would show it for ever.
        view.stop()
        settings = self._settings()
        began = self.pace.stream_begins(settings)
        if view.wanted is None:
            self.endless = True
        else:
            self.shown += self.pace.stream_ends(settings, view.wanted, began=began)

    def _stream(self, label: str) -> Rehearsed:
        """The stream that the next frame belongs to. Raises what a trigger would."""
        settings = self._actual = self._settings()
        run = next(reversed(self._open.values()), self.runs)
        for stream in self.streams:
            if (stream.run, stream.stream) == (run, label):
                check_alike(settings, stream.settings, stream=label)
                stream.settings = settings
                return stream
        layout = layout_for(settings, self._camera.capabilities, device=self._camera.name, start=None)
        self.streams.append(Rehearsed(run=run, stream=label, settings=settings, layout=layout))
        return self.streams[-1]

    @contextmanager
    def _rows(self) -> Iterator[None]:
        """While it lasts, the camera's signals of the last frame tell of the rehearsed one."""
        row, self._row = self._camera.row, dict(self._camera.row)
        self._camera.row = self._row
        try:
            yield
        finally:
            self._camera.row = row


def _sync(obj: Any, verb: str) -> Any:
    """What that method of `obj` returns, where it is there, works and does not have to be awaited."""
    call = getattr(obj, verb, None)
    if call is None or inspect.iscoroutinefunction(call):
        return None
    with suppress(Exception):
        return call()
    return None
