"""The camera in somebody's own RunEngine: documents that are valid, complete and true."""

from __future__ import annotations

import bluesky.plans as bp
import bluesky.preprocessors as bpp
import h5py
import numpy as np
import pytest
from bluesky.callbacks.best_effort import BestEffortCallback
from ophyd.sim import SynAxis

from qhy600_ophyd.contract import COLUMNS, SETTING_NAMES

GAINS = (10.0, 26.0, 26.5, 0.0)


def count(camera):
    return bp.count([camera], 5)


def list_scan(camera):
    return bp.list_scan([camera], camera.exposure, [0.3, 0.1, 0.2])


def grid(camera):
    return bp.list_grid_scan([camera], camera.exposure, [0.1, 0.2], camera.gain, [0, 26, 56])


def scan(camera):
    return bp.scan([camera], camera.gain, 0, 100, 5)


def rel_scan(camera):
    return bp.rel_scan([camera], camera.gain, -10, 10, 3)


def with_a_motor(camera):
    return bp.scan([camera], SynAxis(name="motor"), 0, 1, 3)


@pytest.mark.parametrize(
    ("plan", "events", "axes"),
    [
        pytest.param(count, 5, ["time"], id="count"),
        pytest.param(list_scan, 3, ["camera_exposure"], id="list_scan"),
        pytest.param(grid, 6, ["camera_exposure", "camera_gain"], id="list_grid_scan"),
        pytest.param(scan, 5, ["camera_gain"], id="scan"),
        pytest.param(rel_scan, 3, ["camera_gain"], id="rel_scan"),
        pytest.param(with_a_motor, 3, ["motor"], id="motor"),
    ],
)
def test_a_plan_of_bluesky_gives_valid_documents_with_its_axes(
    RE, camera, documents, agree, plan, events, axes
):
    RE(plan(camera))
    assert agree() == events
    (start,), (stop,), (descriptor,) = documents["start"], documents["stop"], documents["descriptor"]
    assert [list(fields) for fields, _ in start["hints"]["dimensions"]] == [[axis] for axis in axes]
    assert set(axes) - {"time"} <= set(descriptor["data_keys"])
    assert stop["exit_status"] == "success"
    assert stop["num_events"] == {"primary": events}
    assert documents.names[1] == "descriptor"
    assert documents.names[2:5] == ["stream_resource", "stream_datum", "event"]


def test_the_axis_of_a_list_scan_holds_the_values_that_were_asked_for(RE, camera, documents):
    RE(list_scan(camera))
    assert documents.data("camera_exposure") == pytest.approx([0.3, 0.1, 0.2], abs=2.1e-5)
    assert documents.data("camera_exposure_requested") == [0.3, 0.1, 0.2]


def test_what_is_described_is_what_is_read_and_the_frames(camera):
    with camera:
        assert set(camera.describe()) == set(camera.read()) | {"camera_counts"}
        assert set(camera.describe_configuration()) == set(camera.read_configuration())


def test_every_column_of_the_record_but_the_reported_ones_is_event_data(RE, camera, documents):
    RE(bp.count([camera]))
    reported = {f"{name}_reported" for name in SETTING_NAMES}
    known_elsewhere = set(documents.events()[0]["data"])
    missing = {c.name for c in COLUMNS} - reported - {k.removeprefix("camera_") for k in known_elsewhere}
    assert missing == set()


def test_units_limits_precision_and_choices_reach_the_descriptor(RE, camera, documents):
    RE(bp.count([camera]))
    keys = documents["descriptor"][0]["data_keys"]
    offer = camera.backend.capabilities
    assert keys["camera_exposure"]["units"] == "s"
    assert keys["camera_exposure"]["precision"] == 6
    assert keys["camera_exposure"]["limits"]["control"] == {
        "low": offer.exposure.low,
        "high": offer.exposure.high,
    }
    assert keys["camera_gain_requested"]["limits"]["control"] == {"low": 0.0, "high": 200.0}
    assert keys["camera_temperature"]["units"] == "degC"
    assert keys["camera_temperature_setpoint"]["limits"]["control"]["low"] == offer.temperature.low
    assert keys["camera_readout_mode"]["choices"] == [m.name for m in offer.modes if not m.refused]
    assert keys["camera_frame_kind"]["choices"] == ["", "bias", "dark", "light", "flat"]
    assert keys["camera_counts"]["dims"] == ["y", "x"]
    assert keys["camera_photons"]["units"] == "photon/pixel"


def test_numbers_are_float_and_modes_are_text_in_every_event(RE, camera, documents):
    RE(bp.list_scan([camera], camera.gain, [26, 27], camera.readout_mode, [0, 1]))
    for name in ("exposure", "gain", "offset", "usb_traffic", "binning", "bit_depth"):
        for key in (f"camera_{name}", f"camera_{name}_requested"):
            assert {type(value) for value in documents.data(key)} == {float}
            assert documents["descriptor"][0]["data_keys"][key]["dtype_numpy"] == "<f8"
    assert {type(value) for value in documents.data("camera_readout_mode")} == {str}
    modes = [m.name for m in camera.capabilities.modes]
    assert documents.data("camera_readout_mode") == modes[:2]
    assert documents.data("camera_readout_mode_index") == [0.0, 1.0]


def test_a_column_keeps_its_type_from_a_whole_to_a_broken_gain(RE, camera, documents):
    RE(bp.list_scan([camera], camera.gain, [26, 26.5]))
    assert documents.data("camera_gain_requested") == [26.0, 26.5]
    assert {type(v) for v in documents.data("camera_gain_requested")} == {float}


@pytest.mark.parametrize("bit_depth", [8, 16])
def test_the_described_type_and_shape_are_those_of_the_file(RE, camera, documents, tmp_path, bit_depth):
    camera.bit_depth.set(bit_depth)
    if bit_depth != 16:  # sums in 16 bit clip, which is warned of
        camera.binning.set(2)
    RE(bp.count([camera], 2))
    described = documents["descriptor"][0]["data_keys"]["camera_counts"]
    (path,) = (tmp_path / "data").rglob("*.h5")
    with h5py.File(path, "r") as file:
        assert file["counts"].dtype == np.dtype(described["dtype_numpy"])
        assert list(file["counts"].shape) == [2, *described["shape"]]


def test_the_identity_of_the_camera_is_its_configuration(RE, camera, documents):
    RE(bp.count([camera]))
    data = documents["descriptor"][0]["configuration"]["camera"]["data"]
    assert data["camera_model"] == "QHY600M"
    assert data["camera_sensor"] == "IMX455"


def test_the_table_of_the_best_effort_callback_shows_exposure_temperature_and_mean(RE, camera, capsys):
    callback = BestEffortCallback()
    callback.disable_plots()
    RE.subscribe(callback)
    RE(bp.list_scan([camera], camera.gain, [0, 10]))
    shown = capsys.readouterr().out
    for field in ("camera_exposure", "camera_temperature", "camera_mean", "camera_gain"):
        assert field in shown
    assert camera.hints == {"fields": ["camera_exposure", "camera_temperature", "camera_mean"]}


def test_the_cooler_can_be_monitored_beside_the_frames(RE, camera, documents):
    RE(bpp.monitor_during_wrapper(bp.count([camera], 2), [camera.temperature]))
    assert len(documents.events("primary")) == 2
    monitored = documents.data("camera_temperature", stream="camera_temperature_monitor")
    assert monitored[-2:] == documents.data("camera_temperature")
