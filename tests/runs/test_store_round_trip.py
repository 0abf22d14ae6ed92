"""What goes into a stream comes out of it: frames, columns, axes and documents, exactly."""

import json
import pickle

import numpy as np
import pytest
import xarray as xr

from qhy600_ophyd.contract import COLUMNS, FIELDS, Frame, FrameSink, StoreError
from qhy600_ophyd.contract.vocabulary import TIME_COLUMNS
from qhy600_ophyd.datasets import RunFolders, open_run

NOON = 1_795_376_600_123_456_789


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


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory, tiny_layout, tiny_frame):
    """Three frames with every column, then one with nothing known; finished."""
    sink = RunFolders(tmp_path_factory.mktemp("runs"))("primary", tiny_layout())
    for number in range(3):
        sink.append(
            Frame(tiny_frame(number).counts, {field.name: value_of(field, number) for field in COLUMNS})
        )
    sink.append(Frame(tiny_frame(3).counts, {}))
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


def test_frames_and_axes_come_back_with_units(whole_runs, tiny_layout, tiny_frame):
    for way, run in whole_runs.items():
        assert run.counts.dims == ("frame", "y", "x"), way
        assert run.counts.dtype == np.uint16, way
        np.testing.assert_array_equal(run.counts, np.stack([tiny_frame(n).counts for n in range(4)]), way)
        np.testing.assert_array_equal(run.x, tiny_layout().x)
        assert run.x.attrs["units"] == run.y.attrs["units"] == "pixel", way
        assert run.counts.attrs["units"] == "count", way
        assert run.exposure.attrs["units"] == "s", way
        assert run.exposure.attrs["long_name"] == FIELDS["exposure"].meaning, way
        assert run.y_region.attrs["flag_meanings"].split()[run.y_region.values[3]] == "overscan", way
        assert set(run.data_vars) == {"counts"}, way


def test_the_whole_start_and_stop_documents_are_in_the_attributes(whole_runs, tiny_layout):
    for way, run in whole_runs.items():
        assert json.loads(run.attrs["start"]) == tiny_layout().start, way
        assert json.loads(run.attrs["stop"])["num_events"] == {"primary": 4}, way
        assert run.attrs["operator"] == "Zoë", way
        assert run.attrs["run_uid"] == tiny_layout().start["uid"], way
        assert run.attrs["pixel_size"] == 3.76, way
    assert whole_runs["open_run"].attrs["exit_status"] == "success"


def test_the_folder_is_named_by_time_plan_and_uid_and_any_file_in_it_opens_the_run(whole_run):
    folder = whole_run.parent
    assert folder.name == "20261122T194320_linearity_0f7a1c52"
    assert {path.name for path in folder.iterdir()} == {"primary.h5", "run.json"}
    for path in (folder, whole_run, folder / "run.json", str(folder)):
        assert open_run(path).sizes["frame"] == 4


def test_a_dataset_is_lazy_pickles_and_holds_no_file_open(whole_run, monkeypatch, tiny_frame):
    from qhy600_ophyd.datasets.reading.stream_file import LazyCounts

    read = []
    original = LazyCounts.__getitem__
    monkeypatch.setattr(LazyCounts, "__getitem__", lambda self, key: read.append(key) or original(self, key))
    run = open_run(whole_run)
    assert run.counts.chunks == ((1, 1, 1, 1), (4,), (6,))
    assert not read
    np.testing.assert_array_equal(run.counts[2, :, 3], tiny_frame(2).counts[:, 3])
    assert len(read) == 1
    monkeypatch.undo()
    again = pickle.loads(pickle.dumps(run))
    moved = whole_run.with_name("elsewhere.h5")
    whole_run.rename(moved)
    moved.rename(whole_run)
    np.testing.assert_array_equal(again.counts[3], tiny_frame(3).counts)


def test_a_run_can_be_exported_by_xarray_and_read_again(whole_run, tmp_path):
    run = open_run(whole_run)
    run.to_netcdf(tmp_path / "copy.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "copy.nc", engine="h5netcdf") as copy:
        xr.testing.assert_equal(copy, run.compute())


def test_a_sink_is_a_frame_sink_with_an_address(store, tiny_layout):
    sink = store("primary", tiny_layout())
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


def test_a_frame_is_copied_before_append_returns(store, tiny_layout, tiny_frame):
    sink = store("primary", tiny_layout())
    buffer = tiny_frame(1).counts
    sink.append(Frame(buffer, {}))
    buffer[:] = 0
    sink.append(Frame(tiny_frame(2).counts[::-1, ::-1], {}))
    sink.close()
    np.testing.assert_array_equal(
        open_run(sink.path).counts, [tiny_frame(1).counts, tiny_frame(2).counts[::-1, ::-1]]
    )


def test_truncated_frames_are_gone_and_their_places_are_taken_again(store, tiny_layout, tiny_frame):
    sink = store("primary", tiny_layout())
    for number in range(5):
        sink.append(tiny_frame(number))
    sink.truncate(2)
    assert sink.committed == 2
    assert open_run(sink.path).sizes["frame"] == 2
    sink.append(tiny_frame(7, retaken=3))
    sink.close()
    for run in both_ways(sink.path).values():
        np.testing.assert_array_equal(
            run.counts, [tiny_frame(0).counts, tiny_frame(1).counts, tiny_frame(7).counts]
        )
        np.testing.assert_array_equal(run.sequence, [10, 11, 17])
        np.testing.assert_array_equal(run.retaken, [-1, -1, 3])


@pytest.mark.parametrize("n", [-1, 3])
def test_more_frames_than_there_are_cannot_be_kept(store, n, tiny_layout, tiny_frame):
    sink = store("primary", tiny_layout())
    sink.append(tiny_frame(0))
    sink.append(tiny_frame(1))
    with pytest.raises(StoreError, match="it holds 2"):
        sink.truncate(n)
    sink.close()
    assert open_run(sink.path).sizes["frame"] == 2
