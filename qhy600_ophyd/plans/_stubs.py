"""The verbs of a plan: `take`, `fly`, `label`, `cool_to`, `shine`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.protocols import Readable
from bluesky.utils import Msg, MsgGenerator, short_uid

from qhy600_ophyd.contract import SettingRefused
from qhy600_ophyd.plans._checks import exposes, whole
from qhy600_ophyd.plans._protocols import Exposes, Flies, HasCooler, Illuminates, Labels, Streams


def label(
    camera: Any, *, kind: str | None = None, step: int | None = None, repeat: int | None = None
) -> MsgGenerator[None]:
    """Say what the next frames are, where the camera can record it."""
    if not isinstance(camera, Labels):
        return
    for signal, value in ((camera.frame_kind, kind), (camera.step, step), (camera.repeat, repeat)):
        if value is not None:
            yield from bps.abs_set(signal, value, wait=True)


def take(
    camera: Exposes,
    n: int = 1,
    *,
    stream: str = "primary",
    kind: str = "",
    step: int = -1,
    also: Sequence[Readable[Any]] = (),
) -> MsgGenerator[None]:
    """Take `n` frames into `stream`, one event each.

    Parameters
    ----------
    camera
        Staged, in an open run.
    n
        How many.
    stream
        Told to the camera before it is triggered, so that the frames land in the file of that stream.
    kind, step
        Labels of the frames; ``repeat`` counts from 0.
    also
        Devices read with each frame.

    Raises
    ------
    SettingRefused
        `camera` is none, or `n` is not a positive whole number.
    """
    exposes(camera)
    n = whole("frames", n)
    if isinstance(camera, Streams):
        yield from bps.abs_set(camera.stream, stream, wait=True)
    yield from label(camera, kind=kind, step=step)
    for repeat in range(n):
        yield from label(camera, repeat=repeat)
        yield from bps.checkpoint()
        yield from bps.trigger_and_read([camera, *also], name=stream)
    yield from bps.checkpoint()


def fly(
    camera: Flies,
    request: Any,
    *,
    stream: str = "primary",
    kind: str = "",
    step: int = -1,
    flush: float = 0.5,
) -> MsgGenerator[None]:
    """Take the frames of a request from a live stream, and announce them while they come.

    A pause ends the stream after the frame under way; the resumed plan starts another one for the frames that
    are still missing. It is not rewound, since what was announced cannot be taken back.

    Parameters
    ----------
    camera
        Staged, in an open run.
    request
        From ``camera.fly_request``, with ``rewinds=False``; a new one for each call.
    stream
        The request's.
    kind, step
        Labels of the frames; ``repeat`` counts from 0.
    flush
        Seconds from one batch of documents to the next.
    """

    def streams() -> MsgGenerator[None]:
        while True:
            group = short_uid("flight")
            yield from bps.kickoff(camera, wait=True)
            yield from bps.complete(camera, group=group)
            done: bool | None = False
            # No answer, rather than a no, is that of a pause, or of somebody who only looks at the messages.
            while done is False:
                done = yield from bps.wait(group, timeout=flush, error_on_timeout=False)
                yield from bps.collect(camera, name=stream)
                yield from bps.checkpoint()
            if not camera.unfinished:
                return

    def what_has_come() -> MsgGenerator[None]:
        yield Msg("stop", camera)
        yield from bps.complete(camera, wait=True)
        yield from bps.collect(camera, name=stream)

    yield from label(camera, kind=kind, step=step, repeat=0)
    yield from bps.checkpoint()
    yield from bps.prepare(camera, request, wait=True)
    yield from bps.declare_stream(camera, name=stream, collect=True)
    # Whatever happens, frames that are stored are announced before the run is closed.
    yield from bpp.finalize_wrapper(streams(), what_has_come)
    yield from bps.checkpoint()


def shine(light: Illuminates, level: Any) -> MsgGenerator[None]:
    """Move the light to `level` and wait until it is there."""
    yield from bps.mv(light, level)


def cool_to(camera: HasCooler, temperature: float) -> MsgGenerator[None]:
    """Cool or warm the sensor to `temperature` [°C] and wait until it has settled."""
    yield from bps.mv(camera.temperature, temperature)


def levels_of(light: Illuminates, *, on: Any, off: Any) -> tuple[Any, Any]:
    """The bright and the dark level of a light: as given, or as the light itself names them.

    Raises
    ------
    SettingRefused
        Neither says; names the argument to give.
    """
    found = {}
    for name, given in (("on", on), ("off", off)):
        found[name] = getattr(light, name, None) if given is None else given
        if found[name] is None:
            raise SettingRefused(
                f"light {light.name!r}",
                f"without {name}=",
                allowed="any level of it",
                advice=f"{light.name} does not say which level is {name}: give the plan {name}=<level>",
            )
    return found["on"], found["off"]
