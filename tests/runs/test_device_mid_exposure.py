"""An exposure that is ended early ends at once, leaves no frame, and says why."""

from __future__ import annotations

import threading

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import pytest
from bluesky.utils import FailedStatus, RunEngineInterrupted

from qhy600_ophyd.contract import CameraNotReady, ExposureCancelled, SystemClock


class Boom(Exception):
    pass


PROMPT = 1.5
"""Host seconds that ending a 30 s exposure may take on a busy machine."""


@pytest.fixture
def slow(make_camera):
    camera = make_camera(clock=SystemClock())
    camera.exposure.set(30.0)
    return camera


def once_exposing(camera, do):
    """Call `do` in a thread once the camera has been armed."""

    def wait_and_do():
        clock = SystemClock()
        while camera.backend.status().state != "armed":
            clock.wait(0.005)
        do()

    thread = threading.Thread(target=wait_and_do)
    thread.start()
    return thread


def test_a_pause_in_mid_exposure_ends_it_at_once_and_resume_takes_it_again(RE, slow, documents, agree):
    clock = SystemClock()
    thread = once_exposing(slow, lambda: RE.request_pause(defer=False))
    begun = clock.monotonic()
    with pytest.raises(RunEngineInterrupted):
        RE(bp.count([slow], 1))
    thread.join()
    assert clock.monotonic() - begun < PROMPT
    assert slow.backend.status().state == "idle"
    slow.exposure.set(0.001)
    RE.resume()
    assert agree() == 1
    assert documents["stop"][0]["exit_status"] == "success"
    assert documents.data("camera_exposure") == pytest.approx([0.001], abs=2.1e-5)


def test_a_pause_is_not_mistaken_for_a_frame_when_the_plan_does_not_rewind(RE, slow, documents, files):
    thread = once_exposing(slow, lambda: RE.request_pause(defer=False))
    RE.subscribe(slow.on_document)
    with pytest.raises(RunEngineInterrupted):
        RE(bpp.rewindable_wrapper(bp.count([slow], 1), False))
    thread.join()
    try:
        RE.resume()
    except (CameraNotReady, RunEngineInterrupted):
        assert documents.events() == []
    assert sum(files().values()) == len(documents.events())


def test_an_exposure_of_ten_minutes_is_given_up_within_two_seconds(RE, slow, documents, files):
    RE.subscribe(slow.on_document)
    slow.exposure.set(600.0)
    clock, asked = SystemClock(), []

    def interrupt():
        asked.append(clock.monotonic())
        RE.request_pause(defer=False)

    thread = once_exposing(slow, interrupt)
    with pytest.raises(RunEngineInterrupted):
        RE(bp.count([slow]))
    thread.join()
    RE.abort()
    assert clock.monotonic() - asked[0] < 2.0
    assert slow.backend.status().state == "idle"
    assert not slow.exposing
    assert len(documents["stop"]) == 1
    assert sum(files().values()) == 0


def test_stop_fails_the_status_with_its_reason(slow):
    slow.stage()
    status = slow.trigger()
    thread = once_exposing(slow, slow.stop)
    with pytest.raises(ExposureCancelled, match="no frame"):
        status.wait(10)
    thread.join()
    assert slow.backend.status().state == "idle"
    slow.unstage()


def test_a_stopped_exposure_surfaces_its_reason_in_the_plan(RE, slow, documents):
    thread = once_exposing(slow, slow.stop)
    with pytest.raises(FailedStatus) as failed:
        RE(bp.count([slow], 1))
    thread.join()
    assert isinstance(failed.value.__cause__, ExposureCancelled)
    assert documents["stop"][0]["exit_status"] == "fail"


def test_a_failed_exposure_does_not_end_the_next_one(camera, slow):
    # The clean-up of a failed status runs after whoever waits for it has gone on.
    slow.stage()
    first = slow.trigger()
    once_exposing(slow, slow.stop).join()
    with pytest.raises(ExposureCancelled):
        first.wait(10)
    slow.exposure.set(0.3)
    slow.trigger().wait(10)
    assert slow.get_index() == 1
    slow.unstage()


