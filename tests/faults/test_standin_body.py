"""The stand-in's cooler, supply, filter wheel and triggers."""

from __future__ import annotations

import pytest
from standin_camera import COOLER, EXPOSURE, StandinCamera
from standin_library import ERROR, VENDOR_SAYS_NO, why_not

from qhy600_ophyd.contract import SystemClock

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")

TEMPERATURE, POWER, BY_HAND, PORT, SLOTS, SUPPLY = 14, 15, 16, 17, 44, 67


def pause(seconds: float) -> None:
    SystemClock().wait(seconds)


@pytest.fixture
def quick(tmp_path):
    """A camera whose cooler lives through half an hour in a second."""
    return StandinCamera(tmp_path, thermal_speed=1800)


def test_a_cooler_that_was_never_told_is_off(quick):
    assert (quick.read(COOLER), quick.read(POWER), quick.read(BY_HAND)) == (-100, 0, VENDOR_SAYS_NO)
    assert quick.read(TEMPERATURE) == pytest.approx(20, abs=6)


@pytest.mark.parametrize("target", [10.0, 0.0, -10.0])
def test_it_reaches_and_holds_a_set_point_within_its_power(quick, target):
    quick.call("ControlQHYCCDTemp", target)
    pause(1.0)
    assert quick.read(TEMPERATURE) == pytest.approx(target, abs=0.15)
    assert 0 < quick.read(POWER) < 255


def test_a_set_point_beyond_its_power_is_approached_with_all_of_it(quick):
    quick.write(COOLER, -40.0)
    pause(1.0)
    assert quick.read(POWER) == 255
    assert quick.read(TEMPERATURE) == pytest.approx(20 - 35, abs=1)


def test_power_by_hand_ends_the_regulation(quick):
    quick.write(COOLER, 0.0)
    quick.write(BY_HAND, 0.0)
    pause(0.3)
    assert (quick.read(POWER), quick.read(COOLER)) == (0, 0.0)
    assert quick.read(TEMPERATURE) > 15


def test_old_firmware_regulates_only_while_it_is_told(tmp_path):
    camera = StandinCamera(tmp_path, thermal_speed=30, needs_resend=1)
    camera.write(COOLER, 0.0)
    pause(1.0)
    assert camera.read(POWER) > 0
    pause(1.5)
    assert camera.read(POWER) == 0


@pytest.mark.parametrize("code", [2, 3, 9])
def test_a_supply_that_failed_turns_the_cooler_off_and_limits_it_until_that_is_reset(quick, code):
    quick.write(COOLER, -40.0)
    quick.standin["uvlo"] = code
    assert (quick.read(SUPPLY), quick.read(POWER)) == (code, 0)
    quick.write(COOLER, -40.0)
    pause(0.1)
    assert quick.read(POWER) == pytest.approx(0.7 * 255, abs=1)
    quick.call("QHYCCDResetFlashULVOError")
    pause(0.1)
    assert (quick.read(SUPPLY), quick.read(POWER)) == (1, 255)


@pytest.mark.parametrize(
    ("function", "switch", "value"),
    [("GetQHYCCDHumidity", "humidity", 12.5), ("GetQHYCCDPressure", "pressure", 8.0)],
)
def test_the_air_can_be_read_unless_there_is_no_sensor_for_it(tmp_path, function, switch, value):
    camera = StandinCamera(tmp_path, **{switch: value})
    assert camera.call(function) == [0, value]
    camera.standin["no_humidity"] = 1
    assert camera.call("IsQHYCCDControlAvailable", 62) == 0
    assert camera.call(function)[0] == ERROR


@pytest.mark.parametrize("by_port", [False, True], ids=["order", "port"])
def test_a_wheel_turns_for_a_while_and_tells_that_it_does(tmp_path, by_port):
    camera = StandinCamera(tmp_path, wheel_slots=7, wheel_move_ms=80)
    assert camera.call("IsQHYCCDCFWPlugged") == 0
    assert (camera.read(SLOTS), camera.call("GetQHYCCDCFWStatus")) == (7, [0, "0"])
    camera.write(PORT, ord("3")) if by_port else camera.call("SendOrder2QHYCCDCFW", "3", 1)
    assert (camera.call("GetQHYCCDCFWStatus"), camera.read(PORT)) == ([0, "N"], ord("N"))
    pause(0.1)
    assert (camera.call("GetQHYCCDCFWStatus"), camera.read(PORT)) == ([0, "3"], ord("3"))


def test_a_wheel_is_not_there_before_it_has_found_itself(tmp_path):
    camera = StandinCamera(tmp_path, wheel_slots=7, wheel_homing_ms=80)
    assert camera.call("IsQHYCCDCFWPlugged") == ERROR
    pause(0.1)
    assert camera.call("IsQHYCCDCFWPlugged") == 0


@pytest.mark.parametrize("order", ["7", "F", "x"])
def test_an_order_that_a_wheel_cannot_follow_is_a_success_and_moves_nothing(tmp_path, order):
    camera = StandinCamera(tmp_path, wheel_slots=7)
    assert camera.call("SendOrder2QHYCCDCFW", order, 1) == 0
    assert camera.call("GetQHYCCDCFWStatus") == [0, "0"]


def test_a_stuck_wheel_never_arrives(tmp_path):
    camera = StandinCamera(tmp_path, wheel_slots=16, wheel_stuck=1)
    camera.call("SendOrder2QHYCCDCFW", "F", 1)
    assert camera.call("GetQHYCCDCFWStatus") == [0, "N"]


def test_with_the_trigger_on_an_exposure_waits_for_one(tmp_path):
    camera = StandinCamera(tmp_path)
    camera.call("SetQHYCCDTrigerFunction", True)
    camera.call("SetQHYCCDSingleFrameTimeOut", 40)
    assert not camera.take().any()
    camera.call("SetQHYCCDSingleFrameTimeOut", 0)
    camera.call("ExpQHYCCDSingleFrame")
    camera.start("fetch", "GetQHYCCDSingleFrame", 10**5)
    pause(0.05)
    assert camera.standin["frame_number"] == 0
    camera.call("SendSoftTriger2QHYCCDCam")
    assert camera.finish("fetch")[0] == 0
    assert camera.standin["frame_number"] == 2


def test_a_stream_gives_one_frame_for_each_trigger_after_the_first(tmp_path):
    camera = StandinCamera(tmp_path, live=True)
    camera.call("SetQHYCCDTrigerFunction", True)
    camera.call("BeginQHYCCDLive")
    for _ in range(3):
        camera.call("SendSoftTriger2QHYCCDCam")
    for _ in range(2):
        camera.next_live()
    with pytest.raises(AssertionError, match="no frame"):
        camera.next_live()


TIMES = {"short": (1e3, 1014, 0), "long": (2e6, 2_000_000, 1), "nothing": (0.0, 41, 0)}


@pytest.mark.parametrize(("asked", "actual", "is_long"), TIMES.values(), ids=TIMES)
def test_short_exposures_are_told_in_whole_lines_and_long_ones_as_asked(tmp_path, asked, actual, is_long):
    camera = StandinCamera(tmp_path)
    camera.write(12, 0.0)
    camera.write(EXPOSURE, asked)
    code, _, line_ns, frame_us, _, lines, exposure_us, long = camera.call("GetQHYCCDPreciseExposureInfo")
    assert (code, line_ns, exposure_us, long) == (0, 40550, actual, is_long)
    assert frame_us == pytest.approx(lines * line_ns / 1e3, abs=1)
    camera.write(12, 60.0)
    assert camera.call("GetQHYCCDPreciseExposureInfo")[2] == 123500
