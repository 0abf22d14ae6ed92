"""Single frames: when they come, when they do not, and who ends them. Asked of both libraries."""

from __future__ import annotations

import pytest
from both_libraries import BOTH, started
from standin_library import ERROR

from qhy600_ophyd.backends.sdk.constants import ControlId
from qhy600_ophyd.contract import SystemClock

AREA = 64, 32
BYTES = 64 * 32 * 2
FETCH = "GetQHYCCDSingleFrame", 2 * BYTES
EXPOSURE, TIMEOUT = 1.2, 0.5
"""Seconds."""

SPARE = 2.0
"""Seconds that a wait may last beyond what it says: the vendor's library looks at its camera in turns of a
second, and this machine has other things to do."""


@pytest.fixture(scope="module", params=BOTH)
def library(request):
    with started(request.param) as face:
        face("SetQHYCCDParam", ControlId.EXPOSURE, 1e3)
        face.kind = request.param
        if request.param == "standin":
            face("StandinSet", "exposure_paced", 1)
        yield face


@pytest.fixture(autouse=True)
def small_frames(library):
    library("SetQHYCCDBinMode", 1, 1)
    library("SetQHYCCDResolution", 0, 0, *AREA)
    library("SetQHYCCDParam", ControlId.EXPOSURE, 1e3)
    library("SetQHYCCDSingleFrameTimeOut", 60000)
    yield
    library("CancelQHYCCDExposingAndReadout")
    library("SetQHYCCDParam", ControlId.DDR, 1.0)


@pytest.fixture
def no_frames(library):
    come = {"standin": ("StandinSet", "readout_ms", 0), "vendor": ("standin_usb_frames", 10**6)}
    never = {"standin": ("StandinSet", "readout_ms", 1e6), "vendor": ("standin_usb_frames", 0)}
    library(*never[library.kind])
    yield
    library(*come[library.kind])


def exposed(library) -> None:
    assert library("ExpQHYCCDSingleFrame") == 0


def pause(seconds: float) -> None:
    SystemClock().wait(seconds)


