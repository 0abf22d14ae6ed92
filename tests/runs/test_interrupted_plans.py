"""Whatever stops a plan of ours, at whichever message: a valid file, an idle camera, a closed run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from itertools import cycle

import bluesky.preprocessors as bpp
import pytest
from bluesky.run_engine import TransitionError
from bluesky.utils import RunEngineInterrupted

from qhy600_ophyd.datasets import verify
from qhy600_ophyd.device import Light
from qhy600_ophyd.plans import exposure_series, gain_sweep, linearity

EXPOSURES = [0.001, 0.002, 0.003]


class Boom(Exception):
    pass


PLANS = {
    "exposure_series": lambda camera, light: exposure_series(camera, EXPOSURES, light=light),
    "gain_sweep": lambda camera, light: gain_sweep(camera, [0, 30], exposure=0.001, light=light),
    "linearity": lambda camera, light: linearity(camera, light, EXPOSURES),
}
ENDS = {"abort": "abort", "stop": "success", "halt": "abort"}


@pytest.fixture
def light(camera):
    return Light(camera.backend.light, name="light")


class Interruption:
    """A hook that has a pause asked for when message `number` comes, from another thread as people do."""

    def __init__(self, engine, number):
        self.engine, self.number = engine, number
        self.seen = []
        self.thread = threading.Thread(target=self.ask)

    def ask(self):
        with suppress(TransitionError):  # it has come to its end meanwhile
            self.engine.request_pause(defer=False)

    def __call__(self, msg):
        self.seen.append(msg.command)
        if len(self.seen) == self.number + 1:
            self.thread.start()

    def run(self, plan, then):
        """The plan, and `then` once it is paused; the messages up to there."""
        self.engine.msg_hook = self
        try:
            self.engine(plan)
        except RunEngineInterrupted:
            self.engine.msg_hook = None
            self.thread.join()
            if self.engine.state == "paused":
                then()
        if self.thread.ident is not None:
            self.thread.join()
        return self.seen


def failing(plan, number, seen):
    """The plan, which fails before its message `number`."""

    def mutate(msg):
        seen.append(msg.command)
        if len(seen) == number + 1:
            raise Boom
        return None, None

    return bpp.plan_mutator(plan, mutate)


class Aftermath:
    """What is left of a run, and what must be true of that."""

    def __init__(self, camera, documents, agree, folder):
        self.camera, self.documents, self.agree, self.folder = camera, documents, agree, folder

    def check(self, where, *ends):
        """The frames that were kept. How the run ended is one of `ends`, or it never began."""
        stored = self.agree()
        for run in self.folder.glob("*/"):
            report = verify(run)
            assert report.ok, (where, report)
            assert report.frames == stored, where
        assert self.camera.backend.status().state == "idle", where
        assert not self.camera.exposing, where
        assert len(self.documents["start"]) == len(self.documents["stop"]), where
        assert [stop["exit_status"] for stop in self.documents["stop"]] in ([], *([end] for end in ends)), (
            where
        )
        self.documents.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
        return stored


@pytest.fixture
def aftermath(RE, camera, documents, agree, tmp_path):
    RE.subscribe(camera.on_document)
    return Aftermath(camera, documents, agree, tmp_path / "data")


def at_each_message(RE, plan, ways, aftermath):
    """Runs of `plan`, each paused when another of its messages comes, and ended in one of `ways` in turn.

    Returns how many frames each has kept, by the way.
    """
    kept = {how: set() for how in ways}
    for number, how in enumerate(cycle(ways)):
        seen = Interruption(RE, number).run(plan(), getattr(RE, how))
        kept[how].add(aftermath.check(seen, "success", ENDS.get(how, "success")))
        if len(seen) <= number:
            return kept  # it came to its end before
    raise AssertionError


def expected(how, whole):
    """Frames that runs of a plan of `whole` frames may have kept, each of them at least once."""
    # bluesky takes a point again whose event it has sent, with no checkpoint behind it yet.
    return {whole, whole + 1} if how == "resume" else set(range(whole + 1))


def frames_of(RE, plan, aftermath):
    RE(plan())
    return aftermath.check("the end", "success")


def test_a_three_point_plan_that_is_paused_at_any_message_is_whole(RE, camera, aftermath):
    def plan():
        return exposure_series(camera, EXPOSURES)

    assert frames_of(RE, plan, aftermath) == 3
    kept = at_each_message(RE, plan, ["resume", "abort"], aftermath)
    for how, frames in kept.items():
        assert frames <= expected(how, 3)
    assert 3 in kept["resume"]
    assert {0, 3} <= kept["abort"]


@pytest.mark.soak
@pytest.mark.parametrize("how", ["resume", *ENDS])
@pytest.mark.parametrize("name", PLANS)
def test_any_plan_that_is_paused_at_any_message_is_whole(RE, camera, light, aftermath, name, how):
    def plan():
        return PLANS[name](camera, light)

    whole = frames_of(RE, plan, aftermath)
    kept = at_each_message(RE, plan, [how], aftermath)
    assert kept[how] <= expected(how, whole)
    assert whole in kept[how]


@pytest.mark.soak
@pytest.mark.parametrize("name", PLANS)
def test_any_plan_that_fails_at_any_message_is_whole(RE, camera, light, aftermath, name):
    whole = frames_of(RE, lambda: PLANS[name](camera, light), aftermath)
    kept, number, seen = [], 0, []
    while len(seen) >= number:
        seen = []
        try:
            RE(failing(PLANS[name](camera, light), number, seen))
        except Boom:
            kept.append(aftermath.check(seen, "success", "fail"))
        else:
            assert aftermath.check(seen, "success") == whole
        number += 1
    assert set(kept) == expected("fail", whole)


# -- Ctrl-C, twice --

PROGRAM = """
import json, os, signal, sys
from pathlib import Path
from bluesky import RunEngine
from bluesky.utils import RunEngineInterrupted
from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import SystemClock
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.plans import exposure_series

