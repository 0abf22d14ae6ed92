"""Frames of a live stream: announced in batches, in order, and never before they are stored."""

from __future__ import annotations

import json
import threading

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import pytest
from bluesky.callbacks.best_effort import BestEffortCallback
from bluesky.protocols import Collectable, Flyable, Preparable, WritesStreamAssets, check_supports
from bluesky.simulators import check_limits

from qhy600_ophyd.contract import (
    CameraNotReady,
    LayoutChanged,
    SettingRefused,
    SystemClock,
)
from qhy600_ophyd.datasets import RunFolders
from qhy600_ophyd.device import FlyRequest
from qhy600_ophyd.plans import burst, fly


def spans(documents):
    return [(d["indices"]["start"], d["indices"]["stop"]) for d in documents["stream_datum"]]


def run(camera, inner):
    return bpp.stage_wrapper(bpp.run_wrapper(inner), [camera])


@pytest.mark.parametrize("protocol", [Preparable, Flyable, Collectable, WritesStreamAssets])
def test_the_camera_is_a_flyer_in_the_words_of_bluesky(camera, protocol):
    assert check_supports(camera, protocol) is camera


@pytest.mark.parametrize("subscribed", [True, False], ids=["on_document", "alone"])
def test_a_burst_is_one_run_with_one_stream_of_contiguous_frames(RE, camera, documents, files, subscribed):
    if subscribed:
        RE.subscribe(camera.on_document)
    RE(burst(camera, 7, exposure=0.2))
    assert files() == {"primary.h5": 7}
    assert documents.names[:3] == ["start", "descriptor", "stream_resource"]
    assert documents.names[-1] == "stop"
    assert len(documents["stream_resource"]) == 1
    assert [start for start, _ in spans(documents)] == [0, *(stop for _, stop in spans(documents)[:-1])]
    assert spans(documents)[-1][1] == 7
    assert [d["seq_nums"]["start"] - d["indices"]["start"] for d in documents["stream_datum"]] == [1] * len(
        documents["stream_datum"]
    )
    (descriptor,), (stop,) = documents["descriptor"], documents["stop"]
    assert list(descriptor["data_keys"]) == ["camera_counts"]
    assert descriptor["data_keys"]["camera_counts"]["external"] == "STREAM:"
    assert (stop["exit_status"], stop["num_events"], stop["reason"]) == ("success", {"primary": 7}, "")
    assert documents["start"][0]["plan_args"]["frames"] == 7


def test_the_run_folder_has_the_descriptor_that_came_before_the_file(RE, camera, documents, tmp_path):
    RE.subscribe(camera.on_document)
    RE(burst(camera, 2, exposure=0.2))
    (record,) = (tmp_path / "data").rglob("run.json")
    (descriptor,) = documents["descriptor"]
    assert list(json.loads(record.read_text())["descriptors"]["primary"]) == [descriptor["uid"]]


def test_documents_come_in_batches_while_the_stream_runs(RE, make_camera, documents):
    camera = make_camera(clock=SystemClock())
    RE.subscribe(camera.on_document)
    RE(burst(camera, 8, exposure=0.25))
    assert len(spans(documents)) > 2


def test_no_frame_is_announced_before_it_is_stored(RE, make_camera, documents, tmp_path):
    order = []

    def store(stream, layout):
        sink = RunFolders(tmp_path / "data")(stream, layout)
        append = sink.append

        def noted(frame):
            append(frame)
            order.append(sink.committed)

        sink.append = noted
        return sink

    camera = make_camera(sink=store, clock=SystemClock())
    RE.subscribe(camera.on_document)
    RE.subscribe(lambda _, doc: order.append(("announced", doc["indices"]["stop"])), name="stream_datum")
    RE(burst(camera, 8, exposure=0.2))
    stored = 0
    for what in order:
        if isinstance(what, tuple):
            assert what[1] <= stored
        else:
            stored = what
    assert stored == 8


def test_the_table_of_the_best_effort_callback_survives_a_burst(RE, camera, documents, capsys):
    callback = BestEffortCallback()
    callback.disable_plots()
    RE.subscribe(callback)
    RE(burst(camera, 2, exposure=0.2))
    assert "New stream: 'primary'" in capsys.readouterr().out


def test_two_bursts_in_one_run_have_a_stream_each(RE, camera, documents, files):
    RE.subscribe(camera.on_document)

    def two():
        for step, stream in enumerate(("dark", "bright")):
            request = camera.fly_request(frames=2, on_loss="fail", stream=stream, rewinds=False)
            yield from fly(camera, request, stream=stream, step=step)

    camera.exposure.set(0.2)
    RE(run(camera, two()))
    assert files() == {"bright.h5": 2, "dark.h5": 2}
    assert spans(documents) == [(0, 2), (0, 2)]


