"""`UsbDevice` and `UsbView`: what USB shows without being asked anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

VENDOR = 0x1618
"""QHYCCD."""

BARE, READY = 0xC600, 0xC601
"""A QHY600 before and after its firmware is loaded (decoded from QHY600.img; issue 484 of indi-3rdparty)."""

NOT_OVER_USB = frozenset({0xC603, 0xC605, 0xC607})
"""Variants that libqhyccd knows and refuses over USB (seen with 26.6.4 and 25.9.29)."""

SUPER_SPEED, HIGH_SPEED = 5000.0, 480.0
"""USB 3 and USB 2 [Mbit/s]."""


@dataclass(frozen=True, kw_only=True)
class UsbDevice:
    """A device of QHYCCD.

    Parameters
    ----------
    product
        The number that says what it is.
    bus, address
        Where it is now; the address changes whenever it is plugged in.
    port
        Bus and the ports on the way to it, such as ``"2-1.4"``.
    text
        What it says of itself; empty where that cannot be read without opening it.
    speed
        Of its link [Mbit/s]; ``None`` where it is not known.
    node
        File through which programs speak to it; ``None`` where the system has no such files.
    drivers
        Names of the kernel's drivers that hold it, ``"usbfs"`` standing for a program; ``None``: not known.
    """

    product: int
    bus: int
    address: int
    port: str
    text: str = ""
    speed: float | None = None
    node: Path | None = None
    drivers: tuple[str, ...] | None = None

    @property
    def is_qhy600(self) -> bool:
        """Whether it is a QHY600 that works over USB, with or without its firmware."""
        return self.product in (BARE, READY)

    @property
    def ids(self) -> str:
        """As ``lsusb`` gives it: ``1618:c601``."""
        return f"{VENDOR:04x}:{self.product:04x}"

    def __str__(self) -> str:
        return f"{self.ids} {self.text}".rstrip() + f" at {self.port}"


@dataclass(frozen=True, kw_only=True)
class UsbView:
    """What one way of looking shows.

    Parameters
    ----------
    devices
        Those of QHYCCD.
    fastest
        Speed of the fastest USB controller [Mbit/s]; ``None`` where it is not known.
    trouble
        Why nothing could be seen; empty where it could.
    """

    devices: tuple[UsbDevice, ...] = ()
    fastest: float | None = None
    trouble: str = ""

    @property
    def cameras(self) -> tuple[UsbDevice, ...]:
        """The QHY600 among the devices."""
        return tuple(device for device in self.devices if device.is_qhy600)

    @property
    def ready(self) -> tuple[UsbDevice, ...]:
        """The QHY600 whose firmware is loaded."""
        return tuple(device for device in self.devices if device.product == READY)
