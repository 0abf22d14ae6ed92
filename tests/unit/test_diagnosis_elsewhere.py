"""A diagnosis on systems that show nothing in files, as Windows and macOS: through libusb alone."""

from __future__ import annotations

import pytest

from qhy600_ophyd.bench import Bench
from qhy600_ophyd.diagnosis import Places, Status, compressing, diagnose
from qhy600_ophyd.diagnosis.child import Answer
from qhy600_ophyd.diagnosis.descriptors import usb_view, view_of
from qhy600_ophyd.diagnosis.usb_device import UsbView

GOOD = {"product": 0xC601, "bus": 2, "address": 4, "ports": [1, 3], "speed": 4}


@pytest.fixture
def elsewhere(monkeypatch):
    """Diagnoses what libusb answers, on a system without files; records how the library is asked."""
    monkeypatch.setattr(Places, "here", classmethod(lambda cls: None))
    monkeypatch.setattr(compressing, "version", lambda library: "0.5.2")
    asked = []

    def probe(library, **how):
        asked.append(how)
        return Answer(
            said={
                "step": "done",
                "path": "x",
                "how": "y",
                "version": "26.6.4.16",
                "tested": True,
                "missing": [],
            }
            | {"settings": ""}
            | ({"cameras": ["QHY600M-1"]} if how["scan"] else {})
        )

    def look(said=None, trouble=""):
        answer = Answer(said=said or {}, trouble=trouble)
        found = diagnose(listing=lambda places: view_of(answer, places), probe=probe)
        return found, asked[-1]

    return look


def statuses(diagnosis):
    return {check.name: check.status for check in diagnosis.checks}


def test_what_libusb_shows_is_told_and_what_it_cannot_show_is_not_guessed(elsewhere):
    found, asked = elsewhere({"devices": [GOOD]})
    assert found.findings == ()
    told = statuses(found)
    assert [told[name] for name in ("usb device", "firmware", "speed", "library scan")] == [Status.OK] * 4
    for name in ("libusb", "permission", "holder", "usbfs memory", "mtp probing", "fxload"):
        assert told[name] is Status.NOT_CHECKED
    assert asked == {"scan": True, "open_camera": False}
    assert found.named("usb device")[0].found == "1618:c601 at 2-1.3"


@pytest.mark.parametrize(
    ("device", "finding"),
    [
        pytest.param(GOOD | {"speed": 3}, {"speed": Status.WARNING}, id="usb-2"),
        pytest.param(GOOD | {"speed": None}, {}, id="speed-unknown"),
        pytest.param(GOOD | {"product": 0xC600}, {"firmware": Status.FAILED}, id="no-firmware"),
        pytest.param(GOOD | {"product": 0xC603}, {"usb device": Status.FAILED}, id="not-over-usb"),
    ],
)
def test_a_device_gives_exactly_its_finding(elsewhere, device, finding):
    found, _ = elsewhere({"devices": [device]})
    assert {check.name: check.status for check in found.findings} == finding


def test_no_device_is_a_finding_and_the_library_is_not_made_to_look(elsewhere):
    found, asked = elsewhere({"devices": []})
    assert [check.name for check in found.findings] == ["usb device"]
    assert asked["scan"] is False


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"said": {"trouble": "pyusb finds no libusb-1.0 on this computer"}}, id="no-libusb"),
        pytest.param({"trouble": "crashed (SIGSEGV)"}, id="crash"),
    ],
)
def test_without_libusb_the_library_itself_is_made_to_look(elsewhere, answer):
    found, asked = elsewhere(**answer)
    assert [check.name for check in found.findings] == ["usb device"]
    assert found.ok
    assert found.findings[0].advice
    assert asked["scan"] is True
    assert statuses(found)["library scan"] is Status.OK


def test_pyusb_without_a_libusb_is_a_finding_and_no_crash(monkeypatch, capsys):
    import json

    import usb.core

    from qhy600_ophyd.diagnosis.descriptors import tell

    def none(**_):
        raise usb.core.NoBackendError("No backend available")

    monkeypatch.setattr(usb.core, "find", none)
    tell()
    assert json.loads(capsys.readouterr().out) == {"trouble": "pyusb finds no libusb-1.0 on this computer"}


def test_this_computer_can_be_asked():
    view = usb_view(Places.here())
    assert isinstance(view, UsbView)


def test_a_bench_discovers_with_and_without_being_one(tmp_path):
    found = Bench.discover(ask_library=False)
    assert {check.name for check in found.checks} >= {"usb device", "permission", "speed", "supply voltage"}
    bench = Bench.simulated(width=64, height=48, output=tmp_path)
    try:
        assert bench.discover(ask_library=False).checks == found.checks
    finally:
        bench.close()
