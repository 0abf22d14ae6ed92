"""The signals of the camera by themselves, without a RunEngine."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from ophyd.utils import LimitError, ReadOnlyError

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import COLUMNS, CameraError, SettingRefused, StoreError
from qhy600_ophyd.device import QHY600
from qhy600_ophyd.device.event_value import data_key, event_value
from qhy600_ophyd.device.frame_store import sink_factory
from qhy600_ophyd.device.worker import Worker


@pytest.fixture
def camera(tmp_path):
    with QHY600(SimulatedCamera(width=64, height=48, seed=1), sink=tmp_path, name="camera") as camera:
        yield camera


@pytest.mark.parametrize("name", ["exposure", "gain", "offset", "usb_traffic"])
def test_a_number_that_is_none_is_refused_at_once(camera, name):
    # ophyd's own Signal would wait for ever for nan to equal nan.
    with pytest.raises(SettingRefused):
        getattr(camera, name).set(float("nan"))


def test_a_refusal_is_also_the_limit_error_that_bluesky_knows(camera):
    with pytest.raises(LimitError):
        camera.gain.check_value(201)
    assert camera.gain.limits == (0.0, 200.0)


def test_a_setting_keeps_the_actual_value_until_a_frame_was_taken_with_the_new_one(camera):
    camera.gain.set(56).wait(1)
    assert camera.gain.locate() == {"setpoint": 56.0, "readback": 30.0}
    camera.stage()
    camera.trigger().wait(10)
    assert camera.gain.locate() == {"setpoint": 56.0, "readback": 56.0}


def test_subscribers_of_a_setting_hear_the_actual_value(camera):
    heard = []
    camera.gain.subscribe(lambda value, **_: heard.append(value), run=False)
    camera.gain.set(56)
    assert heard == []
    camera.stage()
    camera.trigger().wait(10)
    assert heard == [56.0]


def test_a_mode_is_set_by_name_or_by_index_and_read_by_name(camera):
    name = camera.capabilities.modes[1].name
    camera.readout_mode.set(1)
    assert camera.readout_mode.locate()["setpoint"] == name
    camera.readout_mode.set(name)
    assert camera.resolved().readout_mode == name


def test_configure_takes_all_or_nothing(camera):
    before = camera.resolved()
    with pytest.raises(SettingRefused, match="offset"):
        camera.configure({"gain": 10, "offset": 1000})
    with pytest.raises(SettingRefused, match="one of exposure"):
        camera.configure({"gain": 10, "gamma": 1})
    assert camera.resolved() == before
    camera.configure({"gain": 10, "offset": 20})
    assert (camera.resolved().gain, camera.resolved().offset) == (10.0, 20.0)


@pytest.mark.parametrize("name", ["mean", "photons", "exposure_start", "model"])
def test_what_is_measured_cannot_be_set(camera, name):
    with pytest.raises(ReadOnlyError, match=r"cannot be set|says itself"):
        getattr(camera, name).set(1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("frame_kind", "sky", id="kind"),
        pytest.param("step", 1.5, id="broken-step"),
        pytest.param("step", -2, id="negative-step"),
        pytest.param("repeat", True, id="bool"),
        pytest.param("stream", "a/b", id="path"),
        pytest.param("stream", "", id="empty-stream"),
    ],
)
def test_a_label_that_is_none_is_refused_and_the_old_one_stays(camera, name, value):
    before = getattr(camera, name).get()
    with pytest.raises(SettingRefused, match=name):
        getattr(camera, name).set(value)
    assert getattr(camera, name).get() == before


def test_a_label_may_come_from_numpy(camera):
    camera.step.set(np.int64(3))
    assert camera.step.get() == 3
    assert type(camera.step.get()) is int


@pytest.mark.parametrize("column", COLUMNS, ids=lambda c: c.name)
def test_a_missing_value_has_the_type_that_is_described(column):
    value = event_value(column, None)
    kinds = {
        "number": float,
        "string": str,
        "integer": int,
        "boolean": bool,
        "array": list,
    }
    assert type(value) is kinds[data_key(column, "test")["dtype"]]


def test_a_device_that_is_gone_gives_the_camera_back(tmp_path):
    backend = SimulatedCamera(width=64, height=48, seed=1)
    camera = QHY600(backend, sink=tmp_path, name="camera")
    camera.open()
    gone = weakref.ref(camera)
    del camera
    gc.collect()
    assert gone() is None
    assert backend.status().state == "closed"


def test_the_repr_says_who_and_how(camera):
    assert repr(camera).startswith("<QHY600 camera: QHY600M simulated-1")
    camera.close()
    assert repr(camera) == "<QHY600 camera: closed>"


# -- the worker --


def test_calls_run_one_after_another_in_one_thread():
    worker = Worker("camera")
    threads = [worker.call(threading.current_thread, 5) for _ in range(3)]
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()
    worker.close()
    assert worker.call(threading.current_thread, 5) is not threads[0]
    worker.close()


def test_a_call_that_was_given_up_never_happens():
    worker, go, happened = Worker("camera"), threading.Event(), []
    worker.submit(go.wait)
    with pytest.raises(CameraError, match="did not answer"):
        worker.call(lambda: happened.append(1), 0.01)
    go.set()
    worker.call(lambda: None, 5)
    assert happened == []
    worker.close()


# -- sinks --


def test_a_callable_of_two_is_a_factory_and_one_of_one_a_path_provider():
    def factory(stream, layout):
        raise AssertionError

    assert sink_factory(factory, "camera") is factory
    assert sink_factory(lambda name=None: name, "camera") is not factory


@pytest.mark.parametrize("sink", [None, 42, b"data"], ids=["none", "number", "bytes"])
def test_anything_else_is_refused_with_an_example(sink):
    with pytest.raises(StoreError, match="sink='data'"):
        sink_factory(sink, "camera")


def test_apply_makes_requested_settings_actual_without_a_frame(camera):
    camera.gain.set(12)
    assert camera.gain.get() != 12
    camera.apply()
    assert camera.gain.get() == 12
    assert camera.backend.presented == []


# -- requests that do not go together --


def ask_for_the_impossible(camera):
    camera.roi.set((0, 0, 30, 30))
    camera.overscan.set(False)


@pytest.mark.parametrize("verb", ["trigger", "apply"])
def test_a_refused_combination_is_withdrawn_and_the_next_frame_is_as_the_last(camera, verb):
    camera.stage()
    camera.gain.set(12)
    camera.trigger().wait(10)
    before = camera.resolved()
    ask_for_the_impossible(camera)
    with pytest.raises(SettingRefused, match=r"roi .*; the requested settings were withdrawn$") as refused:
        getattr(camera, verb)()
    assert "\n" not in str(refused.value)
    assert camera.resolved() == before
    camera.trigger().wait(10)
    assert [r.settings for r in camera.backend.presented] == [before, before]


def test_a_camera_whose_first_request_was_refused_goes_back_to_what_it_was_opened_with(camera):
    before = camera.resolved()
    ask_for_the_impossible(camera)
    with pytest.raises(SettingRefused, match="withdrawn"):
        camera.apply()
    camera.close()
    camera.open()
    assert camera.resolved() == before


def test_looking_at_requests_that_do_not_go_together_leaves_them(camera):
    ask_for_the_impossible(camera)
    with pytest.raises(SettingRefused):
        camera.resolved()
    camera.overscan.set(True)
    assert list(camera.resolved().roi) == [0, 0, 30, 30]


def test_requests_are_withdrawn_by_hand(camera):
    camera.gain.set(12)
    camera.apply()
    camera.gain.set(13)
    camera.offset.set(77)
    camera.withdraw()
    assert camera.resolved() == camera.actual


def test_an_area_and_the_overscan_that_it_needs_come_in_either_order(camera):
    camera.overscan.set(False)
    camera.apply()
    camera.roi.set((0, 0, 30, 30))
    camera.overscan.set(True)
    camera.apply()
    assert list(camera.actual.roi) == [0, 0, 30, 30]


@pytest.mark.parametrize("flag", [True, np.bool_(False)], ids=["python", "numpy"])
@pytest.mark.parametrize("name", ["exposure", "gain", "offset", "usb_traffic", "binning", "bit_depth"])
def test_a_yes_or_no_is_not_taken_for_a_number(camera, name, flag):
    before = camera.requested
    with pytest.raises(SettingRefused, match=f"{name} (True|False) refused: allowed is a number"):
        getattr(camera, name).set(flag)
    with pytest.raises(LimitError):
        camera.configure({name: flag})
    assert camera.requested == before


# -- what is told of a frame --


def test_subscribers_of_a_measured_value_hear_it_with_each_frame(camera):
    heard = []
    camera.mean.subscribe(lambda **told: heard.append(told), run=False)
    camera.stage()
    for _ in range(2):
        camera.trigger().wait(10)
        last = camera.mean.read()["camera_mean"]
        assert heard[-1]["value"] == last["value"] == camera.row["mean"]
        assert heard[-1]["timestamp"] == last["timestamp"] == camera.mean.timestamp == camera.row_timestamp
    assert len(heard) == 2
    assert heard[1]["old_value"] == heard[0]["value"]
    assert heard[1]["obj"] is camera.mean


def test_a_late_subscriber_hears_the_last_frame_at_once(camera):
    heard = []
    camera.sequence.subscribe(lambda value, **_: heard.append(value))
    assert heard == []
    camera.sequence.unsubscribe_all()
    camera.stage()
    camera.trigger().wait(10)
    camera.sequence.subscribe(lambda value, **_: heard.append(value))
    assert heard == [camera.row["sequence"]]


def test_every_source_names_the_device(tmp_path):
    with QHY600(SimulatedCamera(width=64, height=48, seed=1), sink=tmp_path, name="north") as north:
        keys = {**north.describe(), **north.describe_configuration(), **north.stream.describe()}
        sources = {name: key["source"] for name, key in keys.items()}
    assert sources == {name: "qhy600:north." + name.removeprefix("north_") for name in keys}
    assert {"north_gain", "north_mean", "north_step", "north_counts", "north_model"} <= set(sources)
