"""USB as libusb shows it, through pyusb: the way of every system, and on Linux the second opinion.

Only the list of devices and their descriptors are read. Text, configurations and interfaces would need the
device opened, so they are left alone. All of it happens in a process of its own: libusb keeps a thread.
"""

from __future__ import annotations

import json
from typing import Any

from qhy600_ophyd.diagnosis.child import Answer, ask
from qhy600_ophyd.diagnosis.places import Places
from qhy600_ophyd.diagnosis.usb_device import VENDOR, UsbDevice, UsbView

_SPEEDS = {1: 1.5, 2: 12.0, 3: 480.0, 4: 5000.0, 5: 10000.0}
"""libusb's numbers for a speed [Mbit/s] (libusb.h)."""

_TIMEOUT = 20.0
"""[s]"""

_ASKING = f"from {__name__} import tell; tell()"


def usb_view(places: Places | None) -> UsbView:
    """What libusb lists; says why where it lists nothing."""
    return view_of(ask(["-c", _ASKING], timeout=_TIMEOUT), places)


def view_of(answer: Answer, places: Places | None) -> UsbView:
    """What an answer of `tell` means."""
    if answer.trouble:
        return UsbView(trouble=f"libusb {answer.trouble}")
    if "trouble" in answer.said:
        return UsbView(trouble=answer.said["trouble"])
    return UsbView(devices=tuple(_device(entry, places) for entry in answer.said["devices"]))


def tell() -> None:
    """Print one JSON object: ``devices``, or the ``trouble`` that there was."""
    try:
        import usb.core
    except ImportError as error:
        print(json.dumps({"trouble": f"pyusb is missing ({error}): pip install pyusb"}))
        return
    try:
        found = list(usb.core.find(find_all=True, idVendor=VENDOR) or ())
    except usb.core.NoBackendError:
        print(json.dumps({"trouble": "pyusb finds no libusb-1.0 on this computer"}))
    except usb.core.USBError as error:
        print(json.dumps({"trouble": f"libusb cannot look: {error}"}))
    else:
        print(json.dumps({"devices": [_entry(device) for device in found]}))


def _entry(device: Any) -> dict[str, Any]:
    return {
        "product": device.idProduct,
        "bus": device.bus,
        "address": device.address,
        "ports": list(device.port_numbers or ()),
        "speed": device.speed,
    }


def _device(entry: dict[str, Any], places: Places | None) -> UsbDevice:
    bus, address = entry["bus"] or 0, entry["address"] or 0
    ports = ".".join(str(port) for port in entry["ports"])
    node = places.nodes / f"{bus:03d}" / f"{address:03d}" if places is not None else None
    return UsbDevice(
        product=entry["product"],
        bus=bus,
        address=address,
        port=f"{bus}-{ports or address}",
        speed=_SPEEDS.get(entry["speed"]),
        node=node,
    )
