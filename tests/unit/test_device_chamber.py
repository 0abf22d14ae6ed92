import math

import pytest
from ophyd.utils import ReadOnlyError

from qhy600_ophyd.backends.replay import ReplayCamera
from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import Fault, SettingRefused, Settings
from qhy600_ophyd.device import QHY600, SupplyFailed


@pytest.fixture
def camera(tmp_path):
    faults = [Fault(name="undervoltage", at=("frame", 1))]
    with QHY600(SimulatedCamera(width=80, height=16, faults=faults), sink=tmp_path, name="camera") as camera:
        yield camera


def test_humidity_and_pressure_are_part_of_the_configuration(camera):
    read, described = camera.read_configuration(), camera.describe_configuration()
    assert 0 < read["camera_humidity"]["value"] < 20
    assert 900 < read["camera_pressure"]["value"] < 1100
    assert described["camera_humidity"]["units"] == "percent"
    assert described["camera_pressure"]["units"] == "mbar"
    with pytest.raises(ReadOnlyError, match="measured"):
        camera.humidity.set(3)


def test_a_camera_without_such_sensors_says_so(tmp_path):
    class Bare(SimulatedCamera):
        def _reading(self, control):
            return None

    with QHY600(Bare(width=80, height=16), sink=tmp_path, name="camera") as camera:
        assert math.isnan(camera.humidity.get())


def test_a_failed_supply_is_remembered_until_it_is_reset(camera):
    camera.stage()
    with pytest.warns(SupplyFailed):
        camera.trigger().wait(10)
    camera.trigger().wait(10)
    assert camera.undervoltage.get() == 9
    camera.unstage()
    camera.reset_undervoltage()
    assert camera.backend.status().undervoltage != 9


def test_a_camera_that_keeps_no_note_of_its_supply_refuses_to_forget(tmp_path):
    with pytest.raises(SettingRefused, match="keeps no such note"):
        QHY600(ReplayCamera(tmp_path), name="camera").reset_undervoltage()


def test_sums_take_32_bit_unless_a_smaller_depth_is_asked_for_which_is_warned_of(camera):
    camera.binning.set(2)
    assert camera.apply().bit_depth == 32
    camera.binning.set(1)
    assert camera.apply().bit_depth == 16
    camera.bit_depth.set(16)
    with pytest.warns(UserWarning, match="clip at 65535"):
        camera.binning.set(2)
    assert camera.apply() == camera.actual
    assert (camera.actual.binning, camera.actual.bit_depth) == (2, 16)
    assert camera.backend.configure(Settings(binning=1)).bit_depth == 16
