"""What a library says, or how it dies, when the diagnosis asks it: a stand-in, and a good camera on USB."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import standin_library
import usb_rig
from usb_rig import Plugged, Situation, check, diagnosed, findings

WHY_NOT = usb_rig.why_not() or standin_library.why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "not skipped")


@pytest.fixture
def asked(tmp_path):
    """Diagnoses a good camera with the stand-in, whose switches are given."""

    def ask(*, variant="recent", library: Path | str | None = None, opened=False, patience=30.0, **switches):
        options: dict[str, Any] = {"open_camera": opened}
        options["library"] = str(standin_library.build(variant=variant) if library is None else library)
        standin = standin_library.setting(**switches)
        told = diagnosed(Situation(options=options, standin=standin, patience=patience), tmp_path)
        assert told["opened"] == []  # the stand-in needs no device, and nobody else opened one
        return told

    return ask


def test_a_good_library_gives_no_finding_and_the_name_of_the_camera(asked):
    told = asked()
    assert findings(told) == {}
    assert check(told, "library scan")["found"].startswith("QHY600M-")
    assert check(told, "library version")["found"] == "26.6.4.16"
    assert check(told, "library open")["status"] == check(told, "undervoltage")["status"] == "not checked"


def test_a_camera_that_is_opened_is_asked_of_its_supply(asked):
    told = asked(opened=True, uvlo=8, humidity=12.25)
    assert findings(told) == {}
    assert check(told, "library open")["found"] == "opened, by its word USB 3, humidity inside 12.2 %"
    assert check(told, "undervoltage")["found"].startswith("code 8: the supply is good")


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        pytest.param(1, "ok", "indirect detection", id="good-older"),
        pytest.param(2, "failed", "did not work", id="check-failed"),
        pytest.param(3, "failed", "sensor stopped working", id="undervoltage-indirect"),
        pytest.param(9, "failed", "power chip saw undervoltage", id="undervoltage"),
        pytest.param(7, "warning", "code 7 is not known", id="unknown"),
    ],
)
def test_each_code_of_the_supply_is_told(asked, code, status, words):
    told = asked(opened=True, uvlo=code)
    found = check(told, "undervoltage")
    assert found["status"] == status
    assert words in found["found"]
    assert ("camera.reset_undervoltage()" in found["advice"]) is (status == "failed")
    assert findings(told) == ({"undervoltage": status} if status in ("failed", "warning") else {})


@pytest.mark.parametrize(
    ("switches", "finding", "words"),
    [
        pytest.param({"cameras": 0}, {"library scan": "failed"}, "finds 0 of 1", id="sees-none"),
        pytest.param(
            {"open_null": 1, "opened": True}, {"library open": "failed"}, "cannot be opened", id="opens-none"
        ),
        pytest.param(
            {"sdk_year": 20}, {"library version": "failed"}, "20.6.4.16; needed is 21.1", id="too-old"
        ),
        pytest.param(
            {"variant": "old"}, {"library version": "failed"}, "needed is 21.1", id="an-old-library"
        ),
        pytest.param(
            {"sdk_month": 11}, {"library version": "warning"}, "not written against", id="never-tried"
        ),
        pytest.param(
            {"segfault_in.InitQHYCCDResource": 1},
            {"library scan": "failed"},
            "crashed (SIGSEGV)",
            id="crashes-when-started",
        ),
        pytest.param(
            {"segfault_in.ScanQHYCCD": 1}, {"library scan": "failed"}, "crashed (SIGSEGV)", id="crashes"
        ),
        pytest.param(
            {"segfault_in.OpenQHYCCD": 1, "opened": True},
            {"library open": "failed"},
            "crashed (SIGSEGV)",
            id="crashes-when-opening",
        ),
        pytest.param(
            {"hang_in.ScanQHYCCD": 1, "patience": 8.0},
            {"library scan": "failed"},
            "gave no answer in 8 s",
            id="hangs",
        ),
        pytest.param(
            {"fail.InitQHYCCDResource": 1},
            {"library scan": "failed"},
            "InitQHYCCDResource() returned",
            id="refuses-to-start",
        ),
    ],
)
def test_a_library_that_fails_gives_exactly_its_finding(asked, switches, finding, words):
    told = asked(**switches)
    assert findings(told) == finding
    (name,) = finding
    assert words in check(told, name)["found"]
    assert check(told, name)["advice"]


def test_what_a_library_said_before_it_crashed_is_kept(asked):
    told = asked(**{"segfault_in.ScanQHYCCD": 1})
    assert check(told, "library loads")["status"] == "ok"
    assert check(told, "library version")["found"] == "26.6.4.16"


def test_a_library_that_is_not_where_it_should_be_is_told_with_what_is_accepted(asked, tmp_path):
    told = asked(library=tmp_path / "nowhere.so")
    assert findings(told) == {"library": "failed"}
    assert "nowhere.so', refused" in check(told, "library")["found"]
    assert "not reached" in check(told, "library scan")["found"]


def test_a_file_that_is_no_library_is_told(asked, tmp_path):
    (tmp_path / "libqhyccd.so").write_text("<!DOCTYPE html>", encoding="ascii")
    told = asked(library=tmp_path / "libqhyccd.so")
    assert findings(told) == {"library loads": "failed"}
    assert "cannot be loaded" in check(told, "library loads")["found"]


def test_a_stray_file_of_settings_is_told(asked, tmp_path):
    (tmp_path / "qhyccd.ini").write_text("[image]\n", encoding="ascii")
    told = asked()
    assert findings(told) == {"library settings": "warning"}
    assert str(tmp_path / "qhyccd.ini") in check(told, "library settings")["found"]


@pytest.mark.parametrize(
    ("situation", "why"),
    [
        pytest.param({"opened_by_another": 4}, "could disturb the program that holds", id="held"),
        pytest.param(
            {"devices": (Plugged(), Plugged(product=0x0941, port=2, address=5, driver="usbfs"))},
            "could disturb the program that holds",
            id="another-device-of-theirs-held",
        ),
        pytest.param({"mode": 0o444}, "this user may not use the camera", id="denied"),
        pytest.param({"devices": ()}, "no camera with its firmware", id="none"),
        pytest.param({"devices": (Plugged(product=0xC600, speed=480),)}, "no camera with its", id="bare"),
    ],
)
def test_no_camera_is_scanned_or_opened_where_that_is_vain_or_disturbs(tmp_path, situation, why):
    library = str(standin_library.build())
    options = {"library": library, "open_camera": True}
    # The stand-in would die of being asked.
    standin = standin_library.setting(**{"segfault_in.InitQHYCCDResource": 1})
    told = diagnosed(Situation(options=options, standin=standin, **situation), tmp_path)
    assert check(told, "library version")["status"] == "ok"
    for name in ("library scan", "library open", "undervoltage"):
        assert check(told, name)["status"] == "not checked"
        assert re.search(why, check(told, name)["found"])
