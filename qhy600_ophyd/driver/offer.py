"""What a driven camera offers, asked of its head and of the tables."""

from __future__ import annotations

from qhy600_ophyd.contract import Capabilities, Delay, Limits, ReadoutMode, Settings
from qhy600_ophyd.driver.head import Control, Head, HeadMode
from qhy600_ophyd.sensor import Geometry, NotPublished, Rectangle
from qhy600_ophyd.sensor.gps_header import LENGTH
from qhy600_ophyd.sensor.readout_modes import SensorMode, readout_mode
from qhy600_ophyd.sensor.timing import timing

BINNINGS = (1, 2, 3, 4)
"""Others are accepted by the library and silently ignored."""

BIT_DEPTHS = (8, 16, 32)

_DARK_3X3, _OVERSCAN_3X3 = 8, 20
"""Columns and rows beside the image in the mode that sums on the chip."""


def capabilities(
    head: Head, *, geometry: Geometry, retries: int = 0, gps_header: bool = False
) -> Capabilities:
    """What `head`, connected and initialised once, offers on a chip of that geometry.

    The regions are known for the chip and not taken from the library, whose answers change with the order of
    the calls before (docs/decisions/0008).
    """
    shortest, longest = timing().exposure
    return Capabilities(
        identity=head.identity(),
        geometry=geometry,
        exposure=Limits(low=shortest, high=longest, unit="s", step=timing().line_time),
        modes=tuple(_mode(n, mode) for n, mode in enumerate(head.modes())),
        gain=_register(head, Control.GAIN),
        offset=_register(head, Control.OFFSET),
        usb_traffic=_register(head, Control.USB_TRAFFIC),
        temperature=_limits(head, Control.COOLER_TARGET, "degC"),
        binnings=BINNINGS,
        bit_depths=BIT_DEPTHS,
        pixel_size=3.76,
        counter="gps_header" if gps_header else "host",
        header_bytes=LENGTH if gps_header else 0,
        line_time=timing().line_time,
        start_delay=Delay(value=timing().best_start_delay, uncertainty=timing().start_delay_uncertainty),
        colour_filters=head.colour_filters(),
        retries=retries,
    )


def defaults(offer: Capabilities, head: Head) -> Settings:
    """What holds after the first initialisation: as the library says, with everything read, in 16 bit.

    But for the traffic register: the library's 50 makes every line, and so the shortest exposure, nearly
    three times as long as at 0, where the camera is as fast as it can be.
    """
    mode = offer.modes[head.selected_mode()].name
    return Settings(
        exposure=head.actual_exposure(),
        gain=_default(head, Control.GAIN),
        offset=_default(head, Control.OFFSET),
        readout_mode=mode,
        roi=offer.readable(True in offer.overscan, mode),
        binning=1,
        bit_depth=16,
        usb_traffic=None if head.limits(Control.USB_TRAFFIC) is None else 0.0,
        overscan=True in offer.overscan,
    )


def rounded(settings: Settings) -> Settings:
    """As the registers take them: whole numbers."""
    return settings.updated(
        Settings(
            gain=_whole(settings.gain),
            offset=_whole(settings.offset),
            usb_traffic=_whole(settings.usb_traffic),
        )
    )


def binned(area: Rectangle, binning: int) -> tuple[int, int, int, int]:
    """An area of unbinned pixels as the library wants it: in binned ones."""
    return area.x // binning, area.y // binning, area.width // binning, area.height // binning


def _mode(index: int, mode: HeadMode) -> ReadoutMode:
    try:
        known = readout_mode(mode.name)
    except NotPublished:
        return ReadoutMode(
            index=index,
            name=mode.name,
            refused="Nothing is known of this mode, not even where its regions lie",
        )
    return ReadoutMode(index=index, name=mode.name, refused=_refusal(known), geometry=_geometry(mode, known))


def _geometry(mode: HeadMode, known: SensorMode) -> Geometry | None:
    """Regions of a mode that sums pixels on the chip; ``None`` for the others."""
    if known.binning == 1:
        return None
    return Geometry.hardware_3x3(width=mode.width - _DARK_3X3, height=mode.height - _OVERSCAN_3X3)


def _refusal(mode: SensorMode) -> str:
    return "It needs the fibre interface, and this camera is on USB" if mode.fibre else ""


def _register(head: Head, control: Control) -> Limits | None:
    return _limits(head, control, "1")


def _limits(head: Head, control: Control, unit: str) -> Limits | None:
    found = head.limits(control)
    if found is None:
        return None
    low, high, step = found
    return Limits(low=low, high=high, unit=unit, step=step)


def _default(head: Head, control: Control) -> float | None:
    return None if head.limits(control) is None else head.read(control)


def _whole(register: float | None) -> float | None:
    return None if register is None else float(round(register))