engine, stops, seen = RunEngine({}), [], []
engine.subscribe(lambda name, doc: stops.append(doc["exit_status"]), "stop")

def press_twice(msg):
    seen.append(msg.command)
    if len(seen) == number + 1:
        os.kill(os.getpid(), signal.SIGINT)
        SystemClock().wait(0.15)  # bluesky takes what comes sooner for one key
        os.kill(os.getpid(), signal.SIGINT)
        SystemClock().wait(0.05)

for number, how in json.loads(sys.argv[2]):
    sink = Path(sys.argv[1], str(number))
    camera = QHY600(SimulatedCamera(width=64, height=48, seed=1), sink=sink, name="camera")
    token = engine.subscribe(camera.on_document)
    engine.msg_hook = press_twice
    interrupted = False
    seen.clear()
    stops.clear()
    with camera:
        try:
            engine(exposure_series(camera, [0.001, 0.002, 0.003]))
        except RunEngineInterrupted:
            interrupted = True
            getattr(engine, how)()
        state = camera.backend.status().state
    engine.unsubscribe(token)
    told = {"interrupted": interrupted, "state": state, "stops": stops, "at": seen[number]}
    print(json.dumps(told))
"""

PRESSED = {
    1: "abort",
    5: "resume",
    9: "abort",
    12: "stop",
    15: "halt",
    17: "abort",
    20: "resume",
    22: "abort",
}
"""Messages from the first to the middle of the series, and what follows."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal to one process")
def test_ctrl_c_twice_in_a_program_leaves_a_whole_file_a_closed_run_and_an_idle_camera(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), json.dumps(list(PRESSED.items()))],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    for (number, how), told in zip(PRESSED.items(), answers, strict=True):
        assert told["interrupted"], told
        assert told["state"] == "idle"
        assert told["stops"] in ([], [{"resume": "success", **ENDS}[how]])
        reports = [verify(run) for run in (tmp_path / str(number)).glob("*/")]
        assert all(report.ok for report in reports), (told, reports)
        if how == "resume":
            assert {report.frames for report in reports} <= expected(how, 3)
    assert len({told["at"] for told in answers}) > 4
