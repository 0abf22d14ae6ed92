"""Frames through QHYCCD's own library: from the bytes on the link to the counts that our camera hands over.

The library, the binding and the driver are the real ones; the camera is a libusb of ours that sends counts
known pixel by pixel. What it cannot show is how a camera behaves.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
import standin_library
import vendor_frames
import vendor_wheel
from library_face import PACKAGE


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    if reason := vendor_wheel.why_not() or standin_library.why_not():
        pytest.skip(reason)
    # Elsewhere than in the wheel, or the wheel's own libusb would be loaded with it.
    library = tmp_path_factory.mktemp("vendor") / "libqhyccd.so"
    shutil.copyfile(vendor_wheel.library(), library)
    before = map(str, vendor_wheel.needed_with_camera())
    ran = subprocess.run(
        [sys.executable, vendor_frames.__file__, str(library), *before],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("case", vendor_frames.CASES)
def test_every_count_is_the_one_that_went_over_the_link(found, case):
    assert found["frames"][case] == {
        "exact": True,
        "retries": 0,
        "unverified": found["frames"][case]["unverified"],
        "reported": [56.0, 40.0],
    }


def test_a_whole_frame_is_looked_at_for_shifts_and_repetitions(found):
    assert found["frames"]["whole"]["unverified"] == []


def test_a_stream_that_never_comes_ends_with_the_time(found):
    assert found["stream"] == "FrameTimeout"


def test_the_camera_is_found_on_a_fast_link_and_given_back(found):
    assert found["usb"] == "USB 3"
    assert found["closed"] == "SdkCamera(closed)"
