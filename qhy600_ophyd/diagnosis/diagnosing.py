"""`diagnose`: all the looks, in the order in which they build on each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from qhy600_ophyd.diagnosis import (
    access,
    compressing,
    computer,
    connected,
    descriptors,
    firmware,
    supply,
    sysfs,
    udev_rules,
    vendor_library,
)
from qhy600_ophyd.diagnosis.check import Check, Diagnosis, Status
from qhy600_ophyd.diagnosis.child import Answer
from qhy600_ophyd.diagnosis.places import Places
from qhy600_ophyd.diagnosis.udev_rules import Rule
from qhy600_ophyd.diagnosis.usb_device import BARE, UsbDevice, UsbView

_ELSEWHERE = "not a matter of this system"
_ABOUT_CAMERAS = ("firmware", *firmware.PARTS, "permission", "speed", "holder")


def diagnose(
    *,
    library: str | os.PathLike[str] | None = None,
    ask_library: bool = True,
    open_camera: bool = False,
    voltage: float | None = None,
    cable_resistance: float | None = None,
    places: Places | None = None,
    listing: Callable[[Places | None], UsbView] = descriptors.usb_view,
    probe: Callable[..., Answer] = vendor_library.probe,
) -> Diagnosis:
    """Look at everything between this computer and its cameras, and change nothing.

    Parameters
    ----------
    library
        File or folder of libqhyccd; without it, it is looked for as the camera itself does.
    ask_library
        Load the library, in a process of its own. It is asked for its cameras only where there is one, and
        nobody holds any device of QHYCCD's, since it then opens each for a moment and reads its serial
        number. Without it no device is opened.
    open_camera
        Have the library open and initialise each camera, which claims it, and say what the camera knows of
        its supply. Not done while another program holds one.
    voltage, cable_resistance
        Of the adapter with no load [V], and of both leads together [ohm], for the arithmetic of the supply.
    places
        Where the system keeps what is looked at; this computer's, unless given.
    listing, probe
        Ways to ask libusb and the library; tests give others.

    Raises
    ------
    SettingRefused
        A voltage or a resistance that no supply has.
    """
    of_supply = supply.supply_voltage(voltage, cable_resistance)
    places = Places.here() if places is None else places
    rules = () if places is None else udev_rules.rules(places)
    shown = None if places is None else sysfs.usb_view(places)
    listed = listing(places)
    view = listed if shown is None else shown
    checks = [connected.usb_device(view), connected.several_cameras(view)]
    if shown is not None:
        checks.append(connected.second_opinion(shown, listed))
    else:
        checks.append(_not_checked("libusb", "there is nothing else here to compare it with"))
    for camera in view.cameras:
        checks += _of_camera(camera, view, places, rules)
    if not view.cameras:
        checks += [_not_checked(name, "no camera is connected") for name in _ABOUT_CAMERAS]
    checks += _of_computer(places, rules)
    if ask_library:
        free, held_back = _free(view, places, checks)
        scan = not held_back
        answer = probe(library, scan=scan, open_camera=scan and open_camera)
        checks += vendor_library.checks(
            answer,
            cameras=free,
            unscanned=held_back,
            unopened=held_back
            if open_camera
            else "only where asked for (--open), since it claims and initialises the camera",
        )
    else:
        checks += [_not_checked(name, "not asked for") for name in vendor_library.CHECKS]
    return Diagnosis(checks=(*checks, of_supply, compressing.here()))


def _of_camera(
    camera: UsbDevice, view: UsbView, places: Places | None, rules: tuple[Rule, ...]
) -> Iterator[Check]:
    yield firmware.firmware(camera)
    if camera.product != BARE or places is None:
        why = "the firmware is loaded" if camera.product != BARE else _ELSEWHERE
        yield from (_not_checked(name, why, camera) for name in firmware.PARTS)
    else:
        yield from firmware.parts(camera, places, rules)
    yield connected.speed(camera, view.fastest)
    if camera.product == BARE:
        why = "matters once the firmware is loaded"
        yield from (_not_checked(name, why, camera) for name in ("permission", "holder"))
        return
    yield access.permission(camera, rules)
    if places is None:
        yield _not_checked(
            "holder", "this system does not say; close other programs of QHYCCD cameras", camera
        )
    else:
        yield access.holder(camera, places)


def _of_computer(places: Places | None, rules: tuple[Rule, ...]) -> Iterator[Check]:
    if places is None:
        yield from (_not_checked(name, _ELSEWHERE) for name in ("usbfs memory", "mtp probing"))
        return
    yield computer.usbfs_memory(sysfs.usbfs_memory(places))
    yield computer.mtp_probing(rules)


def _free(view: UsbView, places: Places | None, checks: list[Check]) -> tuple[int | None, str]:
    """How many cameras the library should find, ``None`` if unknown; and why it should not look, if so."""
    if view.trouble and not view.cameras:
        return None, ""
    if not view.ready:
        return 0, "there is no camera with its firmware to be found"
    holding = [check for check in checks if check.name == "holder"]
    if places is not None:
        holding += [access.holder(device, places) for device in view.devices if not device.is_qhy600]
    if any(check.status in (Status.FAILED, Status.WARNING) for check in holding):
        return 0, "not asked, since that could disturb the program that holds a device of QHYCCD's"
    denied = sum(check.name == "permission" and check.status is Status.FAILED for check in checks)
    if denied == len(view.ready):
        return 0, "this user may not use the camera"
    return len(view.ready) - denied, ""


def _not_checked(name: str, why: str, camera: UsbDevice | None = None) -> Check:
    return Check(
        name=name, status=Status.NOT_CHECKED, found=why, device="" if camera is None else camera.port
    )
