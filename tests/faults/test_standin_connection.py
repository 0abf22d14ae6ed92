"""What is connected to the stand-in, who finds it, and what a camera that is gone answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from library_face import Face
from standin_camera import GAIN, StandinCamera
from standin_library import ERROR, VENDOR_SAYS_NO, Standin, fresh, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")

TEMPERATURE = 14


@pytest.fixture
def camera(tmp_path):
    return StandinCamera(tmp_path)


def started(folder: Path, **switches: float) -> Face:
    """A library that has looked for its cameras, with nothing open."""
    library = fresh(folder)
    Standin(library).set(**switches)
    face = Face(str(library))
    face.call("EnableQHYCCDMessage", False)
    face.call("InitQHYCCDResource")
    return face


@pytest.mark.parametrize(
    ("switches", "count"),
    [({"cameras": 0}, 0), ({"cameras": 1}, 1), ({"cameras": 2}, 2), ({"bootloader": 1}, 0)],
    ids=["none", "one", "two", "no-firmware"],
)
def test_as_many_cameras_are_found_as_are_connected_with_firmware(tmp_path, switches, count):
    library = started(tmp_path, **switches)
    assert library.call("ScanQHYCCD") == count
    names = [library.call("GetQHYCCDId", n) for n in range(3)]
    assert [code for code, _ in names] == [0] * count + [ERROR] * (3 - count)
    assert len({len(name) for code, name in names if code == 0}) == count


def test_two_cameras_have_their_own_numbers(tmp_path):
    camera = StandinCamera(tmp_path, cameras=2)
    camera.write(GAIN, 56.0)
    first = camera.face.handle
    camera.face.handle = camera.call("OpenQHYCCD", camera.call("GetQHYCCDId", 1)[1])
    assert camera.face.handle != first
    assert camera.read(GAIN) == 30.0


def test_a_camera_that_somebody_else_holds_gives_no_handle(tmp_path):
    library = started(tmp_path, open_null=1)
    assert library.call("ScanQHYCCD") == 1
    assert library.call("OpenQHYCCD", library.call("GetQHYCCDId", 0)[1]) is None


@pytest.mark.parametrize("slow", [0, 1])
def test_the_speed_of_the_link_is_told_before_opening(tmp_path, slow):
    library = started(tmp_path, usb2=slow)
    told = library.call("GetCameraIsSuperSpeedFromID", library.call("GetQHYCCDId", 0)[1])
    # One byte, says the header; what stands above it is nothing.
    assert told & 0xFF == 1 - slow


@pytest.mark.parametrize("pattern", [1, 4])
def test_a_camera_with_filters_says_which(tmp_path, pattern):
    camera = StandinCamera(tmp_path, colour=pattern)
    assert camera.call("IsQHYCCDControlAvailable", 20) == pattern
    assert (camera.call("GetQHYCCDType"), camera.call("GetQHYCCDId", 0)[1][:8]) == (4062, "QHY600C-")


def test_old_libraries_list_four_modes(tmp_path):
    camera = StandinCamera(tmp_path, old_modes=1)
    assert camera.call("GetQHYCCDNumberOfReadModes") == [0, 4]
    assert camera.call("GetQHYCCDReadModeName", 4)[1] == "NON-EXIST"


def test_a_lost_camera_shows_in_every_answer_until_it_is_opened_again(camera):
    camera.standin["lost"] = 1
    assert (camera.read(TEMPERATURE), camera.read(GAIN)) == (VENDOR_SAYS_NO, VENDOR_SAYS_NO)
    assert (camera.write(GAIN, 1.0), camera.call("ExpQHYCCDSingleFrame")) == (ERROR, ERROR)
    assert camera.call("ScanQHYCCD") == 0
    camera.standin["lost"] = 0
    assert camera.read(GAIN) == VENDOR_SAYS_NO
    camera.call("CloseQHYCCD")
    camera.open()
    assert camera.read(GAIN) == 30.0


def test_an_unplugged_camera_answers_on_and_gives_zeros(camera):
    camera.take()
    temperature = camera.read(TEMPERATURE)
    camera.standin["unplugged"] = 1
    assert (camera.write(GAIN, 56.0), camera.read(GAIN), camera.read(TEMPERATURE)) == (0, 56.0, temperature)
    assert not camera.take().any()
    assert camera.standin["true_gain"] == 30
    camera.call("CloseQHYCCD")
    assert camera.open() is None


def test_an_unplugged_stream_gives_zeros(tmp_path):
    camera = StandinCamera(tmp_path, live=True)
    camera.call("BeginQHYCCDLive")
    camera.standin["unplugged"] = 1
    assert not camera.next_live(1).any()
