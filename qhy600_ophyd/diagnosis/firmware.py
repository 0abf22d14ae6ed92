"""Whether the camera's firmware is loaded, and which part of its loading is missing.

A QHY600 forgets its firmware when its power goes. On Linux a udev rule then runs fxload, which sends an image
file into the camera; it comes back under another number within a second.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from qhy600_ophyd.diagnosis import udev_rules
from qhy600_ophyd.diagnosis.check import Check, Status
from qhy600_ophyd.diagnosis.places import Places
from qhy600_ophyd.diagnosis.udev_rules import Rule
from qhy600_ophyd.diagnosis.usb_device import BARE, READY, VENDOR, UsbDevice

PARTS = ("udev rule", "fxload", "firmware image")
"""Checks of what loads the firmware, made where it is not loaded."""

LOADERS = (
    "/sbin/fxload",
    "/usr/sbin/fxload",
    "/usr/local/sbin/fxload",
    "/usr/bin/fxload",
    "/usr/local/bin/fxload",
)
IMAGE = "/lib/firmware/qhy/QHY600.img"

_SIGNATURE = b"CY"
"""First bytes of every image of this kind of USB chip (Infineon, application note AN76405)."""

_FROM_SDK = "It comes with QHYCCD's SDK for Linux: unpack that and run its install.sh as root."


def firmware(camera: UsbDevice) -> Check:
    """Whether it is loaded."""
    if camera.product == READY:
        return Check(name="firmware", status=Status.OK, found=f"loaded ({camera.ids})", device=camera.port)
    return Check(
        name="firmware",
        status=Status.FAILED,
        found=f"not loaded: the camera shows itself as {camera.ids} instead of {VENDOR:04x}:{READY:04x}",
        advice="On Linux the checks `udev rule`, `fxload` and `firmware image` say what is missing; if "
        "nothing is, switch the 12 V off and on and look again. Elsewhere, install QHYCCD's driver package.",
        device=camera.port,
    )


def parts(camera: UsbDevice, places: Places, rules: tuple[Rule, ...]) -> Iterator[Check]:
    """What loads the firmware of a camera that has none, piece by piece."""
    loading = [rule for rule in rules if rule.loader and rule.is_for(BARE)]
    words = loading[-1].loader if loading else ()
    yield _rule(camera, loading, rules)
    yield _loader(camera, places, words)
    yield _image(camera, places, words)


def _rule(camera: UsbDevice, loading: list[Rule], rules: tuple[Rule, ...]) -> Check:
    if loading:
        found = f"{loading[-1].file} runs fxload"
        return Check(name="udev rule", status=Status.OK, found=found, device=camera.port)
    files = sorted({rule.file for rule in rules if rule.is_for(BARE) or rule.is_for(READY)})
    there = f" ({', '.join(files)} names QHYCCD, but loads nothing)" if files else ""
    return Check(
        name="udev rule",
        status=Status.FAILED,
        found=f"no rule loads the firmware of {camera.ids}{there}",
        advice="QHYCCD's SDK brings 85-qhyccd.rules. Install it, or write a rule:\n"
        f"{udev_rules.commands(rules)}",
        device=camera.port,
    )


def _loader(camera: UsbDevice, places: Places, words: tuple[str, ...]) -> Check:
    name, device = "fxload", camera.port
    named = next((word for word in words if word.endswith("fxload") and word.startswith("/")), None)
    candidates = [named] if named else list(LOADERS)
    path = next((path for path in candidates if places.under_root(path).is_file()), None)
    if path is None:
        where = (
            f"{named}, which the rule runs, is"
            if named
            else f"fxload is in none of {', '.join(LOADERS)}, so it is"
        )
        return Check(
            name=name, status=Status.FAILED, found=f"{where} missing", advice=_FROM_SDK, device=device
        )
    program = places.under_root(path)
    if not os.access(program, os.X_OK):
        return Check(
            name=name,
            status=Status.FAILED,
            found=f"{path} cannot be run",
            advice=f"  sudo chmod a+x {path}",
            device=device,
        )
    content = _bytes(program)
    if content and not content.startswith(b"#!") and b"fx3" not in content:
        return Check(
            name=name,
            status=Status.FAILED,
            found=f"{path} knows nothing of fx3, the camera's kind of USB chip",
            advice=f"Debian's and Ubuntu's package fxload is too old for this camera. {_FROM_SDK}",
            device=device,
        )
    return Check(name=name, status=Status.OK, found=path, device=device)


def _image(camera: UsbDevice, places: Places, words: tuple[str, ...]) -> Check:
    name, device = "firmware image", camera.port
    given = [words[n + 1] for n, word in enumerate(words[:-1]) if word in ("-I", "-i")]
    path = given[0] if given else IMAGE
    file = places.under_root(path)
    if not file.is_file():
        wrong = "is missing"
    elif not os.access(file, os.R_OK):
        return Check(name=name, status=Status.NOT_CHECKED, found=f"{path} may not be read", device=device)
    elif not (content := _bytes(file)):
        wrong = "is empty"
    elif not content.startswith(_SIGNATURE):
        wrong = "is no firmware image"
    else:
        return Check(name=name, status=Status.OK, found=f"{path}, {len(content)} bytes", device=device)
    return Check(name=name, status=Status.FAILED, found=f"{path} {wrong}", advice=_FROM_SDK, device=device)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
