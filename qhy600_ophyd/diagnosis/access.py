"""Whether this user may speak to the camera, and whether somebody else does already."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from qhy600_ophyd.diagnosis import udev_rules
from qhy600_ophyd.diagnosis.check import Check, Status
from qhy600_ophyd.diagnosis.holders import Holder, holders
from qhy600_ophyd.diagnosis.places import Places
from qhy600_ophyd.diagnosis.udev_rules import Rule
from qhy600_ophyd.diagnosis.usb_device import UsbDevice

_PHONES = ("mtp", "gvfs", "gphoto")
"""Parts of names of programs that look for phones and pocket cameras."""


def permission(camera: UsbDevice, rules: tuple[Rule, ...]) -> Check:
    """Whether this user may read and write the camera's node."""
    name, device, node = "permission", camera.port, camera.node
    if node is None:
        found = "here the driver decides; opening the camera tells (--open)"
        return Check(name=name, status=Status.NOT_CHECKED, found=found, device=device)
    if not os.path.exists(node):  # noqa: PTH110, Path.exists raises where a folder may not be read
        return Check(
            name=name,
            status=Status.FAILED,
            found=f"{node} does not exist",
            advice="In a container, give it the folder /dev/bus/usb; otherwise udev does not run.",
            device=device,
        )
    if os.access(node, os.R_OK | os.W_OK):
        found = f"{node} may be read and written"
        return Check(name=name, status=Status.OK, found=found, device=device)
    return Check(
        name=name,
        status=Status.FAILED,
        found=f"{node} may not be read and written by this user",
        advice=_way_in(node, camera, rules),
        device=device,
    )


def holder(camera: UsbDevice, places: Places) -> Check:
    """Whether a program holds the camera, and which."""
    name, device, node = "holder", camera.port, camera.node
    if node is None:
        return Check(name=name, status=Status.NOT_CHECKED, found="the system does not say", device=device)
    who, unseen = holders(node, places)
    named = " and ".join(str(one) for one in who)
    kernel = [driver for driver in camera.drivers or () if driver != "usbfs"]
    if kernel:
        return Check(
            name=name,
            status=Status.FAILED,
            found=f"the kernel's driver {kernel[0]} holds it",
            advice=f"Keep that driver from it, then plug it in again:\n"
            f"  echo 'blacklist {kernel[0]}' | sudo tee /etc/modprobe.d/qhy600.conf",
            device=device,
        )
    if who:
        claimed = camera.drivers is None or "usbfs" in camera.drivers
        return Check(
            name=name,
            status=Status.FAILED if claimed else Status.WARNING,
            found=f"{named} {'holds it' if claimed else 'has it open, and has not claimed it'}",
            advice=_release(who),
            device=device,
        )
    if camera.drivers:
        return Check(
            name=name,
            status=Status.FAILED,
            found="a program holds it that cannot be seen from here",
            advice=f"To see which, if it is another user's:\n  sudo lsof {node}\nEnd it, then look again.",
            device=device,
        )
    told = "nobody" if camera.drivers is not None or not unseen else "nobody that this user may see"
    hidden = f" ({unseen} processes are hidden)" if unseen and camera.drivers is None else ""
    return Check(name=name, status=Status.OK, found=f"{told}{hidden}", device=device)


def _way_in(node: Path, camera: UsbDevice, rules: tuple[Rule, ...]) -> str:
    giving = [rule.file for rule in rules if rule.gives_access and rule.is_for(camera.product)]
    group = _group(node)
    if group:
        return (
            f"Members of the group {group} may. Join it, then log out and in again:\n"
            f"  sudo usermod -aG {group} $USER"
        )
    if giving:
        return (
            f"{giving[-1]} gives access, but it came after the camera was plugged in, or is for others. Plug "
            f"the USB cable in anew; if that is not enough, write this rule:\n{udev_rules.commands(rules)}"
        )
    return f"No udev rule gives access to {camera.ids}. Write one:\n{udev_rules.commands(rules)}"


def _group(node: Path) -> str:
    """Name of the group, other than root's, whose members may read and write the node; empty for none."""
    with suppress(OSError, KeyError, ImportError):
        from grp import getgrgid

        found = node.stat()
        if found.st_gid and stat.S_IMODE(found.st_mode) & 0o060 == 0o060:
            return getgrgid(found.st_gid).gr_name
    return ""


def _release(who: tuple[Holder, ...]) -> str:
    if all(one.pid == os.getpid() for one in who):
        return "Close the camera in this program first: bench.close(), or camera.close()."
    if any(part in one.program for one in who for part in _PHONES):
        return (
            "That program takes the camera for a phone. End it and plug the USB cable in anew; the check "
            "`mtp probing` tells how to keep it away."
        )
    return f"Close the camera there, or end the program (kill {who[0].pid}), then look again."
