"""QHYCCD's own library with no camera, and the stand-in beside it: they answer alike, and our table fits.

The vendor's library runs in a process of its own, where the wheel ``qhyccd`` is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import standin_library
import vendor_wheel
from both_libraries import BOTH, started_closed
from library_face import PACKAGE, Died
from standin_library import ERROR, VENDOR_SAYS_NO

from qhy600_ophyd.backends.sdk.prototypes import PROTOTYPES, Result

BOTH_OF_THEM = pytest.mark.parametrize("which", BOTH)
GARBAGE = 0xDEADBEE0
NO_ERROR = {"CloseQHYCCD": 0, "StopQHYCCDLive": 0, "GetQHYCCDReadingProgress": 0.0}
"""What a handle that is none does not make fail."""

DEADLY = ("SetQHYCCDGPSVCOXFreq", "SetQHYCCDGPSLedCalMode", "SetQHYCCDGPSPOSA", "SetQHYCCDGPSPOSB")
"""What a handle that is none makes die."""

WITH_HANDLE = [name for name, prototype in PROTOTYPES.items() if prototype.takes_handle]
SCALARS = {"c_bool": False, "c_double": 0.0}


def camera_is_plugged_in() -> bool:
    """Whether a camera of this maker is on this computer's USB, which these tests must not touch."""
    vendors = Path("/sys/bus/usb/devices").glob("*/idVendor")
    return any(vendor.read_text().strip() == "1618" for vendor in vendors)


pytestmark = pytest.mark.skipif(
    camera_is_plugged_in(), reason="a camera is plugged in, which these tests would open"
)


@pytest.fixture(scope="module", params=BOTH)
def library(request):
    with started_closed(request.param, with_camera=False) as face:
        face("InitQHYCCDResource")
        yield face


def called_with_nothing(library, name):
    """Answer of a function of the table when every number is 0; its return code alone."""
    numbers = [
        SCALARS.get(kind.__name__, 0)
        for kind in PROTOTYPES[name].arguments[1:]
        if kind.__name__ not in ("c_char_p", "c_void_p") and not kind.__name__.startswith("LP_")
    ]
    room = [0] if any(kind.__name__ == "c_void_p" for kind in PROTOTYPES[name].arguments[1:]) else []
    texts = ["0"] if name == "SendOrder2QHYCCDCFW" else []
    answer = library(name, *texts, *numbers, *room)
    return answer[0] if isinstance(answer, list) else answer


def test_every_function_of_the_table_is_there(library):
    assert library("missing") == []


def test_an_old_library_lacks_only_what_the_table_says_came_later():
    if reason := standin_library.why_not():
        pytest.skip(reason)
    old = standin_library.Standin(standin_library.build(variant="old"))
    lacking = {name for name in PROTOTYPES if not old.has(name)}
    assert lacking == {name for name, prototype in PROTOTYPES.items() if prototype.since}


def test_it_is_the_version_that_all_was_tried_on(library):
    assert library("GetQHYCCDSDKVersion") == [0, *vendor_wheel.VERSION]


@BOTH_OF_THEM
def test_no_camera_is_counted_before_the_library_is_started(which):
    with started_closed(which, with_camera=False) as library:
        assert library("ScanQHYCCD") == 0
        assert library("InitQHYCCDResource") == 0
        assert library("InitQHYCCDResource") == 0
        assert library("ScanQHYCCD") == 0
        assert library("ReleaseQHYCCDResource") == 0


def test_a_camera_that_is_not_there_has_no_id_and_no_handle(library):
    assert library("GetQHYCCDId", 0) == [ERROR, "untouched"]
    assert library("OpenQHYCCD", "QHY600M-nope") is None
    assert library("GetCameraIsSuperSpeedFromID", "QHY600M-nope") & 0xFF == 0
    assert library("GetQHYCCDReadModeNumberFromID", "QHY600M-nope")[0] == ERROR
    assert library("GetQHYCCDReadModeNameFromID", "QHY600M-nope", 0)[0] == ERROR


@pytest.mark.parametrize(
    ("name", "answer"), [("QHY268M-abc", [0, "QHY268M"]), ("nope", [ERROR, "untouched"])]
)
def test_a_model_is_what_stands_before_the_dash_of_any_text(library, name, answer):
    assert library("GetQHYCCDModel", name) == answer


@pytest.mark.parametrize("handle", [None, GARBAGE], ids=["null", "garbage"])
@pytest.mark.parametrize("name", [name for name in WITH_HANDLE if name not in DEADLY])
def test_a_handle_that_is_none_is_an_error_and_no_crash(library, name, handle):
    failures = {Result.VALUE: VENDOR_SAYS_NO, Result.NOTHING: None}
    library.hold(handle)
    expected = NO_ERROR.get(name, failures.get(PROTOTYPES[name].result, ERROR))
    assert called_with_nothing(library, name) == expected


@BOTH_OF_THEM
@pytest.mark.parametrize("name", DEADLY)
def test_a_handle_that_is_none_kills_the_process_in_functions_of_the_gps_box(which, name):
    with started_closed(which, with_camera=False) as library, pytest.raises(Died) as death:
        called_with_nothing(library, name)
    assert death.value.code == -11


def chatter(which: str, *calls: str) -> tuple[str, str]:
    """What the library prints while it is silenced in these ways, started and asked for cameras."""
    reason = vendor_wheel.why_not() if which == "vendor" else standin_library.why_not()
    if reason:
        pytest.skip(reason)
    library = vendor_wheel.library() if which == "vendor" else standin_library.build()
    before = vendor_wheel.needed() if which == "vendor" else []
    program = "\n".join(
        (
            "import ctypes",
            *(f"ctypes.CDLL({str(path)!r}, ctypes.RTLD_GLOBAL)" for path in before),
            f"library = ctypes.CDLL({str(library)!r})",
            *(f"library.{call}" for call in (*calls, "InitQHYCCDResource()", "ScanQHYCCD()")),
        )
    )
    environment = {**os.environ, standin_library.VARIABLE: "cameras=0"}
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    return ran.stdout, ran.stderr


@BOTH_OF_THEM
def test_a_library_that_nobody_silences_chatters(which):
    assert "qhyccd.ini" in "".join(chatter(which))


@BOTH_OF_THEM
def test_silencing_it_writes_one_line_itself(which):
    said = chatter(which, "EnableQHYCCDMessage(False)", "SetQHYCCDLogLevel(0)")
    assert said == ("", "QHYCCD||EnableQHYCCDMessage| set gl_msgEnable from:  1  to: 0\n")


def test_our_camera_on_the_vendors_library_says_that_there_is_none():
    if reason := vendor_wheel.why_not():
        pytest.skip(reason)
    program = (
        "from qhy600_ophyd.backends.sdk import SdkCamera\n"
        f"SdkCamera(library={str(vendor_wheel.library())!r}).open()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
    )
    assert ran.returncode == 1
    assert "HeadError: no camera found" in ran.stderr
