"""`Engine`: a RunEngine whose runs become datasets, and whose failures are the errors that caused them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import xarray as xr
from bluesky import RunEngine
from bluesky.preprocessors import msg_mutator
from bluesky.run_engine import TransitionError  # pyright: ignore[reportPrivateImportUsage]
from bluesky.utils import FailedStatus, Msg, RunEngineInterrupted

from qhy600_ophyd.bench.checking.gate import gated
from qhy600_ophyd.bench.circumstances import Circumstances
from qhy600_ophyd.bench.failure import add_notes, reason_of
from qhy600_ophyd.bench.progress import EventBar
from qhy600_ophyd.bench.truth_keeping import TruthKeeping
from qhy600_ophyd.contract import CameraLost, StoreError
from qhy600_ophyd.datasets import RunFolders, open_run
from qhy600_ophyd.device import QHY600

_LOG = logging.getLogger(__name__)

Runs = xr.Dataset | list[xr.Dataset]


class Engine:
    """Runs plans on one camera.

    A camera that is lost during an exposure pauses the plan instead of failing it, so that the plan can go on
    once the camera is back.

    Parameters
    ----------
    camera
        Whose documents tell it which run is open.
    store
        Where its runs are kept.
    circumstances
        What is true around a run.

    Attributes
    ----------
    RE : RunEngine
    lost : CameraLost or None
        Why the plan is paused, if it is because of the camera.
    """

    def __init__(self, camera: QHY600, store: RunFolders, circumstances: Circumstances):
        self._camera, self._store, self._circumstances = camera, store, circumstances
        self.lost: CameraLost | None = None
        self._reason = ""
        self._begun: list[str] = []
        self._truth = TruthKeeping(None)
        self.RE = _run_engine()
        # Before the camera is told, which then closes the run's files.
        self.RE.subscribe(self._keep_settings_after, "stop")
        self.RE.subscribe(camera.on_document)
        camera.on_lost = self._pause_after

    @property
    def paused(self) -> bool:
        """Whether a plan stands still and could go on."""
        return self.RE.state == "paused"

    def run(self, plan: Generator[Msg, Any, Any], metadata: dict[str, Any], progress: bool | None) -> Runs:
        """Run a plan, after ending one that a lost camera has stopped. Raises as `Bench.run`."""
        if self.paused and self.lost is not None:
            self.abort()
        self._reason = ""
        # A plan that is paused and resumed, or reconnected, is the same one: its runs are those of all parts.
        self._begun, self._truth = [], TruthKeeping(self._camera.backend)
        fitting = gated(plan, self._camera, self._store.root)
        told = msg_mutator(fitting, self._told)
        return self._engaged(lambda: self.RE(told, **metadata), progress)

    def resume(self, progress: bool | None) -> Runs:
        """Go on where the plan stood."""
        self.lost = None
        return self._engaged(self.RE.resume, progress)

    def abort(self, reason: str = "") -> None:
        """End a paused plan; its stop document says why."""
        lost, self.lost = self.lost, None
        self._reason = reason or (f"{type(lost).__name__}: {lost}" if lost is not None else "")
        self.RE.abort(self._reason)

    def _told(self, message: Msg) -> Msg:
        """The beginning of a run with all that is true around it, and the end of an aborted one with why."""
        if message.command == "open_run":
            # What the plan says of itself, and whoever runs it, wins.
            return message._replace(kwargs={**self._circumstances.at_start(), **message.kwargs})
        # bluesky's run decorator leaves the reason out.
        if message.command != "close_run" or message.kwargs.get("reason") or not self._reason:
            return message
        return message._replace(kwargs={**message.kwargs, "reason": self._reason})

    def _keep_settings_after(self, _: str, stop: Any) -> None:
        """Keep what was set when the run ended, for which bluesky has no document."""
        after = {"run_start": stop["run_start"], **self._circumstances.settings()}
        try:
            self._store.annotate(stop["run_start"], "after", after)
        except StoreError as error:
            # The run itself is whole, and the disk that is full has been told of by its own error.
            _LOG.warning("the settings after a run were not kept: %s", error)

    def _pause_after(self, error: CameraLost) -> bool:
        """Called in the camera's thread: stop the plan where it stands, if it can be."""
        if self.RE.state != "running" or not self.RE.resumable:
            return False
        self.lost = error
        try:
            self.RE.request_pause()
        except TransitionError:
            # It was ending or pausing for another reason in this moment.
            self.lost = None
            return False
        return True

    def _engaged(self, engine: Callable[[], Any], progress: bool | None) -> Runs:
        begun = self._begun
        bar = EventBar(shown=progress)
        tokens = [
            self.RE.subscribe(bar),
            self.RE.subscribe(lambda _, start: begun.append(start["uid"]), "start"),
        ]
        try:
            uids = engine()
        except FailedStatus as failed:
            error = reason_of(failed)
            add_notes(error, self._folders(begun))
            raise error from failed
        except RunEngineInterrupted:
            raise self._interruption(begun) from None
        except Exception as error:
            add_notes(error, self._folders(begun))
            raise
        finally:
            bar.close()
            for token in tokens:
                self.RE.unsubscribe(token)
            self._truth.write(self._folders(begun))
        runs = [open_run(folder) for folder in self._folders(uids or ())]
        return runs[0] if len(runs) == 1 else runs

    def _interruption(self, begun: list[str]) -> Exception:
        if self.lost is not None:
            add_notes(self.lost, self._folders(begun))
            return self.lost
        paused = RunEngineInterrupted(
            "paused: bench.resume() goes on where it stood, bench.abort() ends it; what was taken is kept"
        )
        add_notes(paused, self._folders(begun))
        return paused

    def _folders(self, uids: Iterable[str]) -> list[Path]:
        return [folder for uid in uids if (folder := self._store.folder_of(uid)) is not None]


def _run_engine() -> RunEngine:
    # bluesky logs every failure with its traceback, and Python prints that where nobody has set up logging;
    # the exception that follows says the same in one line. Handlers of your own still get it all.
    logging.getLogger("bluesky").addHandler(logging.NullHandler())
    # Signal handlers belong to the main thread only; elsewhere (a web server, a widget) go without.
    if threading.current_thread() is threading.main_thread():
        return RunEngine({})
    return RunEngine({}, context_managers=[])
