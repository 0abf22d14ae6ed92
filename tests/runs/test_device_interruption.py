"""Whatever stops a run, and wherever: the file is whole, the camera idle, frames and documents agree."""

from __future__ import annotations

import shutil

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import pytest
from bluesky import Msg
from bluesky.utils import RunEngineInterrupted


class Boom(Exception):
    pass


def before_message(plan, index, *inserted):
    """The plan with `inserted` messages (or an exception) once before its message number `index`."""
    seen = -1

    def insert(msg):
        for one in inserted:
            if isinstance(one, Exception):
                raise one
            yield one
        return (yield msg)

    def mutate(msg):
        nonlocal seen
        seen += 1
        return (insert(msg), None) if seen == index else (None, None)

    return bpp.plan_mutator(plan, mutate)


def three(camera):
    return bp.count([camera], 3)


@pytest.fixture
def messages(camera):
    """The commands of the three-point plan."""
    camera.open()
    return [msg.command for msg in three(camera)]


@pytest.mark.parametrize("subscribed", [True, False], ids=["on_document", "alone"])
def test_a_pause_at_any_message_loses_no_document_and_leaves_no_orphan(
    RE, camera, documents, agree, messages, tmp_path, subscribed
):
    if subscribed:
        RE.subscribe(camera.on_document)
    # bluesky itself cannot rewind once the run is closed.
    last = messages.index("close_run") if subscribed else messages.index("save", messages.index("save") + 1)
    for index in range(last + 1):
        with pytest.raises(RunEngineInterrupted):
            RE(before_message(three(camera), index, Msg("pause", None, defer=False)))
        assert camera.backend.status().state == "idle"
        RE.resume()
        assert agree() >= 3, index
        assert {event["seq_num"] for event in documents.events()} == {1, 2, 3}
        assert documents["stop"][0]["exit_status"] == "success"
        documents.clear()
        shutil.rmtree(tmp_path / "data")


@pytest.mark.parametrize("point", [0, 2], ids=["first-point", "later-point"])
def test_a_pause_between_read_and_save_is_counted_in_retaken(RE, camera, documents, agree, messages, point):
    saves = [n for n, command in enumerate(messages) if command == "save"]
    with pytest.raises(RunEngineInterrupted):
        RE(before_message(three(camera), saves[point], Msg("pause", None, defer=False)))
    RE.resume()
    assert agree() == 3
    assert len(camera.backend.presented) == 4
    assert documents.data("camera_retaken") == [int(n == point) for n in range(3)]
    # The frame taken again is another exposure: the sequence has a gap where the first was cut.
    assert documents.data("camera_sequence") == [n + (n >= point) for n in range(3)]


@pytest.mark.parametrize("subscribed", [True, False], ids=["on_document", "alone"])
def test_a_dropped_event_leaves_no_orphan(RE, camera, documents, agree, subscribed):
    if subscribed:
        RE.subscribe(camera.on_document)

    @bpp.stage_decorator([camera])
    @bpp.run_decorator()
    def plan():
        yield from bps.trigger(camera, wait=True)
        yield from bps.create("primary")
        yield from bps.read(camera)
        yield from bps.drop()
        yield from bps.trigger_and_read([camera])
        yield from bps.trigger_and_read([camera])

    RE(plan())
    assert agree() == 2
    assert documents.data("camera_retaken") == [1, 0]


@pytest.mark.parametrize("how", ["abort", "stop", "halt"])
def test_a_run_ended_at_any_message_of_a_point_leaves_a_whole_file_and_an_idle_camera(
    RE, camera, documents, agree, messages, tmp_path, how
):
    RE.subscribe(camera.on_document)
    expected = {"abort": "abort", "stop": "success", "halt": "abort"}[how]
    triggers = [n for n, command in enumerate(messages) if command == "trigger"]
    for index in range(triggers[1], triggers[2]):
        with pytest.raises(RunEngineInterrupted):
            RE(before_message(three(camera), index, Msg("pause", None, defer=False)))
        getattr(RE, how)()
        agree()
        assert camera.backend.status().state == "idle"
        assert [stop["exit_status"] for stop in documents["stop"]] in ([], [expected], ["success"])
        documents.clear()
        shutil.rmtree(tmp_path / "data", ignore_errors=True)


def test_a_plan_that_fails_at_any_message_leaves_a_whole_file_and_an_idle_camera(
    RE, camera, documents, agree, messages, tmp_path
):
    RE.subscribe(camera.on_document)
    taken = set()
    for index in range(len(messages)):
        with pytest.raises(Boom):
            RE(before_message(three(camera), index, Boom()))
        taken.add(agree())
        assert camera.backend.status().state == "idle"
        documents.clear()
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
    assert taken == {0, 1, 2, 3}
