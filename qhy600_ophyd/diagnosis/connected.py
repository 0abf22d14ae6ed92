"""What is connected, and how."""

from __future__ import annotations

from qhy600_ophyd.diagnosis.check import Check, Status
from qhy600_ophyd.diagnosis.usb_device import (
    BARE,
    HIGH_SPEED,
    NOT_OVER_USB,
    READY,
    SUPER_SPEED,
    VENDOR,
    UsbDevice,
    UsbView,
)

_LIBUSB = (
    "On Windows, libusb-1.0.dll has to lie in a folder of the PATH. On Debian and Ubuntu:\n"
    "  sudo apt-get install libusb-1.0-0"
)


def usb_device(view: UsbView) -> Check:
    """Whether a QHY600 is there at all."""
    name = "usb device"
    if view.cameras:
        return Check(name=name, status=Status.OK, found="; ".join(map(str, view.cameras)))
    if view.trouble:
        return Check(
            name=name,
            status=Status.WARNING,
            found=f"USB cannot be looked at: {view.trouble}",
            advice=_LIBUSB,
        )
    if refused := [device for device in view.devices if device.product in NOT_OVER_USB]:
        return Check(
            name=name,
            status=Status.FAILED,
            found=f"{'; '.join(map(str, refused))}: libqhyccd does not support it over USB",
            advice="This is a PCIe or OEM variant. Use its own interface, or ask QHYCCD for a library that "
            "takes it.",
        )
    others = f"; of QHYCCD there is only {'; '.join(map(str, view.devices))}" if view.devices else ""
    return Check(
        name=name,
        status=Status.FAILED,
        found=f"no QHY600 ({VENDOR:04x}:{BARE:04x} or {VENDOR:04x}:{READY:04x}) on USB{others}",
        advice="Connect the camera's 12 V first and see that the adapter is on; then plug in its USB cable, "
        "straight into the computer; then look again. If it stays away, try another cable and another port.",
    )


def several_cameras(view: UsbView) -> Check:
    """Whether it is clear which camera is meant."""
    name, number = "several cameras", len(view.cameras)
    if number < 2:
        status, found = (
            (Status.OK, "there is one") if number else (Status.NOT_CHECKED, "no camera is connected")
        )
        return Check(name=name, status=status, found=found)
    return Check(
        name=name,
        status=Status.WARNING,
        found=f"{number} are connected, at {', '.join(camera.port for camera in view.cameras)}",
        advice="Say which one is meant by the beginning of its name; `library scan` lists the names.",
    )


def second_opinion(view: UsbView, listed: UsbView) -> Check:
    """Whether libusb, through which QHYCCD's library works, sees what the kernel shows."""
    name = "libusb"
    shown = {(device.bus, device.address) for device in view.cameras}
    seen = {(device.bus, device.address) for device in listed.cameras}
    if listed.trouble:
        return Check(
            name=name,
            status=Status.WARNING,
            found=listed.trouble,
            advice=f"QHYCCD's library works through libusb as well. {_LIBUSB}",
        )
    if shown == seen:
        return Check(name=name, status=Status.OK, found=f"libusb sees the same: {_cameras(len(seen))}")
    return Check(
        name=name,
        status=Status.WARNING,
        found=f"libusb sees {_cameras(len(seen))}, the kernel shows {len(shown)}",
        advice="Look again: one may just have been plugged in. If it stays so, this may be a container that "
        "does not have /dev/bus/usb.",
    )


def speed(camera: UsbDevice, fastest: float | None) -> Check:
    """Whether the link is as fast as the camera.

    Parameters
    ----------
    camera
        Which.
    fastest
        Speed of the computer's fastest USB controller [Mbit/s].
    """
    name, device = "speed", camera.port
    if camera.product == BARE:
        why = "known once the firmware is loaded: without it a camera runs at USB 2 in any port"
        return Check(name=name, status=Status.NOT_CHECKED, found=why, device=device)
    if camera.speed is None:
        return Check(name=name, status=Status.NOT_CHECKED, found="the system does not say", device=device)
    if camera.speed >= SUPER_SPEED:
        found = f"{camera.speed:g} Mbit/s, USB 3"
        return Check(name=name, status=Status.OK, found=found, device=device)
    advice = (
        "Use a USB 3 port of the computer (blue, or marked SS) and a USB 3 cable, without hub or extension; "
        "push the plug in fully at both ends."
    )
    if fastest is not None and fastest < SUPER_SPEED:
        advice = f"This computer shows no USB 3 controller (its fastest has {fastest:g} Mbit/s). {advice}"
    usb_2 = camera.speed >= HIGH_SPEED
    return Check(
        name=name,
        status=Status.WARNING if usb_2 else Status.FAILED,
        found=f"{camera.speed:g} Mbit/s, "
        + ("USB 2: frames take about ten times as long" if usb_2 else "USB 1: too slow for frames"),
        advice=advice,
        device=device,
    )


def _cameras(number: int) -> str:
    return "1 camera" if number == 1 else f"{number} cameras"
