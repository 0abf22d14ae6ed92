"""QHY600s on a USB bus of umockdev's making, in any situation, and the diagnosis of each.

What a camera's descriptors say is what others read from one (one vendor interface, one bulk endpoint); its
port, its controller and their numbers are invented.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

RULES = """ACTION!="add", GOTO="qhy_end"
SUBSYSTEM!="usb", GOTO="qhy_end"
ATTRS{idVendor}=="1618", ATTRS{idProduct}=="c600", \\
    RUN+="/sbin/fxload -t fx3 -I /lib/firmware/qhy/QHY600.img -D $env{DEVNAME}"
ATTRS{idVendor}=="1618", MODE="0666"
LABEL="qhy_end"
"""
"""As the vendor's, as far as a QHY600 goes."""

COMPLETE: Mapping[str, str] = {
    "/lib/udev/rules.d/85-qhyccd.rules": RULES,
    "/sbin/fxload": "\x7fELF one of an21, fx, fx2, fx2lp, fx3",
    "/lib/firmware/qhy/QHY600.img": "CY and so on",
}
"""Files of a computer on which everything is in its place."""

_DENIED = "--bounding-set=-dac_override,-dac_read_search"
_IN_OPEN, _IN_ISDIR = 0x20, 0x40000000


@dataclass(frozen=True)
class Plugged:
    """A device on the bus."""

    product: int = 0xC601
    speed: int = 5000
    bus: int = 2
    port: int = 1
    address: int = 4
    driver: str = ""
    name: str = "QHY600U3G20-20250609"


@dataclass(frozen=True)
class Situation:
    """Devices, and the computer they are on; as it stands, one good camera on a good computer."""

    devices: Sequence[Plugged] = (Plugged(),)
    fastest: int = 5000
    memory: int | None = 1000
    mode: int = 0o666
    files: Mapping[str, str] = field(default_factory=lambda: COMPLETE)
    opened_by_another: int = 0  # address of a device that another process has open
    options: Mapping[str, Any] = field(default_factory=dict)  # of `diagnose`
    standin: str = ""  # switches of the stand-in library
    patience: float = 30.0  # seconds that the library has


def why_not() -> str:
    """Why there can be no such bus here; empty where there can."""
    if shutil.which("umockdev-run") is None:
        return "umockdev is not installed: apt-get install umockdev libusb-1.0-0"
    return ""


def diagnosed(situation: Situation, folder: Path) -> dict[str, Any]:
    """What the diagnosis finds, and in ``opened`` the devices that it opened; `folder` holds the files."""
    for path, text in situation.files.items():
        file = folder / "root" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="latin-1")
        file.chmod(0o755)
    (folder / "root").mkdir(exist_ok=True)
    bus = folder / "bus.umockdev"
    bus.write_text(description(situation), encoding="utf-8")
    order = folder / "order.json"
    order.write_text(json.dumps(asdict(situation) | {"root": str(folder / "root")}), encoding="utf-8")
    command = ["umockdev-run", "-d", str(bus), "--", sys.executable, __file__, str(order)]
    if os.geteuid() == 0:  # who may do everything is denied nothing
        command = ["setpriv", _DENIED, "--inh-caps=-dac_override,-dac_read_search", *command]
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "QHYCCD_STANDIN": situation.standin},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def findings(told: dict[str, Any]) -> dict[str, str]:
    """The checks that are neither well nor unmade, and how they ended."""
    return {
        check["name"]: check["status"]
        for check in told["checks"]
        if check["status"] not in ("ok", "not checked")
    }


def check(told: dict[str, Any], name: str) -> dict[str, str]:
    """The one check of that name."""
    (found,) = (check for check in told["checks"] if check["name"] == name)
    return found


def description(situation: Situation) -> str:
    """The bus, in umockdev's words."""
    hubs = {1: 480, 2: situation.fastest} | {device.bus: situation.fastest for device in situation.devices}
    parts = [_hub(bus, speed) for bus, speed in sorted(hubs.items())]
    return "\n".join([*parts, *(_device(device) for device in situation.devices)])


def _device(device: Plugged) -> str:
    port = f"{device.bus}-{device.port}"
    path = f"{_hub_path(device.bus)}/{port}"
    fast = device.speed >= 5000
    texts = {"manufacturer": "QHYCCD", "product": device.name} if device.product == 0xC601 else {}
    described = _usb(
        path,
        (device.bus, device.address),
        ("1618", f"{device.product:04x}"),
        device.speed,
        _descriptors(device.product, fast=fast),
        {"devpath": str(device.port), "bDeviceClass": "00"} | texts,
    )
    link = f"L: driver=../../../bus/usb/drivers/{device.driver}\n" if device.driver else ""
    return (
        f"{described}\nP: {path}/{port}:1.0\nE: DEVTYPE=usb_interface\nE: SUBSYSTEM=usb\n{link}"
        "A: bInterfaceNumber=00\\n\nA: bInterfaceClass=ff\\n\n"
    )


