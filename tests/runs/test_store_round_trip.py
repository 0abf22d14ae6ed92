"""What goes into a run's folder comes out of it: frames, columns, documents, other devices' readings."""

import json
import pickle

import numpy as np
import pytest
import xarray as xr

from qhy600_ophyd.contract import COLUMNS, FIELDS, Frame, FrameSink, Layout, RunDamaged, StoreError
from qhy600_ophyd.contract.vocabulary import TIME_COLUMNS
from qhy600_ophyd.datasets import RunFolders, open_run, summarize

UID = "0f7a1c52-93d4-4c8e-b1b2-5a6f8a7c9d10"
START = {
    "uid": UID,
    "time": 1_795_376_600.25,
    "plan_name": "linearity",
    "scan_id": 7,
    "operator": "Zoë",
    "plan_args": {"exposures": [0.1, 0.2]},
}
NOON = 1_795_376_600_123_456_789
SHAPE = (4, 6)


def layout(**changes):
    described = {
        "shape": SHAPE,
        "dtype": "uint16",
        "x": np.arange(6) + 0.5,
        "y": np.arange(4) + 0.5,
        "x_region": np.array([1, 2, 0, 0, 0, 0], np.int8),
        "y_region": np.array([0, 0, 0, 3], np.int8),
        "attributes": {"device": "camera", "model": "QHY600", "pixel_size": 3.76},
        "start": START,
    }
    return Layout(**{**described, **changes})


def counts(number):
    return np.arange(24, dtype=np.uint16).reshape(SHAPE) + np.uint16(100 * number)


def frame(number, **row):
    return Frame(counts(number), {"sequence": number + 10, "exposure": 0.1 * number, **row})


def event(number, **data):
    return {"seq_num": number + 1, "time": 5.0 + number, "data": {"camera_sequence": number + 10, **data}}


