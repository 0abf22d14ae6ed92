"""`resume_run`: going on with a run whose program was killed, or that failed or was aborted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import xarray as xr
from bluesky.utils import Msg, MsgGenerator

from qhy600_ophyd.bench.again.interrupted_run import InterruptedRun
from qhy600_ophyd.bench.again.recorded import bench_of, plan_of
from qhy600_ophyd.bench.again.restoring import restore
from qhy600_ophyd.bench.again.simulated_anew import start_for_rest, truth_of_its_own
from qhy600_ophyd.contract import ResumeRefused
from qhy600_ophyd.datasets import open_run
from qhy600_ophyd.datasets.verifying.document_check import RESUMED_AFTER
from qhy600_ophyd.plans import frames_of, rest_of

if TYPE_CHECKING:
    from qhy600_ophyd.bench.bench import Bench


def resume_run(
    run: str | os.PathLike[str],
    *,
    bench: Bench | None = None,
    plan: Callable[..., Iterable[Msg]] | None = None,
    progress: bool | None = None,
) -> xr.Dataset:
    """Take what is missing of a run, with its bench and its plan made once more from its start document.

    What is missing becomes another bluesky run, which ``resumes`` the first, in new files of the same folder.
    A frame that is in the run's files is not taken again, whether or not a document announced it. Of a plan
    that asks for a number of frames, such as a burst or a time lapse, the remaining number is taken: a burst
    counts on, and a time lapse begins a new schedule with its next frame.

    Settings, set point, light and filter are those that the run began with. What a simulated camera's frames
    have of its history (its sensor's temperature, traps that are full or empty, the phase of banding) starts
    anew.

    Parameters
    ----------
    run
        Its folder, or any file in it.
    bench
        To take it on, for cameras and lights that no profile describes. It is opened and left open. A
        simulated one draws other noise than the run has if its ``first_exposure`` lies beyond the run's.
    plan
        Makes the run's plan once more, for lights and plans of your own: called without arguments, or with
        ``frames=`` where the run was asked for a number of frames.
    progress
        Show a bar of events; ``None``: on a terminal and in a notebook.

    Returns
    -------
    xarray.Dataset
        The whole run, lazily loaded, with its gaps in the attribute ``gaps``.

    Raises
    ------
    ResumeRefused
        The run is complete, is of another camera, or its plan takes other frames; says which.
    PlanNotRebuilt
        Its start document does not say enough to make bench and plan again.
    RunDamaged
        There is no such run, or it cannot be told what was taken.
    StoreError
        It is still being written.
    QHY600Error
        What made the plan fail; `resume_run` can go on again.
    """
    found = InterruptedRun.find(Path(run))
    camera = (found.start.get("profile") or {}).get("camera") or {}
    if camera.get("backend") == "replay":
        raise ResumeRefused(
            f"resume of {found.folder} refused: a recording is served from its beginning, and in no time. "
            "Run its plan again"
        )
    if bench is not None:
        return _go_on(bench, found, plan, progress)
    own = bench_of(start_for_rest(found), output=found.folder.parent)
    try:
        return _go_on(own, found, plan, progress)
    finally:
        own.close()


def _go_on(
    bench: Bench, first: InterruptedRun, plan: Callable[..., Iterable[Msg]] | None, progress: bool | None
) -> xr.Dataset:
    with bench.store.going_on_in(first.folder, first.uid) as record:
        # Once more, now that nobody else can write there.
        run = InterruptedRun.find(first.folder)
        bench.open()
        _refuse_another_camera(bench, run)
        for part in run.files.parts:
            # Where the record is gone, what the files say of the earlier runs comes first.
            if part.start:
                record.keep("start", part.start)
        restore(bench, run.start.get("settings_before") or {})
        rest, left = _rest(bench, run, partial(plan_of, run.start, bench) if plan is None else plan)

        def keep(name: str, document: Any) -> None:
            if name in ("start", "descriptor", "stop"):
                record.keep(name, document)

        # A run that has no frame left to take has no file to keep its documents.
        token = bench.RE.subscribe(keep)
        try:
            about = {"resumes": run.uid, RESUMED_AFTER: run.states, "num_points": left}
            with truth_of_its_own(run):
                bench.run(_saying(rest, about), progress=progress)
        finally:
            bench.RE.unsubscribe(token)
    return open_run(run.folder)


def _rest(bench: Bench, run: InterruptedRun, plan: Callable[..., Iterable[Msg]]) -> tuple[Iterable[Msg], int]:
    """The plan of what is missing, and how many frames that is."""
    arguments = run.start.get("plan_args") or {}
    if "frames" in arguments:
        given_up = 0
        if arguments.get("on_loss") == "record" and len(run.rows):
            given_up = int(run.rows["lost_before"].clip(min=0).sum())
        there = len(run.rows)
        left = int(arguments["frames"]) - there - given_up
        if left < 1:
            return _nothing(run), 0
        return rest_of(plan(frames=left), bench.camera, first_repeat=there), left
    wanted, taken = frames_of(plan(), bench.camera), set(run.labels)
    if len(set(wanted)) < len(wanted):
        raise ResumeRefused(
            f"resume of {run.folder} refused: its plan gives several frames one label, so that nobody can "
            "tell which are there. plans.take labels them by kind, step and repeat"
        )
    if strangers := taken - set(wanted):
        raise ResumeRefused(
            f"resume of {run.folder} refused: it holds {len(strangers)} frames that its plan does not take, "
            f"as {next(iter(strangers))}. Was it made by another version, or by another plan of that name?"
        )
    left = sum(label not in taken for label in wanted)
    return rest_of(plan(), bench.camera, taken=taken), left


def _saying(plan: Iterable[Msg], about: dict[str, Any]) -> MsgGenerator[Any]:
    """The plan, with more in the start document of its run; whoever looks at its messages sees it too."""

    def telling(message: Msg) -> Msg:
        if message.command != "open_run":
            return message
        return message._replace(kwargs={**message.kwargs, **about})

    return bpp.msg_mutator(plan, telling)


def _nothing(run: InterruptedRun) -> MsgGenerator[Any]:
    """The end of a run that has all its frames."""
    about = {key: run.start[key] for key in ("plan_name", "plan_args", "purpose") if key in run.start}
    yield from bps.open_run(md=about)
    yield from bps.close_run()


def _refuse_another_camera(bench: Bench, run: InterruptedRun) -> None:
    identity = bench.camera.capabilities.identity
    now = (identity.model, identity.serial)
    for file in run.written:
        then = tuple(str(file.attributes.get(f"camera_{name}", "")) for name in ("model", "serial"))
        if then != now:
            raise ResumeRefused(
                f"resume of {run.folder} refused: it was taken with {' '.join(then)}, and {' '.join(now)} is "
                "connected. Connect the other, or run the plan again"
            )
