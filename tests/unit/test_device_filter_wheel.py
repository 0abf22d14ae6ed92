"""The filter wheel on the camera, by the names of its filters."""

from __future__ import annotations

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import numpy as np
import pytest
from bluesky import RunEngine
from bluesky.protocols import Movable, Readable

from qhy600_ophyd import QHY600, Bench, FilterWheel, SimulatedCamera, open_run
from qhy600_ophyd.contract import CarriesFilterWheel, FilterNotReached, SettingRefused
from qhy600_ophyd.contract import FilterWheel as Wheel
from qhy600_ophyd.testing import SteppedClock

FILTERS = ["open", "half", "dark"]


def make_camera(**parameters):
    parameters = {"width": 64, "height": 48, "filters": (1.0, 0.5, 0.0), **parameters}
    return QHY600(SimulatedCamera(**parameters), name="camera")


@pytest.fixture
def camera():
    with make_camera() as camera:
        yield camera


@pytest.fixture
def wheel(camera):
    return FilterWheel(camera, FILTERS, name="filter")


def test_the_camera_carries_one_and_it_is_a_bluesky_device(camera, wheel):
    assert isinstance(camera.backend, CarriesFilterWheel)
    assert isinstance(camera.backend.filter_wheel, Wheel)
    assert isinstance(wheel, Movable)
    assert isinstance(wheel, Readable)


def test_it_turns_to_a_filter_by_name_and_says_where_it_is(wheel):
    assert wheel.get() == "open"
    wheel.set("dark").wait(5)
    assert wheel.get() == "dark"
    assert {key: value["value"] for key, value in wheel.read().items()} == {
        "filter": "dark",
        "filter_slot": 3,
    }
    assert set(wheel.describe()) == set(wheel.read())


def test_turning_takes_its_time_on_the_cameras_clock():
    clock = SteppedClock(auto=True)
    with make_camera(clock=clock) as camera:
        began = clock.monotonic()
        FilterWheel(camera, FILTERS, name="filter").set("half").wait(5)
        # Openings and polls take time too; the turn by one slot takes a second.
        assert clock.monotonic() - began >= 1.0


def test_the_light_behind_it_is_what_the_filter_lets_through(tmp_path):
    with Bench.simulated(
        width=64, height=48, filters=(1.0, 0.25), irradiance=10_000.0, output=tmp_path
    ) as bench:
        wheel = FilterWheel(bench.camera, {"clear": 1, "quarter": 2}, name="filter")
        bench.camera.exposure.set(0.5)
        run = bench.run(bp.list_scan([bench.camera], wheel, ["clear", "quarter"]))
    assert np.allclose(run.photons, [5000.0, 1250.0], rtol=1e-4), "exposures are whole lines of 40 µs"
    signal = run["mean"] - run["black_level"]
    # Shot noise of some 4000 electrons over 3072 pixels, and dark signal of a few electrons, are below 0.1 %.
    assert float(signal[1] / signal[0]) == pytest.approx(0.25, abs=0.002)


def test_a_run_records_the_filter_of_each_frame(tmp_path, camera, wheel):
    names = []
    engine = RunEngine({})
    with QHY600(
        SimulatedCamera(width=64, height=48, filters=(1.0, 0.5)), sink=tmp_path, name="camera"
    ) as camera:
        wheel = FilterWheel(camera, ["a", "b"], name="filter")
        engine.subscribe(camera.on_document)
        engine.subscribe(lambda name, doc: names.append(doc["data"]["filter"]) if name == "event" else None)
        engine(bp.list_scan([camera], wheel, ["b", "a", "b"]))
    assert names == ["b", "a", "b"]
    (run,) = tmp_path.glob("*/")
    assert open_run(run).sizes["frame"] == 3


@pytest.mark.parametrize("asked", ["red", 2, None, ""])
def test_a_filter_that_is_not_there_is_refused_and_the_wheel_stays(wheel, asked):
    with pytest.raises(SettingRefused, match=r"open.*half.*dark"):
        wheel.set(asked)
    assert wheel.get() == "open"


def test_a_slot_beyond_the_wheel_fails_the_status(camera):
    wheel = FilterWheel(camera, {"x": 9}, name="filter")
    with pytest.raises(SettingRefused, match="1 to 3"):
        wheel.set("x").wait(5)


def test_without_a_wheel_the_status_says_that_none_answers():
    with make_camera(filters=()) as camera, pytest.raises(SettingRefused, match="no filter wheel answers"):
        FilterWheel(camera, FILTERS, name="filter").set("open").wait(5)


def test_a_wheel_that_does_not_arrive_in_time_says_what_to_do(wheel):
    with pytest.raises(FilterNotReached, match="turns freely"):
        wheel.set("half", timeout=0.5).wait(5)


@pytest.mark.parametrize("filters", [["a", "a"], {"a": 1, "b": 1}, {"a": 0}], ids=["names", "slots", "zero"])
def test_names_and_slots_have_to_differ(camera, filters):
    with pytest.raises(SettingRefused):
        FilterWheel(camera, filters, name="filter")


@pytest.mark.parametrize("filters", [(1.5,), (-0.1,), (0.5,) * 17], ids=["above", "below", "many"])
def test_impossible_filters_of_a_simulated_camera_are_refused(filters):
    with pytest.raises(SettingRefused, match="filters"):
        SimulatedCamera(filters=filters)


def test_a_profile_names_the_filters(tmp_path):
    profile = tmp_path / "wheel.toml"
    profile.write_text(
        '[camera]\nbackend = "simulated"\nwidth = 64\nheight = 48\nfilters = [1.0, 0.1]\n'
        '[filter_wheel]\nfilters = ["L", "H-alpha"]\n'
    )
    with Bench.from_profile(profile, output=tmp_path) as bench:
        assert bench.filter_wheel.filters == {"L": 1, "H-alpha": 2}
        bench.RE(bps.mv(bench.filter_wheel, "H-alpha"))
        assert bench.filter_wheel.get() == "H-alpha"
    assert Bench.simulated(output=tmp_path).filter_wheel is None