def test_a_plan_of_bluesky_alone_flies_the_camera(RE, camera, documents, files):
    RE.subscribe(camera.on_document)
    camera.exposure.set(0.2)

    def theirs():
        yield from bps.prepare(camera, FlyRequest(frames=5), wait=True)
        yield from bps.declare_stream(camera, name="primary", collect=True)
        yield from bps.kickoff(camera, wait=True)
        yield from bps.collect_while_completing([camera], [camera], flush_period=0.1, stream_name="primary")

    RE(run(camera, theirs()))
    assert files() == {"primary.h5": 5}
    assert documents["stop"][0]["num_events"] == {"primary": 5}


def test_a_stream_without_an_end_runs_until_it_is_completed(RE, make_camera, documents, files):
    camera = make_camera(clock=SystemClock())
    RE.subscribe(camera.on_document)
    camera.exposure.set(0.2)

    def endless():
        yield from bps.prepare(camera, FlyRequest(frames=None), wait=True)
        yield from bps.declare_stream(camera, name="primary", collect=True)
        yield from bps.kickoff(camera, wait=True)
        yield from bps.sleep(1.5)
        yield from bps.complete(camera, wait=True)
        yield from bps.collect(camera, name="primary")

    RE(run(camera, endless()))
    assert 3 <= sum(files().values()) <= 9
    assert documents["stop"][0]["num_events"] == {"primary": sum(files().values())}


# -- refusals --


def test_what_cannot_be_flown_is_refused_in_one_line(camera):
    with pytest.raises(CameraNotReady, match="not staged"):
        camera.prepare(FlyRequest(frames=1))
    camera.stage()
    with pytest.raises(CameraNotReady, match=r"prepare it first") as refused:
        camera.kickoff()
    assert "\n" not in str(refused.value)
    with pytest.raises(SettingRefused, match="a FlyRequest"):
        camera.prepare(5)
    camera.complete().wait(1)
    camera.prepare(FlyRequest(frames=2))
    camera.exposure.set(0.2)
    camera.kickoff().wait(20)
    camera.complete().wait(20)
    with pytest.raises(CameraNotReady, match="prepare it first"):
        camera.kickoff()
    camera.unstage()


def test_neither_a_trigger_nor_another_stream_comes_between(make_camera):
    camera = make_camera(clock=SystemClock())
    camera.exposure.set(0.2)
    camera.stage()
    camera.prepare(FlyRequest())
    camera.kickoff().wait(20)
    for verb in (camera.trigger, camera.kickoff, lambda: camera.prepare(FlyRequest(frames=1))):
        with pytest.raises(CameraNotReady, match="still exposing"):
            verb()
    camera.complete().wait(20)
    camera.trigger().wait(20)
    camera.unstage()


def test_another_shape_than_the_stream_was_declared_with_is_refused(RE, camera, documents):
    RE.subscribe(camera.on_document)

    def changed():
        yield from bps.prepare(camera, FlyRequest(frames=2), wait=True)
        yield from bps.declare_stream(camera, name="primary", collect=True)
        yield from bps.mv(camera.binning, 2)
        yield from bps.kickoff(camera, wait=True)

    with pytest.raises(LayoutChanged, match=r"binning 2 refused"):
        RE(run(camera, changed()))
    assert camera.backend.presented == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param({"frames": 0}, "frames 0 refused", id="no-frames"),
        pytest.param({"frames": 1.5}, "frames 1.5 refused", id="part-of-a-frame"),
        pytest.param({"frames": 2, "on_loss": "ignore"}, "one of fail, record, retry", id="on_loss"),
        pytest.param({"frames": 2, "kind": "sky"}, "kind 'sky' refused", id="kind"),
        pytest.param({"frames": 2, "exposure": 1e9}, "exposure 1e.09 refused", id="exposure"),
    ],
)
def test_a_burst_that_cannot_be_is_refused_before_the_run(RE, camera, documents, asked, words):
    with pytest.raises(SettingRefused, match=words) as refused:
        RE(burst(camera, **asked))
    assert "\n" not in str(refused.value)
    assert documents.documents == []


def test_a_burst_can_be_looked_at_without_running_it(RE, camera):
    check_limits(burst(camera, 10, exposure=0.2))
    commands = [message.command for message in burst(camera, 10)]
    assert commands.index("kickoff") < commands.index("complete") < commands.index("collect")
    assert camera.backend.presented == []


def test_a_burst_leaves_no_thread(RE, camera):
    RE.subscribe(camera.on_document)
    RE(burst(camera, 2, exposure=0.2))
    assert [t.name for t in threading.enumerate() if t.name.startswith("frames of")] == []
