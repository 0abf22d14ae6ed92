"""One file for each stream of each run, frames of one shape in it, and a clear word where that cannot be."""

from __future__ import annotations

import json

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import bluesky.preprocessors as bpp
import h5py
import pytest

from qhy600_ophyd.contract import (
    CameraNotReady,
    LayoutChanged,
    SettingRefused,
    StreamMismatch,
)
from qhy600_ophyd.plans import take


def run(camera, inner):
    return bpp.stage_wrapper(bpp.run_wrapper(inner), [camera])


def darks_and_lights(camera):
    yield from take(camera, 2, stream="dark", kind="dark")
    yield from take(camera, 3, stream="primary", kind="light")
    yield from take(camera, 1, stream="dark", kind="dark")


def two_runs(camera):
    @bpp.stage_decorator([camera])
    def plan():
        for _ in range(2):
            yield from bpp.run_wrapper(take(camera, 2))

    return plan()


def test_darks_and_lights_have_a_stream_resource_and_a_file_each(RE, camera, documents, agree, files):
    RE.subscribe(camera.on_document)
    RE(run(camera, darks_and_lights(camera)))
    assert agree() == 6
    assert files() == {"dark.h5": 3, "primary.h5": 3}
    assert len(documents["stream_resource"]) == 2
    streams = {d["uid"]: d["name"] for d in documents["descriptor"]}
    of_resource = {r["uid"]: r["uri"].rsplit("/", 1)[1] for r in documents["stream_resource"]}
    announced = {
        (streams[d["descriptor"]], of_resource[d["stream_resource"]]) for d in documents["stream_datum"]
    }
    assert announced == {("dark", "dark.h5"), ("primary", "primary.h5")}
    assert documents.data("camera_frame_kind", stream="dark") == ["dark"] * 3
    assert documents.data("camera_frame_kind") == ["light"] * 3


def test_two_runs_under_one_staging_have_a_file_each(RE, camera, documents, agree, tmp_path):
    RE.subscribe(camera.on_document)
    RE(two_runs(camera))
    assert agree() == 4
    assert len(documents["start"]) == len(documents["stream_resource"]) == 2
    folders = [path.parent.name[-8:] for path in (tmp_path / "data").rglob("primary.h5")]
    assert sorted(folders) == sorted(start["uid"][:8] for start in documents["start"])


def keyed(plan, key):
    return bpp.set_run_key_wrapper(bpp.run_wrapper(plan, md={"which": key}), key)


def test_of_two_open_runs_the_inner_takes_the_frames_and_the_outer_goes_on_after_it(
    RE, camera, documents, agree, tmp_path
):
    RE.subscribe(camera.on_document)

    @bpp.set_run_key_decorator("outer")
    @bpp.stage_decorator([camera])
    @bpp.run_decorator(md={"which": "outer"})
    def outer():
        yield from take(camera, 1, step=0)
        yield from keyed(take(camera, 2, step=1), "inner")
        yield from take(camera, 3, step=2)

    RE(outer())
    assert agree() == 6
    assert len(documents["stream_resource"]) == 2
    of = {start["which"]: start["uid"] for start in documents["start"]}
    for which, steps in (("outer", [0, 2, 2, 2]), ("inner", [1, 1])):
        (path,) = (tmp_path / "data").glob(f"*{of[which][:8]}/primary.h5")
        with h5py.File(path, "r") as file:
            assert list(file["step"]) == steps
            assert json.loads(file.attrs["start"])["uid"] == of[which]
            assert json.loads(file.attrs["stop"])["run_start"] == of[which]


def test_a_frame_taken_for_the_outer_run_while_the_inner_is_open_fails_it(RE, camera, documents):
    RE.subscribe(camera.on_document)

    @bpp.set_run_key_decorator("outer")
    @bpp.stage_decorator([camera])
    @bpp.run_decorator()
    def outer():
        yield from take(camera, 1)
        yield from keyed(bpp.set_run_key_wrapper(take(camera, 1), "outer"), "inner")

    with pytest.raises(StreamMismatch, match="frames belong to the run opened last") as refused:
        RE(outer())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "plan", [two_runs, lambda c: run(c, darks_and_lights(c))], ids=["second-run", "second-stream"]
)
def test_without_documents_a_second_run_or_stream_is_refused_with_the_line_that_helps(
    RE, camera, documents, files, plan
):
    with pytest.raises(StreamMismatch, match=r"RE\.subscribe\(camera\.on_document\)") as refused:
        RE(plan(camera))
    assert "\n" not in str(refused.value)
    assert documents["stop"][-1]["exit_status"] == "fail"
    assert list(files().values()) == [2]
    assert len(documents["event"]) == 2


@pytest.mark.parametrize("subscribed", [True, False], ids=["on_document", "alone"])
def test_the_camera_in_the_baseline_fails_clearly(RE, camera, documents, subscribed):
    if subscribed:
        RE.subscribe(camera.on_document)
    RE.preprocessors.append(bpp.SupplementalData(baseline=[camera]))
    with pytest.raises(StreamMismatch, match=r"signals such as camera\.gain .*never the camera") as refused:
        RE(bp.count([camera]))
    assert "\n" not in str(refused.value)
    assert documents["stop"][0]["exit_status"] == "fail"


def test_signals_of_the_camera_in_the_baseline_are_welcome(RE, camera, documents, agree):
    RE.subscribe(camera.on_document)
    RE.preprocessors.append(bpp.SupplementalData(baseline=[camera.gain, camera.temperature]))
    RE(bp.count([camera], 2))
    assert len(documents.events("baseline")) == 2
    assert len(documents["stream_datum"]) == len(documents.events()) == 2


