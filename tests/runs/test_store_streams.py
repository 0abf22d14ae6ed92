"""A run of several streams, files, documents and devices reads as one."""

import json

import numpy as np
import pytest
import xarray as xr

from qhy600_ophyd.contract import RunDamaged
from qhy600_ophyd.datasets import open_run, summarize


def event(number, **data):
    return {"seq_num": number + 1, "time": 5.0 + number, "data": {"camera_sequence": number + 10, **data}}


def test_streams_of_a_run_share_its_folder_and_are_chosen_by_name(store, tiny_layout, tiny_frame):
    for stream, number in (("primary", 1), ("dark", 2)):
        sink = store(stream, tiny_layout())
        sink.append(tiny_frame(number))
        sink.close()
    folder = sink.path.parent
    assert open_run(folder).attrs["stream"] == "primary"
    assert open_run(folder).attrs["other_streams"] == "dark"
    assert open_run(folder / "dark.h5").attrs["stream"] == "dark"
    np.testing.assert_array_equal(open_run(folder, stream="dark").counts[0], tiny_frame(2).counts)
    with pytest.raises(RunDamaged, match="it has dark, primary"):
        open_run(folder, stream="flat")


def test_a_run_of_several_streams_without_a_primary_one_opens_the_first(store, tiny_layout, tiny_frame):
    for stream in ("light", "dark"):
        sink = store(stream, tiny_layout())
        sink.append(tiny_frame(1))
        sink.close()
    run = open_run(sink.path.parent)
    assert (run.attrs["stream"], run.attrs["other_streams"]) == ("dark", "light")


def test_a_stream_opened_again_goes_on_in_a_second_file_and_reads_as_one(store, tiny_layout, tiny_frame):
    numbers = [[0, 1], [2], [3]]
    for segment in numbers:
        sink = store("primary", tiny_layout())
        for number in segment:
            sink.append(tiny_frame(number))
            sink.annotate("event", event(number, motor=float(number)))
        sink.close()
    assert sink.path.name == "primary_3.h5"
    run = open_run(sink.path.parent)
    np.testing.assert_array_equal(run.counts, np.stack([tiny_frame(n).counts for n in range(4)]))
    np.testing.assert_array_equal(run.sequence, [10, 11, 12, 13])
    np.testing.assert_array_equal(run.motor, [0.0, 1.0, 2.0, 3.0])


def test_segments_of_different_shape_are_named_not_mixed(store, tiny_layout):
    store("primary", tiny_layout()).close()
    store("primary", tiny_layout(dtype="uint8")).close()
    with pytest.raises(RunDamaged, match=r"primary_2\.h5 holds"):
        open_run(next(store.root.iterdir()))


def test_readings_of_other_devices_join_the_frame_of_their_event(store, tiny_layout, tiny_frame):
    sink = store("primary", tiny_layout())
    descriptor = {"uid": "d", "name": "primary", "data_keys": {"motor": {"units": "mm", "source": "stage"}}}
    sink.annotate("descriptor", descriptor)
    sink.append(tiny_frame(0))
    sink.annotate("event", event(0, motor=1.5, filter="red", shutter=True, camera_exposure=9.0, image=[1]))
    sink.append(tiny_frame(1))  # announced by an event that had nothing of the other devices
    sink.annotate("event", event(1, shutter=False))
    sink.append(tiny_frame(2))
    sink.append(tiny_frame(3))
    sink.annotate("event", event(2, motor=np.float32(2.5), filter="blue", shutter=True))  # a late event
    sink.annotate("event", event(3, shutter=False))
    sink.close()
    run = open_run(sink.path)
    np.testing.assert_array_equal(run.motor, [1.5, np.nan, 2.5, np.nan])
    np.testing.assert_array_equal(run["filter"], ["red", "", "blue", ""])
    np.testing.assert_array_equal(run.shutter, [True, False, True, False])
    assert run.shutter.dtype == bool
    assert run.motor.attrs["units"] == "mm"
    assert "camera_exposure" not in run.coords
    assert "image" not in run.coords


def test_no_event_file_is_written_for_a_camera_alone(store, tiny_layout, tiny_frame):
    sink = store("primary", tiny_layout())
    sink.append(tiny_frame(0))
    sink.annotate("event", event(0, camera_exposure=0.1))
    sink.close()
    assert not list(sink.path.parent.glob("*.jsonl"))


def test_the_stop_document_may_come_after_close(store, tiny_layout):
    sink = store("primary", tiny_layout())
    sink.close()
    sink.annotate("stop", {"exit_status": "abort", "reason": "r" * 9000})
    with xr.open_dataset(sink.path, engine="h5netcdf") as plain:
        kept = json.loads(plain.attrs["stop"])
    assert kept["exit_status"] == "abort"
    assert set(kept["reason"]) == {"r"}
    assert len(json.loads(open_run(sink.path).attrs["stop"])["reason"]) == 9000


def test_a_reader_that_holds_the_file_does_not_stop_the_stop_document(store, tiny_layout, tiny_frame):
    sink = store("primary", tiny_layout())
    sink.append(tiny_frame(0))
    sink.close()
    with xr.open_dataset(sink.path, engine="h5netcdf"):
        sink.annotate("stop", {"exit_status": "success"})
        assert open_run(sink.path).attrs["exit_status"] == "success"


def test_a_run_without_a_start_document_has_a_folder_of_its_own_and_takes_the_uid_later(
    store, tiny_layout, tiny_frame
):
    first, second = store("primary", tiny_layout(start=None)), store("primary", tiny_layout(start=None))
    assert first.path.parent != second.path.parent
    first.annotate("start", tiny_layout().start)
    first.append(tiny_frame(0))
    first.close()
    second.close()
    with xr.open_dataset(first.path, engine="h5netcdf") as plain:
        assert plain.attrs["run_uid"] == tiny_layout().start["uid"]
        assert json.loads(plain.attrs["start"]) == tiny_layout().start
    assert open_run(first.path).attrs["plan_name"] == "linearity"


def test_a_long_start_document_fits(store, tiny_layout):
    exposures = list(np.linspace(0, 1, 20_000))
    sink = store("primary", tiny_layout(start={**tiny_layout().start, "plan_args": {"exposures": exposures}}))
    sink.close()
    with xr.open_dataset(sink.path, engine="h5netcdf") as plain:
        assert json.loads(plain.attrs["start"])["plan_args"]["exposures"] == exposures


def test_the_summary_says_what_a_run_holds(store, tiny_layout, tiny_frame):
    for stream, n in (("primary", 3), ("dark", 1)):
        sink = store(stream, tiny_layout())
        for number in range(n):
            sink.append(tiny_frame(number, readout_mode="Photo", gain=26.0))
        sink.close()
    unfinished = summarize(sink.path)
    assert unfinished.exit_status is None
    sink.annotate("stop", {"exit_status": "success"})
    summary = summarize(sink.path.parent)
    assert (summary.plan, summary.uid, summary.operator) == ("linearity", tiny_layout().start["uid"], "Zoë")
    assert summary.time.timestamp() == tiny_layout().start["time"]
    assert summary.exit_status == "success"
    assert {name: stream.frames for name, stream in summary.streams.items()} == {"primary": 3, "dark": 1}
    assert summary.streams["primary"].shape == (4, 6)
    assert summary.streams["primary"].settings["exposure"] == "0–0.2 s"
    assert summary.streams["primary"].settings["readout_mode"] == "Photo"
    assert summary.streams["primary"].settings["gain"] == "26"
    assert "roi" not in summary.streams["primary"].settings
    assert summary.size == sum(path.stat().st_size for path in summary.path.iterdir())
