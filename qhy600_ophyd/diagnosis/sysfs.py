"""USB as Linux shows it in files. Reading them opens no device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from qhy600_ophyd.diagnosis.places import Places
from qhy600_ophyd.diagnosis.usb_device import VENDOR, UsbDevice, UsbView


def usb_view(places: Places) -> UsbView | None:
    """What is connected; ``None`` where the system has no such files."""
    folder = places.sys / "bus" / "usb" / "devices"
    if not folder.is_dir():
        return None
    entries = sorted(folder.iterdir())
    speeds = [_speed(entry) for entry in entries if entry.name.startswith("usb")]
    return UsbView(
        devices=tuple(_devices(entries, places)),
        fastest=max((speed for speed in speeds if speed is not None), default=None),
    )


def usbfs_memory(places: Places) -> int | None:
    """Most that all programs together may have under way [MB]; 0 for no limit, ``None``: not known."""
    text = _read(places.sys / "module" / "usbcore" / "parameters" / "usbfs_memory_mb")
    return int(text) if text.isdigit() else None


def _devices(entries: list[Path], places: Places) -> Iterator[UsbDevice]:
    for entry in entries:
        if ":" in entry.name or _read(entry / "idVendor") != f"{VENDOR:04x}":
            continue
        # A device that is unplugged meanwhile leaves files that are empty or gone.
        with suppress(ValueError):
            bus, address = int(_read(entry / "busnum")), int(_read(entry / "devnum"))
            yield UsbDevice(
                product=int(_read(entry / "idProduct"), 16),
                bus=bus,
                address=address,
                port=entry.name,
                text=f"{_read(entry / 'manufacturer')} {_read(entry / 'product')}".strip(),
                speed=_speed(entry),
                node=places.nodes / f"{bus:03d}" / f"{address:03d}",
                drivers=_drivers(entry, entries),
            )


def _drivers(device: Path, entries: list[Path]) -> tuple[str, ...] | None:
    """Drivers of its interfaces; a program that claims one puts "usbfs" there (kernel: usb/core/devio.c)."""
    interfaces = [entry for entry in entries if entry.name.startswith(f"{device.name}:")]
    if not interfaces:
        return None
    links = [interface / "driver" for interface in interfaces]
    return tuple(link.readlink().name for link in links if link.is_symlink())


def _speed(entry: Path) -> float | None:
    with suppress(ValueError):
        return float(_read(entry / "speed"))
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
