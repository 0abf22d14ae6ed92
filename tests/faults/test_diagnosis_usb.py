"""What USB shows of a camera, in every situation that stands in the way of one, on umockdev's bus."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import usb_rig
from usb_rig import COMPLETE, RULES, Plugged, Situation, check, diagnosed, findings

pytestmark = pytest.mark.skipif(bool(usb_rig.why_not()), reason=usb_rig.why_not() or "not skipped")

ALONE = {"ask_library": False}
BARE = (Plugged(product=0xC600, speed=480),)
PROBES = {**COMPLETE, "/lib/udev/rules.d/69-libmtp.rules": 'ATTR{bDeviceClass}=="00", PROGRAM="mtp-probe x"'}
SPARED = '\nSUBSYSTEM=="usb", ATTR{idVendor}=="1618", ENV{MTP_NO_PROBE}="1"\n'


def without(path: str, **instead: str) -> dict[str, str]:
    """The files of a complete computer, but for one."""
    return {name: text for name, text in COMPLETE.items() if name != path} | instead


def row(expected: dict[str, str], told: str, name: str, **situation: object):
    """A situation, all that is found in it, and words of the advice or the finding of the first."""
    return pytest.param(Situation(options=ALONE, **situation), expected, told, id=name)


ROWS = [
    row({}, "", "a-good-camera"),
    row({}, "", "a-good-camera-and-no-limit-of-memory", memory=0),
    row({}, "", "a-good-camera-on-a-faster-port", devices=(Plugged(speed=10000),), fastest=20000),
    row({}, "", "another-device-is-open", opened_by_another=1),
    row({}, "", "a-filter-wheel-beside-it", devices=(Plugged(), Plugged(product=0x0941, port=2, address=5))),
    row({"usb device": "failed"}, "12 V first", "nothing", devices=()),
    row(
        {"usb device": "failed"}, "only 1618:0941", "another-camera", devices=(Plugged(product=0x0941),)
    ),
    *(
        row(
            {"usb device": "failed"}, "does not support it over USB", f"{product:x}",
            devices=(Plugged(product=product),),
        )
        for product in (0xC603, 0xC605, 0xC607)
    ),
    row({"firmware": "failed"}, "1618:c600 instead of 1618:c601", "all-in-place-not-loaded", devices=BARE),
    row(
        {"firmware": "failed", "udev rule": "failed"}, "-I /lib/firmware/qhy/QHY600.img -D $env{DEVNAME}",
        "no-rule", devices=BARE, files=without("/lib/udev/rules.d/85-qhyccd.rules"),
    ),
    row(
        {"firmware": "failed", "udev rule": "failed"}, "85-qhyccd.rules names QHYCCD, but loads nothing",
        "a-rule-of-access-only", devices=BARE,
        files={**COMPLETE, "/lib/udev/rules.d/85-qhyccd.rules": 'ATTRS{idVendor}=="1618", MODE="0666"\n'},
    ),
    row(
        {"firmware": "failed", "udev rule": "failed"}, "no rule loads", "a-rule-masked-by-an-empty-file",
        devices=BARE, files={**COMPLETE, "/etc/udev/rules.d/85-qhyccd.rules": ""},
    ),
    row(
        {"firmware": "failed", "fxload": "failed"}, "/sbin/fxload, which the rule runs, is missing",
        "no-fxload", devices=BARE, files=without("/sbin/fxload"),
    ),
    row(
        {"firmware": "failed", "fxload": "failed"}, "knows nothing of fx3", "fxload-of-the-distribution",
        devices=BARE, files={**COMPLETE, "/sbin/fxload": "\x7fELF device types: an21, fx, fx2, fx2lp"},
    ),
    row(
        {"firmware": "failed", "firmware image": "failed"}, "QHY600.img is missing", "no-image",
        devices=BARE, files=without("/lib/firmware/qhy/QHY600.img"),
    ),
    row(
        {"firmware": "failed", "firmware image": "failed"}, "is no firmware image", "an-image-that-is-none",
        devices=BARE, files={**COMPLETE, "/lib/firmware/qhy/QHY600.img": "<!DOCTYPE html>"},
    ),
    row(
        {"permission": "failed"}, "MODE=\"0666\", ENV{MTP_NO_PROBE}", "no-permission-and-no-rule",
        mode=0o444, files={},
    ),
    row({"permission": "failed"}, "85-qhyccd.rules gives access", "no-permission-despite-a-rule", mode=0o444),
    row({"speed": "warning"}, "USB 3 port", "usb-2", devices=(Plugged(speed=480),)),
    row(
        {"speed": "warning"}, "no USB 3 controller", "a-computer-without-usb-3",
        devices=(Plugged(speed=480),), fastest=480,
    ),
    row({"speed": "failed"}, "USB 1", "usb-1", devices=(Plugged(speed=12),)),
    row({"usbfs memory": "warning"}, "echo 1000 | sudo tee", "memory-as-linux-starts", memory=16),
    row({"usbfs memory": "warning"}, "255 MB", "memory-just-too-small", memory=255),
    row(
        {"holder": "failed"}, "python", "held-by-a-program",
        devices=(Plugged(driver="usbfs"),), opened_by_another=4,
    ),
    row({"holder": "warning"}, "has it open", "open-in-a-program", opened_by_another=4),
    row({"holder": "failed"}, "lsof /dev/bus/usb/002/004", "held-unseen", devices=(Plugged(driver="usbfs"),)),
    row({"holder": "failed"}, "driver cdc_acm", "held-by-the-kernel", devices=(Plugged(driver="cdc_acm"),)),
    row(
        {"several cameras": "warning"}, "2-1, 2-3", "two-cameras",
        devices=(Plugged(), Plugged(port=3, address=6)),
    ),
    row({"mtp probing": "warning"}, "60-qhy600.rules", "taken-for-a-phone", files=PROBES),
    row({}, "", "spared-by-an-earlier-rule", files={**PROBES, "/etc/udev/rules.d/60-qhy600.rules": SPARED}),
    row(
        {"mtp probing": "warning"}, "69-libmtp.rules", "spared-too-late",
        files={**PROBES, "/lib/udev/rules.d/85-qhyccd.rules": RULES + SPARED},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("situation", "expected", "words"), ROWS)
def test_a_situation_gives_exactly_its_findings_and_opens_nothing(situation, expected, words, tmp_path):
    told = diagnosed(situation, tmp_path)
    assert findings(told) == expected
    assert told["ok"] is ("failed" not in expected.values())
    assert words in json.dumps([c for c in told["checks"] if c["status"] in ("failed", "warning")]).replace(
        '\\"', '"'
    )
    assert all(c["advice"] for c in told["checks"] if c["status"] in ("failed", "warning"))
    # Whoever opens no device can neither claim, reset nor configure one. The holder had opened it before.
    assert told["opened"] == []


def test_who_holds_the_camera_is_named_with_its_number(tmp_path):
    situation = Situation(devices=(Plugged(driver="usbfs"),), opened_by_another=4, options=ALONE)
    found = check(diagnosed(situation, tmp_path), "holder")["found"]
    assert found.startswith("python")
    assert int(found.partition("(process ")[2].partition(")")[0]) > 1


def test_of_two_cameras_each_has_its_own_checks(tmp_path):
    devices = (Plugged(), Plugged(product=0xC600, speed=480, port=3, address=6))
    told = diagnosed(Situation(devices=devices, options=ALONE), tmp_path)
    firmware = {c["device"]: c["status"] for c in told["checks"] if c["name"] == "firmware"}
    assert firmware == {"2-1": "ok", "2-3": "failed"}
    speed = {c["device"]: c["status"] for c in told["checks"] if c["name"] == "speed"}
    assert speed == {"2-1": "ok", "2-3": "not checked"}


def test_libusb_and_the_kernel_are_compared(tmp_path):
    told = diagnosed(Situation(options=ALONE), tmp_path)
    assert check(told, "libusb")["status"] == "ok"
    assert check(told, "libusb")["found"] == "libusb sees the same: 1 camera"


def doctor(situation: Situation, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    bus = folder / "bus.umockdev"
    bus.write_text(usb_rig.description(situation), encoding="utf-8")
    program = Path(sys.executable).with_name("qhy600")
    return subprocess.run(
        ["umockdev-run", "-d", str(bus), "--", str(program), "doctor", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
    )


def test_the_command_prints_one_object(tmp_path):
    done = doctor(Situation(), tmp_path, "--no-library", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {"ok", "checks", "note"} == set(told)
    assert check(told, "speed")["status"] == "ok"
    assert {"name", "status", "found", "advice", "device"} == set(told["checks"][0])


def test_the_command_ends_well_whatever_it_finds_and_breaks_no_command(tmp_path):
    done = doctor(Situation(devices=BARE), tmp_path, "--no-library")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any(line.startswith("failed      firmware") for line in lines)
    commands = [line for line in lines if line.startswith("    ") and "sudo" in line]
    assert commands
    assert all(len(line) <= 80 for line in lines if line not in commands and "not yet tried" not in line)
    (written,) = {line for line in commands if "tee /etc/udev" in line}
    assert written.count("'") % 2 == 0
    assert written.endswith("| sudo tee /etc/udev/rules.d/60-qhy600.rules")
