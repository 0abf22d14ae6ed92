"""Finding the real camera, knowing it, and speaking to it one call at a time."""

from __future__ import annotations

import threading

import pytest
from sdk_rig import GEOMETRY, SINGLE, closed, opened, taken
from standin_library import Standin, fresh, why_not

from qhy600_ophyd.backends.sdk import SdkCamera, SdkWarning
from qhy600_ophyd.contract import (
    CameraError,
)
from qhy600_ophyd.driver import Control

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")

MODES = ("High Gain Mode 16BIT", "2CMS-0", "Bin3*3Mode (hardware)", "PhotoGraphic DSO 16BIT")


def test_without_a_camera_the_error_says_what_to_connect_first(tmp_path):
    camera, _ = closed(tmp_path, cameras=0)
    with pytest.raises(CameraError, match=r"12 V first.*qhy600 doctor"):
        camera.open()
    assert camera.status().state == "closed"


def test_a_camera_that_somebody_else_holds_says_so(tmp_path):
    camera, _ = closed(tmp_path, open_null=1)
    with pytest.raises(CameraError, match="another program may hold it"):
        camera.open()


def test_of_two_cameras_one_has_to_be_named(tmp_path):
    library = fresh(tmp_path)
    Standin(library).set(width=88, height=82, cameras=2)
    with pytest.raises(CameraError, match="2 cameras found") as refused:
        SdkCamera(library=library, geometry=GEOMETRY).open()
    names = [word.strip(",:") for word in str(refused.value).split() if word.startswith("QHY600M-")]
    assert len(names) == 2
    for name in names:
        for asked in (name, name.partition("-")[2]):
            camera = SdkCamera(library=library, geometry=GEOMETRY, camera=asked)
            camera.open()
            assert camera.capabilities.identity.serial == name.partition("-")[2]
            camera.close()
    with pytest.raises(CameraError, match="'QHY600M-nope' refused"):
        SdkCamera(library=library, geometry=GEOMETRY, camera="QHY600M-nope").open()


def test_two_of_our_cameras_cannot_hold_the_same_one(tmp_path):
    camera, standin = opened(tmp_path)
    with pytest.raises(CameraError, match="open already in this program"):
        SdkCamera(library=standin.path, geometry=GEOMETRY).open()
    taken(camera)


def test_another_kind_of_camera_is_refused(tmp_path):
    camera, _ = closed(tmp_path, width=120)
    with pytest.raises(CameraError, match="another camera, which this package cannot drive"):
        camera.open()
    assert camera.status().state == "closed"


def test_an_area_that_the_library_states_otherwise_is_warned_of(tmp_path, monkeypatch):
    camera, _ = closed(tmp_path)
    swapped = type(GEOMETRY)(columns=((GEOMETRY.columns[2]), *GEOMETRY.columns[:2]), rows=GEOMETRY.rows)
    camera._sdk_head._geometry = swapped
    with pytest.warns(SdkWarning, match=r"states the image area as \(24, 0, 64, 48\)"):
        camera.open()


def test_it_says_who_it_is(tmp_path):
    camera, _ = opened(tmp_path)
    identity = camera.capabilities.identity
    assert (identity.model, identity.sensor, identity.sdk, identity.usb) == (
        "QHY600M",
        "IMX455",
        "26.6.4.16",
        "USB 3",
    )
    assert identity.serial
    assert identity.firmware.startswith("20")
    assert identity.fpga.count("-") >= 3


@pytest.mark.parametrize(("code", "filters"), [(0, ""), (1, "GBRG"), (2, "GRBG"), (3, "BGGR"), (4, "RGGB")])
def test_the_colour_filters_are_the_librarys(tmp_path, code, filters):
    camera, _ = opened(tmp_path, colour=code)
    assert camera.capabilities.colour_filters == filters


def test_an_older_library_without_the_newer_functions_still_takes_frames(tmp_path):
    library = fresh(tmp_path, variant="old")
    standin = Standin(library).set(width=88, height=82, sdk_year=21, sdk_month=3)
    camera = SdkCamera(library=library, geometry=GEOMETRY)
    with pytest.warns(SdkWarning, match=r"21\.3"):
        camera.open()
    camera.configure(SINGLE)
    info, counts = taken(camera)
    assert counts.any()
    assert info.settings.exposure == 0.01
    assert info.line_time == pytest.approx(40.55e-6, rel=0.01), (
        "from the tables, where the library does not say"
    )
    assert camera.status().humidity is None
    assert standin["frame_gain"] == 56.0


def test_calls_from_many_threads_reach_the_library_one_at_a_time(tmp_path):
    camera, standin = opened(tmp_path, **{"delay_ms.GetQHYCCDParam": 1, "delay_ms.SetQHYCCDParam": 1})
    ended = threading.Event()
    errors: list[BaseException] = []

    def ask():
        try:
            while not ended.is_set():
                camera.status()
                _ = camera.filter_wheel.slots
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    camera.cooler.regulate(-5.0)
    for thread in threads:
        thread.start()
    for _ in range(5):
        taken(camera)
    ended.set()
    for thread in threads:
        thread.join()
    camera.close()
    assert errors == []
    assert standin["overlaps"] == 0


def test_the_air_inside_is_known_where_the_camera_has_the_sensor(tmp_path):
    camera, standin = opened(tmp_path)
    status = camera.status()
    assert (status.humidity, status.pressure) == (standin["humidity"], standin["pressure"])
    other, _ = opened(tmp_path, no_humidity=1)
    assert other.status().humidity is other.status().pressure is None
    assert other._sdk_head.limits(Control.HUMIDITY) is None


def test_an_undervoltage_is_read_with_each_frame_and_can_be_reset(tmp_path):
    camera, standin = opened(tmp_path)
    standin["uvlo"] = 9
    assert taken(camera)[0].undervoltage == 9
    camera.reset_undervoltage()
    assert taken(camera)[0].undervoltage in (1, 8)


def test_a_function_that_has_no_word_here_can_be_called_by_its_name(tmp_path):
    camera, standin = opened(tmp_path)
    camera.call("SetQHYCCDTrigerFunction", False)
    assert standin["calls.SetQHYCCDTrigerFunction"] == 1
    with pytest.raises(AttributeError, match="table of prototypes"):
        camera.call("SetQHYCCDNothing")