@pytest.mark.parametrize("bits", [16, 32])
def test_a_frame_fills_the_bytes_of_its_area_and_no_more(library, bits):
    library("SetQHYCCDBitsMode", bits)
    exposed(library)
    *stated, frame = library(*FETCH)
    library("SetQHYCCDBitsMode", 16)
    assert stated == [0, *AREA, bits, 1]
    assert (frame["written"], frame["zeros"]) == (BYTES * bits // 16, False)


def test_columns_22_and_23_are_0_and_those_beside_them_are_not(library):
    exposed(library)
    head = bytes.fromhex(library(*FETCH)[-1]["head"])
    counts = [int.from_bytes(head[n : n + 2], "little") for n in range(0, 48, 2)]
    assert [n for n, count in enumerate(counts) if count == 0] == [22, 23]


def test_no_two_frames_are_alike(library):
    heads = []
    for _ in range(2):
        exposed(library)
        heads.append(library(*FETCH)[-1]["head"])
    assert heads[0] != heads[1]


def test_an_empty_area_gives_an_empty_frame(library):
    assert library("SetQHYCCDResolution", 0, 0, 0, 0) == 0
    exposed(library)
    *stated, frame = library(*FETCH)
    assert (stated, frame["written"]) == ([0, 0, 0, 16, 1], 0)


def test_without_an_exposure_there_is_an_error_at_once_and_nothing_is_written(library):
    assert library(*FETCH) == [ERROR, 0, 0, 0, 0, {"written": 0, "zeros": True, "head": ""}]


def fetched_in_vain(library) -> None:
    """Fetching gives zeros as a success, when the time is over, and then an error."""
    library.start("fetch", *FETCH)
    (code, *_, frame), seconds = library.finish("fetch")
    assert (code, frame["written"], frame["zeros"]) == (0, BYTES, True)
    assert TIMEOUT / 2 <= seconds <= TIMEOUT + SPARE
    assert library(*FETCH)[0] == ERROR


@pytest.mark.parametrize("exposures", [1, 2])
def test_one_frame_comes_however_often_it_was_exposed_and_then_zeros(library, exposures):
    library("SetQHYCCDSingleFrameTimeOut", int(TIMEOUT * 1e3))
    for _ in range(exposures):
        exposed(library)
    code, *_, frame = library(*FETCH)
    assert (code, frame["zeros"]) == (0, False)
    fetched_in_vain(library)


@pytest.mark.parametrize("cancel", ["CancelQHYCCDExposing", "CancelQHYCCDExposingAndReadout"])
def test_after_either_cancel_there_is_no_frame_to_fetch(library, cancel):
    exposed(library)
    assert library(cancel) == 0
    assert library(*FETCH)[0] == ERROR


@pytest.mark.usefixtures("no_frames")
def test_a_frame_that_does_not_come_in_time_is_a_success_with_zeros(library):
    library("SetQHYCCDParam", ControlId.EXPOSURE, EXPOSURE * 1e6)
    library("SetQHYCCDSingleFrameTimeOut", int(TIMEOUT * 1e3))
    exposed(library)
    library.start("fetch", *FETCH)
    (*stated, frame), seconds = library.finish("fetch")
    assert stated == [0, *AREA, 16, 1]
    assert (frame["written"], frame["zeros"]) == (BYTES, True)
    assert EXPOSURE + TIMEOUT - 0.05 <= seconds <= EXPOSURE + TIMEOUT + SPARE


@pytest.mark.usefixtures("no_frames")
@pytest.mark.parametrize("cancel", ["CancelQHYCCDExposing", "CancelQHYCCDExposingAndReadout"])
def test_a_cancel_during_the_exposure_ends_the_readout_with_an_error_and_nothing_is_written(library, cancel):
    library("SetQHYCCDParam", ControlId.EXPOSURE, 3.6e9)
    exposed(library)
    library.start("fetch", *FETCH)
    pause(0.2)
    assert library(cancel) == 0
    (code, *_, frame), seconds = library.finish("fetch")
    assert (code, frame["written"]) == (ERROR, 0)
    assert seconds <= 0.2 + SPARE


@pytest.mark.usefixtures("no_frames")
def test_a_cancel_after_the_exposure_ends_the_readout_with_success_and_zeros(library):
    exposed(library)
    library.start("fetch", *FETCH)
    pause(0.3)
    assert library("CancelQHYCCDExposingAndReadout") == 0
    (code, *_, frame), seconds = library.finish("fetch")
    assert (code, frame["written"], frame["zeros"]) == (0, BYTES, True)
    assert seconds <= 0.3 + SPARE


WAITING = {
    "number": ("GetQHYCCDParam", ControlId.CURTEMP),
    "write": ("SetQHYCCDParam", ControlId.GAIN, 30.0),
}
PASSING = {
    "remaining": ("GetQHYCCDExposureRemaining",),
    "cooler": ("ControlQHYCCDTemp", -5.0),
    "area": ("GetQHYCCDCurrentROI",),
    "available": ("IsQHYCCDControlAvailable", ControlId.GAIN),
    "status": ("GetQHYCCDCameraStatus",),
}


@pytest.mark.usefixtures("no_frames")
@pytest.mark.parametrize(
    ("call", "waits"),
    [pytest.param(call, call in WAITING.values(), id=name) for name, call in {**WAITING, **PASSING}.items()],
)
def test_numbers_wait_for_the_end_of_a_readout_and_other_calls_do_not(library, call, waits):
    library("SetQHYCCDParam", ControlId.EXPOSURE, 3.6e9)
    exposed(library)
    library.start("fetch", *FETCH)
    pause(0.1)
    library.start("call", *call)
    pause(1.0)
    library("CancelQHYCCDExposingAndReadout")
    library.finish("fetch")
    _, seconds = library.finish("call")
    assert (seconds > 0.9) == waits