def value_of(field, number):
    """Another value for each column and frame, at the end of what its type can hold."""
    kind = np.dtype(field.dtype).kind
    if field.name in TIME_COLUMNS:
        return NOON + number
    if kind == "S":
        return ("µ" * np.dtype(field.dtype).itemsize)[: np.dtype(field.dtype).itemsize // 2 - number]
    if field.shape:
        return tuple(range(number, number + 4))
    if kind == "?" or kind == "b":
        return number % 2 == 0
    place = [column.name for column in COLUMNS].index(field.name)
    return place + number / 7 if kind == "f" else 2**53 + 1 + place + number


@pytest.fixture
def store(tmp_path):
    return RunFolders(tmp_path / "runs")


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    """Three frames with every column, then one with nothing known; finished."""
    sink = RunFolders(tmp_path_factory.mktemp("runs"))("primary", layout())
    for number in range(3):
        sink.append(Frame(counts(number), {field.name: value_of(field, number) for field in COLUMNS}))
    sink.append(Frame(counts(3), {}))
    sink.annotate("stop", {"uid": "s", "exit_status": "success", "num_events": {"primary": 4}})
    sink.close()
    return sink.path


def both_ways(path):
    with xr.open_dataset(path, engine="h5netcdf") as plain:
        return {"open_run": open_run(path), "plain xarray": plain.load()}


@pytest.fixture(scope="module")
def whole_runs(whole_run):
    return both_ways(whole_run)


@pytest.mark.parametrize("field", COLUMNS, ids=lambda field: field.name)
def test_every_column_comes_back_exactly_and_missing_where_it_was_not_known(whole_runs, field):
    expected = [value_of(field, number) for number in range(3)]
    for way, run in whole_runs.items():
        values = run[field.name].values
        if field.name in TIME_COLUMNS:
            assert values.dtype == "datetime64[ns]", way
            np.testing.assert_array_equal(values[:3].astype(np.int64), expected, way)
            assert np.isnat(values[3]), way
        else:
            missing = "" if field.dtype.startswith("S") else field.missing
            np.testing.assert_array_equal(values[:3], expected, way)
            np.testing.assert_array_equal(values[3], np.full(field.shape, missing)[()], way)
            if field.dtype in ("i8", "?", "f8"):
                assert values.dtype == np.dtype(field.dtype), way


def test_frames_and_axes_come_back_with_units(whole_runs):
    for way, run in whole_runs.items():
        assert run.counts.dims == ("frame", "y", "x"), way
        assert run.counts.dtype == np.uint16, way
        np.testing.assert_array_equal(run.counts, np.stack([counts(n) for n in range(4)]), way)
        np.testing.assert_array_equal(run.x, layout().x)
        assert run.x.attrs["units"] == run.y.attrs["units"] == "pixel", way
        assert run.counts.attrs["units"] == "count", way
        assert run.exposure.attrs["units"] == "s", way
        assert run.exposure.attrs["long_name"] == FIELDS["exposure"].meaning, way
        assert run.y_region.attrs["flag_meanings"].split()[run.y_region.values[3]] == "overscan", way
        assert set(run.data_vars) == {"counts"}, way


def test_the_whole_start_and_stop_documents_are_in_the_attributes(whole_runs):
    for way, run in whole_runs.items():
        assert json.loads(run.attrs["start"]) == START, way
        assert json.loads(run.attrs["stop"])["num_events"] == {"primary": 4}, way
        assert run.attrs["operator"] == "Zoë", way
        assert run.attrs["run_uid"] == UID, way
        assert run.attrs["pixel_size"] == 3.76, way
    assert whole_runs["open_run"].attrs["exit_status"] == "success"


def test_the_folder_is_named_by_time_plan_and_uid_and_any_file_in_it_opens_the_run(whole_run):
    folder = whole_run.parent
    assert folder.name == "20261122T194320_linearity_0f7a1c52"
    assert {path.name for path in folder.iterdir()} == {"primary.h5", "run.json"}
    for path in (folder, whole_run, folder / "run.json", str(folder)):
        assert open_run(path).sizes["frame"] == 4


def test_a_dataset_is_lazy_pickles_and_holds_no_file_open(whole_run, monkeypatch):
    from qhy600_ophyd.datasets.stream_file import LazyCounts

    read = []
    original = LazyCounts.__getitem__
    monkeypatch.setattr(LazyCounts, "__getitem__", lambda self, key: read.append(key) or original(self, key))
    run = open_run(whole_run)
    assert run.counts.chunks == ((1, 1, 1, 1), (4,), (6,))
    assert not read
    np.testing.assert_array_equal(run.counts[2, :, 3], counts(2)[:, 3])
    assert len(read) == 1
    monkeypatch.undo()
    again = pickle.loads(pickle.dumps(run))
    moved = whole_run.with_name("elsewhere.h5")
    whole_run.rename(moved)
    moved.rename(whole_run)
    np.testing.assert_array_equal(again.counts[3], counts(3))


def test_a_run_can_be_exported_by_xarray_and_read_again(whole_run, tmp_path):
    run = open_run(whole_run)
    run.to_netcdf(tmp_path / "copy.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "copy.nc", engine="h5netcdf") as copy:
        xr.testing.assert_equal(copy, run.compute())


def test_a_sink_is_a_frame_sink_with_an_address(store):
    sink = store("primary", layout())
    assert isinstance(sink, FrameSink)
    address = sink.address()
    assert address.uri.startswith("file://localhost/")
    assert address.uri.endswith("/primary.h5")
    assert (address.mimetype, address.counts, address.chunk_shape) == (
        "application/x-hdf5",
        "counts",
        (1, 4, 6),
    )
    sink.close()
    sink.close()


def test_a_frame_is_copied_before_append_returns(store):
    sink = store("primary", layout())
    buffer = counts(1)
    sink.append(Frame(buffer, {}))
    buffer[:] = 0
    sink.append(Frame(counts(2)[::-1, ::-1], {}))
    sink.close()
    np.testing.assert_array_equal(open_run(sink.path).counts, [counts(1), counts(2)[::-1, ::-1]])


def test_truncated_frames_are_gone_and_their_places_are_taken_again(store):
    sink = store("primary", layout())
    for number in range(5):
        sink.append(frame(number))
    sink.truncate(2)
    assert sink.committed == 2
    assert open_run(sink.path).sizes["frame"] == 2
    sink.append(frame(7, retaken=3))
    sink.close()
    for run in both_ways(sink.path).values():
        np.testing.assert_array_equal(run.counts, [counts(0), counts(1), counts(7)])
        np.testing.assert_array_equal(run.sequence, [10, 11, 17])
        np.testing.assert_array_equal(run.retaken, [-1, -1, 3])


@pytest.mark.parametrize("n", [-1, 3])
def test_more_frames_than_there_are_cannot_be_kept(store, n):
    sink = store("primary", layout())
    sink.append(frame(0))
    sink.append(frame(1))
    with pytest.raises(StoreError, match="it holds 2"):
        sink.truncate(n)
    sink.close()
    assert open_run(sink.path).sizes["frame"] == 2


def test_streams_of_a_run_share_its_folder_and_are_chosen_by_name(store):
    for stream, number in (("primary", 1), ("dark", 2)):
        sink = store(stream, layout())
        sink.append(frame(number))
        sink.close()
    folder = sink.path.parent
    assert open_run(folder).attrs["stream"] == "primary"
    assert open_run(folder).attrs["other_streams"] == "dark"
    assert open_run(folder / "dark.h5").attrs["stream"] == "dark"
    np.testing.assert_array_equal(open_run(folder, stream="dark").counts[0], counts(2))
    with pytest.raises(RunDamaged, match="it has dark, primary"):
        open_run(folder, stream="flat")


def test_a_stream_opened_again_goes_on_in_a_second_file_and_reads_as_one(store):
    numbers = [[0, 1], [2], [3]]
    for segment in numbers:
        sink = store("primary", layout())
        for number in segment:
            sink.append(frame(number))
            sink.annotate("event", event(number, motor=float(number)))
        sink.close()
    assert sink.path.name == "primary_3.h5"
    run = open_run(sink.path.parent)
    np.testing.assert_array_equal(run.counts, np.stack([counts(n) for n in range(4)]))
    np.testing.assert_array_equal(run.sequence, [10, 11, 12, 13])
    np.testing.assert_array_equal(run.motor, [0.0, 1.0, 2.0, 3.0])


def test_segments_of_different_shape_are_named_not_mixed(store):
    store("primary", layout()).close()
    store("primary", layout(dtype="uint8")).close()
    with pytest.raises(RunDamaged, match=r"primary_2\.h5 holds"):
        open_run(next(store.root.iterdir()))


def test_readings_of_other_devices_join_the_frame_of_their_event(store):
    sink = store("primary", layout())
    descriptor = {"uid": "d", "name": "primary", "data_keys": {"motor": {"units": "mm", "source": "stage"}}}
    sink.annotate("descriptor", descriptor)
    sink.append(frame(0))
    sink.annotate("event", event(0, motor=1.5, filter="red", shutter=True, camera_exposure=9.0, image=[1]))
    sink.append(frame(1))  # announced by an event that had nothing of the other devices
    sink.annotate("event", event(1, shutter=False))
    sink.append(frame(2))
    sink.append(frame(3))
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


def test_no_event_file_is_written_for_a_camera_alone(store):
    sink = store("primary", layout())
    sink.append(frame(0))
    sink.annotate("event", event(0, camera_exposure=0.1))
    sink.close()
    assert not list(sink.path.parent.glob("*.jsonl"))


def test_the_stop_document_may_come_after_close(store):
    sink = store("primary", layout())
    sink.close()
    sink.annotate("stop", {"exit_status": "abort", "reason": "r" * 9000})
    with xr.open_dataset(sink.path, engine="h5netcdf") as plain:
        kept = json.loads(plain.attrs["stop"])
    assert kept["exit_status"] == "abort"
    assert set(kept["reason"]) == {"r"}
    assert len(json.loads(open_run(sink.path).attrs["stop"])["reason"]) == 9000


def test_a_reader_that_holds_the_file_does_not_stop_the_stop_document(store):
    sink = store("primary", layout())
    sink.append(frame(0))
    sink.close()
    with xr.open_dataset(sink.path, engine="h5netcdf"):
        sink.annotate("stop", {"exit_status": "success"})
        assert open_run(sink.path).attrs["exit_status"] == "success"


def test_a_run_without_a_start_document_has_a_folder_of_its_own_and_takes_the_uid_later(store):
    first, second = store("primary", layout(start=None)), store("primary", layout(start=None))
    assert first.path.parent != second.path.parent
    first.annotate("start", START)
    first.append(frame(0))
    first.close()
    second.close()
    with xr.open_dataset(first.path, engine="h5netcdf") as plain:
        assert plain.attrs["run_uid"] == UID
        assert json.loads(plain.attrs["start"]) == START
    assert open_run(first.path).attrs["plan_name"] == "linearity"


def test_a_long_start_document_fits(store):
    exposures = list(np.linspace(0, 1, 20_000))
    sink = store("primary", layout(start={**START, "plan_args": {"exposures": exposures}}))
    sink.close()
    with xr.open_dataset(sink.path, engine="h5netcdf") as plain:
        assert json.loads(plain.attrs["start"])["plan_args"]["exposures"] == exposures


def test_the_summary_says_what_a_run_holds(store):
    for stream, n in (("primary", 3), ("dark", 1)):
        sink = store(stream, layout())
        for number in range(n):
            sink.append(frame(number, readout_mode="Photo", gain=26.0))
        sink.close()
    unfinished = summarize(sink.path)
    assert unfinished.exit_status is None
    sink.annotate("stop", {"exit_status": "success"})
    summary = summarize(sink.path.parent)
    assert (summary.plan, summary.uid, summary.operator) == ("linearity", UID, "Zoë")
    assert summary.time.timestamp() == START["time"]
    assert summary.exit_status == "success"
    assert {name: stream.frames for name, stream in summary.streams.items()} == {"primary": 3, "dark": 1}
    assert summary.streams["primary"].shape == SHAPE
    assert summary.streams["primary"].settings["exposure"] == "0–0.2 s"
    assert summary.streams["primary"].settings["readout_mode"] == "Photo"
    assert summary.streams["primary"].settings["gain"] == "26"
    assert "roi" not in summary.streams["primary"].settings
    assert summary.size == sum(path.stat().st_size for path in summary.path.iterdir())