def _hub(bus: int, speed: int) -> str:
    descriptors = _descriptors(0x0003, fast=speed >= 5000, vendor=0x1D6B)
    ids = ("1d6b", "0003" if speed >= 5000 else "0002")
    return _usb(_hub_path(bus), (bus, 1), ids, speed, descriptors, {"devpath": "0", "bDeviceClass": "09"})


def _hub_path(bus: int) -> str:
    return f"/devices/pci0000:00/0000:00:14.0/usb{bus}"


def _usb(
    path: str,
    place: tuple[int, int],
    ids: tuple[str, str],
    speed: int,
    descriptors: bytes,
    more: dict[str, str],
) -> str:
    (bus, address), (vendor, product) = place, ids
    node = f"bus/usb/{bus:03d}/{address:03d}"
    minor = (bus - 1) * 128 + address - 1
    attributes = {
        "idVendor": vendor,
        "idProduct": product,
        "busnum": str(bus),
        "devnum": str(address),
        "dev": f"189:{minor}",
        "speed": str(speed),
        "bConfigurationValue": "1",
        **more,
    }
    lines = [
        f"P: {path}",
        f"N: {node}",
        f"E: DEVNAME=/dev/{node}",
        "E: DEVTYPE=usb_device",
        "E: SUBSYSTEM=usb",
        f"E: BUSNUM={bus:03d}",
        f"E: DEVNUM={address:03d}",
        f"E: PRODUCT={vendor}/{product}/0",
        "E: MAJOR=189",
        f"E: MINOR={minor}",
        *(f"A: {name}={value}\\n" for name, value in attributes.items()),
        f"H: descriptors={descriptors.hex().upper()}",
    ]
    return "\n".join(lines) + "\n"


def _descriptors(product: int, *, fast: bool, vendor: int = 0x1618) -> bytes:
    """Of device, configuration, interface and bulk endpoint, with its companion where the link is USB 3."""
    ids = vendor.to_bytes(2, "little") + product.to_bytes(2, "little")
    head = bytes([18, 1, 0, 3 if fast else 2, 0, 0, 0, 9 if fast else 64])
    companion = bytes([6, 0x30, 15, 0, 0, 0]) if fast else b""
    inside = (
        bytes([9, 4, 0, 0, 1, 0xFF, 0, 0, 0]) + bytes([7, 5, 0x81, 2, 0, 4 if fast else 2, 0]) + companion
    )
    size = (9 + len(inside)).to_bytes(2, "little")
    return head + ids + bytes([0, 0, 1, 2, 0, 1, 9, 2]) + size + bytes([1, 1, 0, 0x80, 0x32]) + inside


def _prepare(order: dict[str, Any], mock: Path) -> None:
    """What a description cannot say."""
    if order["memory"] is not None:
        parameters = mock / "sys" / "module" / "usbcore" / "parameters"
        parameters.mkdir(parents=True)
        (parameters / "usbfs_memory_mb").write_text(f"{order['memory']}\n", encoding="ascii")
    for node in (mock / "dev" / "bus" / "usb").glob("*/*"):
        node.chmod(order["mode"])


@contextmanager
def _another_process(order: dict[str, Any]) -> Iterator[None]:
    """A process that has a device open meanwhile."""
    if not order["opened_by_another"]:
        yield
        return
    node = f"/dev/bus/usb/002/{order['opened_by_another']:03d}"
    code = f"kept = open({node!r}, 'rb'); print('open', flush=True); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        try:
            yield
        finally:
            holder.communicate("\n")


class _Watch:
    """Which files below a folder are opened, by whatever process: the kernel tells."""

    def __init__(self, folders: Sequence[Path]):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._queue = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._queue >= 0
        for folder in folders:
            assert self._libc.inotify_add_watch(self._queue, os.fsencode(folder), _IN_OPEN) >= 0

    def opened(self) -> list[str]:
        """Names of the files that were opened since the last question."""
        names, rest = [], b""
        while True:
            try:
                rest += os.read(self._queue, 65536)
            except BlockingIOError:
                break
        while rest:
            mask, length = (int.from_bytes(rest[n : n + 4], sys.byteorder) for n in (4, 12))
            if not mask & _IN_ISDIR:
                names.append(rest[16 : 16 + length].rstrip(b"\0").decode())
            rest = rest[16 + length :]
        return names


def _main(path: str) -> None:
    from qhy600_ophyd.diagnosis import Places, diagnose
    from qhy600_ophyd.diagnosis.vendor_library import probe

    order = json.loads(Path(path).read_text(encoding="utf-8"))
    mock = Path(os.environ["UMOCKDEV_DIR"])
    _prepare(order, mock)
    watch = _Watch(sorted((mock / "dev" / "bus" / "usb").iterdir()))
    node = next(iter(sorted((mock / "dev" / "bus" / "usb").glob("*/*"))))
    node.read_bytes()
    assert watch.opened() == [node.name]  # it sees what it is for
    with _another_process(order):
        watch.opened()
        told = diagnose(
            places=Places(root=Path(order["root"])),
            probe=partial(probe, timeout=order["patience"]),
            **order["options"],
        ).as_json()
        opened = watch.opened()
    print(json.dumps(told | {"opened": opened}))


if __name__ == "__main__":
    _main(sys.argv[1])
