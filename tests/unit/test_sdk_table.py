"""The table of prototypes, and the one check that every return code passes."""

from __future__ import annotations

import ctypes
import pickle
from ctypes import byref, c_double, c_uint32

import pytest
from standin_library import Standin, fresh, why_not

from qhy600_ophyd.backends.sdk import DeviceGone, ImageShifted, LibraryTooOld, NoSuchMode, SdkError
from qhy600_ophyd.backends.sdk.constants import ControlId
from qhy600_ophyd.backends.sdk.functions import Functions
from qhy600_ophyd.backends.sdk.prototypes import PROTOTYPES, Result
from qhy600_ophyd.driver import HeadError

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "the stand-in is there")


@pytest.fixture
def standin(tmp_path):
    return Standin(fresh(tmp_path))


@pytest.fixture
def functions(standin):
    return Functions(ctypes.CDLL(str(standin.path)))


@pytest.fixture
def handle(functions, standin):
    standin.set(width=88, height=82)
    functions.InitQHYCCDResource()
    functions.ScanQHYCCD()
    name = ctypes.create_string_buffer(64)
    functions.GetQHYCCDId(0, name)
    handle = functions.OpenQHYCCD(name.value)
    functions.SetQHYCCDReadMode(handle, 0)
    functions.SetQHYCCDStreamMode(handle, 0)
    functions.InitQHYCCD(handle)
    return handle


def test_every_function_of_the_table_is_there_with_all_its_types(functions):
    assert functions.missing() == ()
    for name, prototype in PROTOTYPES.items():
        function = getattr(functions, name)
        assert function.argtypes == prototype.arguments, name
        assert function.restype is prototype.restype, name
        assert (function.errcheck is not None) == (prototype.result is Result.CODE), name


def test_a_whole_number_arrives_as_the_double_that_the_library_takes(functions, handle):
    functions.SetQHYCCDParam(handle, ControlId.GAIN, 30)
    assert functions.GetQHYCCDParam(handle, ControlId.GAIN) == 30.0


def test_what_python_cannot_turn_into_the_type_is_refused_before_the_call(functions, handle, standin):
    before = standin["calls.SetQHYCCDParam"]
    with pytest.raises(ctypes.ArgumentError):
        functions.SetQHYCCDParam(handle, ControlId.GAIN, "thirty")
    with pytest.raises(TypeError):
        functions.SetQHYCCDParam(handle, ControlId.GAIN)
    assert standin["calls.SetQHYCCDParam"] == before


def test_a_name_that_is_not_in_the_table_is_not_called(functions):
    with pytest.raises(AttributeError, match="table of prototypes"):
        functions.QHYCCDSolve  # noqa: B018


def test_a_function_that_this_library_lacks_says_since_when_there_is_one(tmp_path):
    functions = Functions(ctypes.CDLL(str(fresh(tmp_path, variant="old"))))
    assert "GetQHYCCDPreciseExposureInfo" in functions.missing()
    with pytest.raises(LibraryTooOld, match="no GetQHYCCDPreciseExposureInfo; libraries have it since 2021"):
        functions.GetQHYCCDPreciseExposureInfo  # noqa: B018


def test_an_error_names_the_function_its_arguments_and_what_the_library_said(functions, handle):
    with pytest.raises(SdkError) as failed:
        functions.SetQHYCCDParam(handle, 999, 1.5)
    error = failed.value
    assert (error.function, error.arguments, error.code) == ("SetQHYCCDParam", (999, 1.5), 0xFFFFFFFF)
    assert str(error).startswith("SetQHYCCDParam(999, 1.5) returned 0xffffffff")
    assert "\n" not in str(error)
    assert error.said == (functions.GetQHYCCDLastError() or b"").decode()
    assert isinstance(error, HeadError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(0xFFFFFFFF, SdkError), (0xFFFFFFFE, ImageShifted), (0xFFFFFFFD, DeviceGone), (0xFFFF, NoSuchMode)],
)
def test_each_code_of_an_error_has_its_type(functions, code, kind):
    check = functions._check(PROTOTYPES["SetQHYCCDReadMode"])
    with pytest.raises(SdkError) as failed:
        check(code, None, (1,))
    assert type(failed.value) is kind


def test_a_monochrome_camera_that_has_no_colours_to_switch_off_is_no_error(functions, handle, standin):
    assert functions.SetQHYCCDDebayerOnOff(handle, False) == 0xFFFF
    standin["debayer_refused"] = 0
    assert functions.SetQHYCCDDebayerOnOff(handle, False) == 0


def test_a_fast_link_is_told_by_one_byte(functions, handle, standin):
    name = ctypes.create_string_buffer(64)
    functions.GetQHYCCDId(0, name)
    for slow in (0, 1):
        standin["usb2"] = slow
        functions.ScanQHYCCD()
        assert functions.GetCameraIsSuperSpeedFromID(name.value) == 1 - slow


def test_a_mode_that_does_not_exist_is_an_error_of_its_own(functions, handle):
    with pytest.raises(NoSuchMode):
        functions.SetQHYCCDReadMode(handle, 11)


@pytest.mark.parametrize("name", ["read_directly", "bin_delay"])
def test_codes_that_look_like_errors_and_are_none_do_not_raise(functions, handle, standin, name):
    standin[name] = 1
    if name == "read_directly":
        assert functions.ExpQHYCCDSingleFrame(handle) == 0x2001
    else:
        assert functions.SetQHYCCDBinMode(handle, 1, 1) == 0x2000


def test_what_is_no_error_code_comes_back_as_it_is(functions, handle):
    assert functions.ScanQHYCCD() == 1
    assert functions.GetQHYCCDMemLength(handle) == (88 + 100) * (82 + 100) * 4
    assert functions.GetQHYCCDParam(None, ControlId.GAIN) == 4294967295.0
    assert functions.OpenQHYCCD(b"QHY600M-nope") is None


def test_values_come_out_through_pointers(functions, handle):
    low, high, step = c_double(), c_double(), c_double()
    functions.GetQHYCCDParamMinMaxStep(handle, ControlId.OFFSET, byref(low), byref(high), byref(step))
    assert (low.value, high.value, step.value) == (0.0, 255.0, 1.0)
    x, y, width, height = (c_uint32() for _ in range(4))
    functions.GetQHYCCDCurrentROI(handle, byref(x), byref(y), byref(width), byref(height))
    assert (x.value, y.value, width.value, height.value) == (0, 0, 88, 82)
