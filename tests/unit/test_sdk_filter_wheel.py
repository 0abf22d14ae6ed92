"""The filter wheel on the camera's port, through the library."""

from __future__ import annotations

import pytest
from sdk_rig import closed, opened, taken
from standin_library import why_not

from qhy600_ophyd import QHY600, FilterWheel
from qhy600_ophyd.contract import CarriesFilterWheel, FilterNotReached, SettingRefused, SystemClock
from qhy600_ophyd.contract import FilterWheel as Wheel

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")


def test_slots_are_counted_from_one_and_all_can_be_reached(tmp_path):
    camera, _ = opened(tmp_path, wheel_slots=16)
    wheel = camera.filter_wheel
    assert isinstance(camera, CarriesFilterWheel)
    assert isinstance(wheel, Wheel)
    assert wheel.slots == 16
    for slot in (1, 10, 11, 16):
        wheel.turn_to(slot)
        assert wheel.position() == slot


def test_while_it_turns_its_position_is_not_known(tmp_path):
    camera, _ = opened(tmp_path, wheel_slots=7, wheel_move_ms=200)
    camera.filter_wheel.turn_to(3)
    assert camera.filter_wheel.position() is None
    SystemClock().wait(0.6)
    assert camera.filter_wheel.position() == 3


@pytest.mark.parametrize("slot", [0, 8, -1, True, "2"])
def test_a_slot_that_it_has_not_is_refused_and_no_order_goes_out(tmp_path, slot):
    camera, standin = opened(tmp_path, wheel_slots=7)
    with pytest.raises(SettingRefused, match="1 to 7"):
        camera.filter_wheel.turn_to(slot)
    assert standin["calls.SendOrder2QHYCCDCFW"] == 0


@pytest.mark.parametrize("slots", [0, 29, 4294967295], ids=["none", "nonsense", "no-value"])
def test_where_no_wheel_answers_it_has_no_slots(tmp_path, slots):
    camera, _ = opened(tmp_path, wheel_slots=slots)
    assert camera.filter_wheel.slots == 0
    with pytest.raises(SettingRefused, match="no filter wheel answers"):
        camera.filter_wheel.turn_to(1)


def test_a_closed_camera_has_no_wheel(tmp_path):
    camera, _ = closed(tmp_path, wheel_slots=7)
    assert camera.filter_wheel.slots == 0


def test_it_waits_for_a_wheel_that_is_finding_itself(tmp_path):
    backend, standin = closed(tmp_path, clock=SystemClock())
    with QHY600(backend, name="camera") as camera:
        standin.set(wheel_slots=7, wheel_homing_ms=1500)
        wheel = FilterWheel(camera, ["L", "R", "G", "B"], name="filter")
        wheel.set("G").wait(10)
        assert wheel.get() == "G"


def test_a_wheel_that_is_stuck_fails_the_status_with_advice(tmp_path):
    backend, standin = closed(tmp_path)
    with QHY600(backend, name="camera") as camera:
        standin.set(wheel_slots=7, wheel_stuck=1)
        with pytest.raises(FilterNotReached, match="turns freely"):
            FilterWheel(camera, ["L", "R"], name="filter").set("R", timeout=1.0).wait(10)
        assert taken(backend)[1].any(), "the camera goes on"
