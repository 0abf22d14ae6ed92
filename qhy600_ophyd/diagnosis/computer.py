"""Settings of the computer that a camera suffers from."""

from __future__ import annotations

from qhy600_ophyd.diagnosis import udev_rules
from qhy600_ophyd.diagnosis.check import Check, Status
from qhy600_ophyd.diagnosis.udev_rules import Rule
from qhy600_ophyd.diagnosis.usb_device import READY

LEAST_MEMORY = 256
"""[MB], as INDI advises for the large transfers of these cameras; Linux starts with 16."""

_ADVISED_MEMORY = 1000
_PARAMETER = "/sys/module/usbcore/parameters/usbfs_memory_mb"


def usbfs_memory(megabytes: int | None) -> Check:
    """Whether programs may have enough under way over USB.

    Parameters
    ----------
    megabytes
        What the kernel allows all of them together [MB]; 0 for no limit.
    """
    name = "usbfs memory"
    if megabytes is None:
        return Check(name=name, status=Status.NOT_CHECKED, found="the system does not say")
    if megabytes == 0 or megabytes >= LEAST_MEMORY:
        found = f"{megabytes} MB" if megabytes else "not limited"
        return Check(name=name, status=Status.OK, found=found)
    return Check(
        name=name,
        status=Status.WARNING,
        found=f"{megabytes} MB for all USB transfers together; advised are {LEAST_MEMORY} MB or more",
        advice=f"Until the next start of the computer:\n"
        f"  echo {_ADVISED_MEMORY} | sudo tee {_PARAMETER}\n"
        f"For good, at each start:\n"
        f"  echo 'w {_PARAMETER} - - - - {_ADVISED_MEMORY}' | sudo tee /etc/tmpfiles.d/qhy600.conf",
    )


def mtp_probing(rules: tuple[Rule, ...]) -> Check:
    """Whether the camera is asked if it is a phone when it is plugged in, which can upset it.

    Issue 33 of qhyccd-lzr/QHYCCD_Linux tells of a QHY600 that worked only without.
    """
    file = udev_rules.probing_file(rules, READY)
    if not file:
        return Check(name="mtp probing", status=Status.OK, found="no udev rule probes the camera")
    return Check(
        name="mtp probing",
        status=Status.WARNING,
        found=f"{file} asks the camera whether it is a phone each time it is plugged in",
        advice="That can upset it. Forbid it by a rule that is read earlier, then plug the USB cable in "
        "anew:\n"
        f"{udev_rules.commands(rules)}",
    )