def test_a_frame_labelled_for_another_stream_fails_the_run(RE, camera, documents):
    RE.subscribe(camera.on_document)

    def mislabelled():
        yield from bps.mv(camera.stream, "dark")
        yield from bps.trigger_and_read([camera], name="primary")

    with pytest.raises(StreamMismatch, match="labelled 'dark' was announced in stream 'primary'"):
        RE(run(camera, mislabelled()))
    assert documents["stop"][0]["exit_status"] == "fail"


def test_the_stream_of_one_plan_is_not_that_of_the_next(RE, camera, documents, agree, files):
    RE(run(camera, take(camera, 1, stream="dark")))
    RE(bp.count([camera]))
    assert agree() == 2
    assert files() == {"dark.h5": 1, "primary.h5": 1}


@pytest.mark.parametrize("subscribed", [True, False], ids=["on_document", "alone"])
def test_an_event_without_a_frame_of_its_own_is_refused(RE, camera, documents, files, subscribed):
    if subscribed:
        RE.subscribe(camera.on_document)

    def read_twice():
        yield from bps.trigger_and_read([camera])
        yield from bps.create("primary")
        yield from bps.read(camera)
        yield from bps.save()

    with pytest.raises(CameraNotReady, match="without a new frame"):
        RE(run(camera, read_twice()))
    assert len(documents["event"]) == sum(files().values()) == 1


# -- frames of one shape --


SHAPING = [
    pytest.param("roi", (24, 0, 32, 32), id="roi"),
    pytest.param("binning", 2, id="binning"),
    pytest.param("bit_depth", 8, id="bit_depth"),
    pytest.param("overscan", False, id="overscan"),
]


@pytest.mark.parametrize(("name", "value"), SHAPING)
def test_another_shape_within_a_stream_is_refused_before_exposing(RE, camera, documents, files, name, value):
    def plan():
        yield from take(camera, 2)
        yield from bps.mv(getattr(camera, name), value)
        yield from take(camera, 1)

    with pytest.raises(LayoutChanged, match=rf"{name} .*refused.*stream=") as refused:
        RE(run(camera, plan()))
    assert "\n" not in str(refused.value)
    assert len(camera.backend.presented) == 2
    assert getattr(camera.backend.settings, name) == getattr(camera.backend.presented[-1].settings, name)
    assert list(files().values()) == [2]


@pytest.mark.parametrize(("name", "value"), SHAPING)
def test_another_shape_in_another_stream_is_taken(RE, camera, documents, agree, name, value):
    RE.subscribe(camera.on_document)

    def plan():
        yield from take(camera, 1)
        yield from bps.mv(getattr(camera, name), value)
        yield from take(camera, 1, stream="other")

    RE(run(camera, plan()))
    assert agree() == 2
    keys = {d["name"]: d["data_keys"]["camera_counts"] for d in documents["descriptor"]}
    kinds = {name: (key["shape"], key["dtype_numpy"]) for name, key in keys.items()}
    assert kinds["primary"] != kinds["other"]


def test_an_area_is_rounded_inwards_to_the_binning_and_both_are_recorded(RE, camera, documents):
    camera.roi.set((25, 1, 31, 20))
    camera.binning.set(2)
    RE(bp.count([camera]))
    assert documents.data("camera_roi_requested") == [[25, 1, 31, 20]]
    assert documents.data("camera_roi") == [[26, 2, 30, 18]]
    assert list(camera.backend.presented[0].settings.roi) == [26, 2, 30, 18]
    assert documents["descriptor"][0]["data_keys"]["camera_counts"]["shape"] == [9, 15]


def test_without_overscan_the_image_alone_is_read(RE, camera, documents):
    camera.overscan.set(False)
    RE(bp.count([camera]))
    assert documents.data("camera_roi") == [[24, 0, 64, 48]]
    assert documents.data("camera_overscan") == [False]
    assert documents["descriptor"][0]["data_keys"]["camera_counts"]["shape"] == [48, 64]


def test_an_area_outside_what_is_read_without_overscan_is_refused_at_the_trigger(
    RE, camera, documents, tmp_path
):
    camera.roi.set((0, 0, 30, 30))
    camera.overscan.set(False)
    with pytest.raises(SettingRefused, match=r"roi .*refused.*overscan=True"):
        RE(bp.count([camera]))
    assert camera.backend.presented == []
    assert not (tmp_path / "data").exists()
    # The next plan has not asked for it, and is not refused.
    RE(bp.count([camera]))
    assert [list(r.settings.roi) for r in camera.backend.presented] == [
        list(camera.capabilities.geometry.total)
    ]


def test_requests_refused_while_a_stream_is_declared_are_withdrawn_too(RE, camera, documents):
    camera.roi.set((0, 0, 30, 30))
    camera.overscan.set(False)
    with pytest.raises(SettingRefused, match="withdrawn"):
        RE(run(camera, bps.declare_stream(camera, name="primary")))
    RE(bp.count([camera]))
    assert len(documents.events()) == 1


def test_an_area_is_withdrawn_with_none(camera):
    with camera:
        camera.roi.set((24, 0, 10, 10))
        assert list(camera.resolved().roi) == [24, 0, 10, 10]
        camera.roi.set(None)
        assert camera.resolved().roi == camera.capabilities.geometry.total