def test_unstage_in_mid_exposure_ends_it_and_may_be_repeated(slow, files):
    slow.stage()
    status = slow.trigger()
    begun = SystemClock().monotonic()
    once_exposing(slow, slow.unstage).join()
    assert SystemClock().monotonic() - begun < PROMPT
    status.wait(10)
    slow.unstage()
    slow.unstage()
    assert slow.is_open
    assert sum(files().values()) == 0


@pytest.mark.parametrize("subscribed", [True, False], ids=["on_document", "alone"])
def test_a_plan_that_fails_in_mid_exposure_fails_with_its_own_reason(RE, slow, files, subscribed):
    if subscribed:
        RE.subscribe(slow.on_document)

    @bpp.stage_decorator([slow])
    @bpp.run_decorator()
    def plan():
        yield from bps.trigger(slow)
        yield from bps.sleep(0.05)
        raise Boom

    with pytest.raises(Boom):
        RE(plan())
    assert slow.backend.status().state == "idle"
    assert sum(files().values()) == 0


def test_close_in_mid_exposure_ends_it(slow):
    slow.stage()
    status = slow.trigger()
    once_exposing(slow, slow.close).join()
    with pytest.raises(ExposureCancelled):
        status.wait(10)
    assert slow.backend.status().state == "closed"
    assert not slow.is_open


def test_a_trigger_before_staging_is_refused(camera):
    with pytest.raises(CameraNotReady, match="not staged"):
        camera.trigger()


def test_a_second_trigger_during_an_exposure_is_refused_and_the_first_goes_on(make_camera):
    camera = make_camera(clock=SystemClock())
    camera.exposure.set(0.2)
    camera.stage()
    first = camera.trigger()
    with pytest.raises(CameraNotReady, match="still exposing"):
        camera.trigger()
    first.wait(10)
    assert camera.get_index() == 1
    camera.unstage()


def test_an_exposure_tells_how_far_it_is(make_camera):
    camera = make_camera(clock=SystemClock())
    camera.exposure.set(1.0)
    camera.stage()
    status = camera.trigger()
    told = []
    status.watch(lambda **progress: told.append(progress))
    status.wait(10)
    camera.unstage()
    currents = [progress["current"] for progress in told]
    assert currents == sorted(currents)
    assert currents[0] == 0.0
    assert currents[-1] == 1.0
    assert len({round(c, 3) for c in currents}) > 3
    assert {progress["unit"] for progress in told} == {"s"}
    assert [progress["fraction"] for progress in told] == sorted(
        (progress["fraction"] for progress in told), reverse=True
    )


def test_labels_of_one_run_do_not_reach_the_next(RE, camera, documents):
    @bpp.stage_decorator([camera])
    @bpp.run_decorator()
    def labelled():
        yield from bps.mv(camera.frame_kind, "dark", camera.step, 7, camera.repeat, 1)
        yield from bps.trigger_and_read([camera])

    RE(labelled())
    RE(bp.count([camera]))
    assert documents.data("camera_frame_kind") == ["dark", ""]
    assert documents.data("camera_step") == [7, -1]
    assert documents.data("camera_repeat") == [1, -1]


@pytest.mark.parametrize(("other", "frames"), [(True, 1), (False, 0)], ids=["another-run", "its-own-run"])
def test_the_stop_of_a_run_ends_its_own_exposure_and_no_other(make_camera, other, frames):
    camera = make_camera(clock=SystemClock())
    camera.exposure.set(0.3)
    camera.on_document("start", {"uid": "inner", "time": 0.0})
    camera.on_document("start", {"uid": "outer", "time": 0.0})
    camera.stage()
    stop = {"run_start": "inner" if other else "outer", "uid": "stop", "exit_status": "success"}
    status = camera.trigger()
    once_exposing(camera, lambda: None).join()
    camera.on_document("stop", stop)
    status.wait(10)
    assert camera.get_index() == frames
    camera.close()
