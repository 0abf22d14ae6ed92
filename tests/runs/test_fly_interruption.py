"""Whatever stops a burst or a timelapse, wherever: the file is whole, the camera idle, no frame is twice."""

from __future__ import annotations

import shutil
import threading

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import h5py
import pytest
from bluesky import Msg
from bluesky.utils import RunEngineInterrupted

from qhy600_ophyd.contract import SystemClock
from qhy600_ophyd.device import FlyRequest
from qhy600_ophyd.plans import burst, timelapse


class Boom(Exception):
    pass


def three_flown(camera):
    return burst(camera, 3, exposure=0.2)


def three_scheduled(camera):
    return timelapse(camera, 5.0, 3, exposure=0.2)


PLANS = [pytest.param(three_flown, id="burst"), pytest.param(three_scheduled, id="timelapse")]
PAUSE = Msg("pause", None, defer=False)


def before_message(plan, index, inserted, seen):
    """The plan with a message (or an exception) once before its message number `index`; lists commands."""

    def insert(msg):
        if isinstance(inserted, Exception):
            raise inserted
        yield inserted
        return (yield msg)

    def mutate(msg):
        seen.append(msg.command)
        return (insert(msg), None) if len(seen) == index + 1 else (None, None)

    return bpp.plan_mutator(plan, mutate)


def every_message(plan, inserted):
    """Runs of the plan, each stopped before another of its messages; the commands up to there."""
    index = 0
    while True:
        seen = []
        yield before_message(plan(), index, inserted, seen), seen
        if len(seen) <= index:
            return  # it came to its end before
        index += 1


@pytest.fixture
def announced(files, documents):
    """Asserts that the frames in the files are those that were announced, in order; returns how many."""

    def check():
        spans = [(d["indices"]["start"], d["indices"]["stop"]) for d in documents["stream_datum"]]
        assert [start for start, _ in spans] == [0, *(stop for _, stop in spans)][: len(spans)]
        number = spans[-1][1] if spans else 0
        assert sum(files().values()) == number
        return number

    return check


def repeats(tmp_path):
    """What the stored rows say of their place in the series."""
    (path,) = (tmp_path / "data").rglob("*.h5")
    with h5py.File(path, "r") as file:
        return list(file["repeat"])


@pytest.mark.parametrize("plan", PLANS)
def test_a_pause_at_any_message_takes_each_frame_once(RE, camera, documents, announced, tmp_path, plan):
    RE.subscribe(camera.on_document)
    paused = 0
    for stopped, seen in every_message(lambda: plan(camera), PAUSE):
        again = 0
        try:
            RE(stopped)
        except RunEngineInterrupted:
            paused += 1
            # bluesky takes a point again whose event it has sent, with no checkpoint behind it yet.
            again = int(seen[-3:] == ["save", "checkpoint", "pause"])
            RE.resume()
        assert announced() == 3 + again, seen
        assert sorted(set(repeats(tmp_path))) == [0, 1, 2], seen
        (stop,) = documents["stop"]
        assert (stop["exit_status"], stop["num_events"]) == ("success", {"primary": 3}), seen
        assert camera.backend.status().state == "idle"
        documents.clear()
        shutil.rmtree(tmp_path / "data")
    assert paused > 15


@pytest.mark.parametrize("how", ["abort", "stop", "halt"])
@pytest.mark.parametrize("plan", PLANS)
def test_a_run_ended_at_any_message_leaves_a_whole_file_a_closed_run_and_an_idle_camera(
    RE, camera, documents, announced, tmp_path, plan, how
):
    RE.subscribe(camera.on_document)
    expected = {"abort": "abort", "stop": "success", "halt": "abort"}[how]
    taken = set()
    for stopped, seen in every_message(lambda: plan(camera), PAUSE):
        try:
            RE(stopped)
        except RunEngineInterrupted:
            getattr(RE, how)()
        taken.add(announced())
        assert camera.backend.status().state == "idle", seen
        assert not camera.exposing
        assert len(documents["start"]) == len(documents["stop"])
        assert [stop["exit_status"] for stop in documents["stop"]] in ([], [expected], ["success"]), seen
        documents.clear()
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
    assert {0, 3} <= taken
    assert RE.rewindable
    assert [t.name for t in threading.enumerate() if t.name.startswith("frames of")] == []


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_that_fails_at_any_message_leaves_a_whole_file_and_an_idle_camera(
    RE, camera, documents, announced, tmp_path, plan
):
    RE.subscribe(camera.on_document)
    taken = set()
    for stopped, seen in every_message(lambda: plan(camera), Boom()):
        try:
            RE(stopped)
        except Boom:
            assert [stop["exit_status"] for stop in documents["stop"]] in ([], ["fail"], ["success"])
        taken.add(announced())
        assert camera.backend.status().state == "idle", seen
        documents.clear()
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
    assert {0, 3} <= taken


# -- in the middle of a stream --


@pytest.fixture
def slow(make_camera):
    """A camera whose frames take their time: 0.2 s each."""
    camera = make_camera(clock=SystemClock())
    camera.exposure.set(0.2)
    return camera


def once(condition, do):
    """Call `do` in a thread as soon as `condition` holds."""

    def wait_and_do():
        while not condition():
            SystemClock().wait(0.005)
        do()

    thread = threading.Thread(target=wait_and_do)
    thread.start()
    return thread


@pytest.mark.parametrize("defer", [False, True], ids=["at-once", "ctrl-c-once"])
def test_a_burst_that_is_paused_in_its_middle_goes_on_with_the_frames_that_are_missing(
    RE, slow, documents, announced, tmp_path, defer
):
    RE.subscribe(slow.on_document)
    thread = once(lambda: slow.get_index() >= 2, lambda: RE.request_pause(defer=defer))
    with pytest.raises(RunEngineInterrupted):
        RE(burst(slow, 8))
    thread.join()
    slow.require_idle()
    taken = slow.get_index()
    assert 2 <= taken < 8
    assert slow.backend.status().state == "idle"
    RE.resume()
    assert announced() == 8
    assert repeats(tmp_path) == list(range(8))
    assert documents["stop"][0]["num_events"] == {"primary": 8}
    # A stream of its own, whose first frame never comes, is told of; no frame was lost.
    (path,) = (tmp_path / "data").rglob("*.h5")
    with h5py.File(path, "r") as file:
        assert list(file["discarded"]) == [int(n in (0, taken)) for n in range(8)]
        assert list(file["lost_before"]) == [0] * 8
        assert len(set(file["started"])) == 2


def test_stop_in_the_middle_of_a_burst_keeps_what_has_come_and_says_so(RE, slow, documents, announced):
    RE.subscribe(slow.on_document)
    thread = once(lambda: slow.get_index() >= 2, slow.stop)
    RE(burst(slow, 100))
    thread.join()
    assert announced() == slow.row["repeat"] + 1 < 100
    (stop,) = documents["stop"]
    assert stop["exit_status"] == "success"
    assert stop["reason"] == f"stopped after {announced()} of 100 frames"


def test_a_status_that_nobody_can_wait_for_any_longer_ends_the_stream(slow):
    slow.stage()
    slow.prepare(FlyRequest(frames=1000))
    slow.kickoff().wait(20)
    status = slow.complete()
    assert 1000 * 60.0 < status.timeout < float("inf")
    slow.unstage()
    status.wait(5)
    assert not slow.exposing


def test_a_scheduled_exposure_that_waits_is_paused_at_once_and_taken_when_it_is_due(
    RE, slow, documents, announced, tmp_path
):
    RE.subscribe(slow.on_document)
    slow.exposure.set(0.01)
    thread = once(lambda: len(documents["event"]) == 1, lambda: RE.request_pause(defer=False))
    begun = SystemClock().monotonic()
    with pytest.raises(RunEngineInterrupted):
        RE(timelapse(slow, 3.0, 2))
    thread.join()
    assert slow.backend.status().state == "idle"
    RE.resume()
    assert SystemClock().monotonic() - begun > 3.0
    assert announced() == 2
    assert 0.0 <= documents.data("camera_lateness")[1] < 1.0


def test_while_a_scheduled_exposure_waits_others_can_speak_to_the_camera(slow):
    slow.stage()
    slow.due.set(slow.backend.clock.monotonic() + 60.0)
    slow.trigger()
    assert slow.call(slow.backend.cooler.read, timeout=5.0).value is not None
    slow.unstage()


def test_while_a_stream_runs_others_can_speak_to_the_camera(slow):
    slow.stage()
    slow.prepare(FlyRequest())
    slow.kickoff().wait(20)
    slow.temperature.set(0.0)
    assert slow.call(slow.backend.cooler.read, timeout=5.0).setpoint == 0.0
    assert slow.exposing
    slow.temperature.stop(success=True)
    slow.complete().wait(20)
    assert slow.get_index() >= 1
    slow.unstage()


# -- plans of other people --


@pytest.mark.parametrize("index", range(3))
def test_a_plan_that_bluesky_rewinds_takes_no_frame_twice(RE, slow, documents, announced, tmp_path, index):
    RE.subscribe(slow.on_document)

    @bpp.stage_decorator([slow])
    @bpp.run_decorator()
    def theirs():
        request = FlyRequest(frames=6)
        yield from bps.checkpoint()
        yield from bps.prepare(slow, request, wait=True)
        yield from bps.declare_stream(slow, name="primary", collect=True)
        yield from bps.kickoff(slow, wait=True)
        yield from bps.collect_while_completing([slow], [slow], flush_period=0.1, stream_name="primary")

    thread = once(lambda: slow.get_index() > 2 * index, lambda: RE.request_pause(defer=False))
    with pytest.raises(RunEngineInterrupted):
        RE(theirs())
    thread.join()
    RE.resume()
    assert announced() == 6
    assert documents["stop"][0]["exit_status"] == "success"
