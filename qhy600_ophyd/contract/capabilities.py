"""What a camera offers, so that nobody above it has to know which camera it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from qhy600_ophyd.contract.errors import SettingRefused
from qhy600_ophyd.contract.limits import Limits
from qhy600_ophyd.contract.settings import Settings
from qhy600_ophyd.sensor import Geometry, Rectangle

Counter = Literal["gps_header", "burst_counter", "host"]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the camera is; an empty text means "not known".

    Parameters
    ----------
    model, serial
        As the camera names itself.
    firmware, fpga
        Versions of what runs in it.
    sdk
        Version of the library it is driven through.
    sensor
        Type of the chip.
    usb
        How fast its link is: ``"USB 3"`` or ``"USB 2"``.
    """

    model: str
    serial: str = ""
    firmware: str = ""
    fpga: str = ""
    sdk: str = ""
    sensor: str = ""
    usb: str = ""


@dataclass(frozen=True, kw_only=True)
class ReadoutMode:
    """One readout mode, as this camera lists it.

    Parameters
    ----------
    index
        Place in this camera's own list; another firmware may number differently.
    name
        The camera's own name.
    refused
        Why this camera cannot use it now (a mode for fibre on USB); empty if it can.
    geometry
        Regions of its frames, where they are not those of the other modes (pixels summed on the chip).
    """

    index: int
    name: str
    refused: str = ""
    geometry: Geometry | None = None


@dataclass(frozen=True, kw_only=True)
class Delay:
    """A delay known only roughly: its best value and standard uncertainty [s]."""

    value: float = 0.0
    uncertainty: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RecordedLevel:
    """Frames that a recording holds for one exposure and one light."""

    exposure: float
    light: str
    frames: int


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """Shape, modes, ranges and counter of one camera. ``None`` for limits: the setting does not exist.

    Parameters
    ----------
    identity
        Model, serial number, firmware, SDK, sensor.
    geometry
        Regions of the whole readout, unbinned, in every mode that has no geometry of its own.
    pixel_size
        Pitch [µm], where known.
    modes
        Readout modes in the camera's own order.
    exposure, gain, offset, usb_traffic, temperature
        Limits of each.
    binnings, bit_depths, overscan
        All that can be asked for.
    counter
        Where the frame numbers come from.
    header_bytes
        How many bytes at the beginning of each frame hold a header with that number, and no counts.
    line_time
        Delay from one row's exposure to the next [s]; ``None`` if not known, 0 for a global shutter.
    start_delay
        From the host's trigger to the start of the first row's exposure.
    recorded
        What can be replayed; ``None`` for a camera that exposes.
    colour_filters
        Filters of the first two pixels of the image's first two rows, as ``"RGGB"``; empty without filters.
    retries
        How often the camera takes a bad frame again by itself, which a wait for a frame has to allow for.
    """

    identity: Identity
    geometry: Geometry
    exposure: Limits
    modes: tuple[ReadoutMode, ...] = ()
    gain: Limits | None = None
    offset: Limits | None = None
    usb_traffic: Limits | None = None
    temperature: Limits | None = None
    binnings: tuple[int, ...] = (1,)
    bit_depths: tuple[int, ...] = (16,)
    overscan: tuple[bool, ...] = (True, False)
    pixel_size: float | None = None
    counter: Counter = "host"
    header_bytes: int = 0
    line_time: float | None = None
    start_delay: Delay = field(default_factory=Delay)
    recorded: tuple[RecordedLevel, ...] | None = None
    colour_filters: str = ""
    retries: int = 0

    def mode(self, name_or_index: str | int) -> ReadoutMode:
        """The readout mode of that name, or at that place in this camera's list.

        Raises
        ------
        SettingRefused
            There is none, or this camera cannot use it; lists what it has.
        """
        usable = [m for m in self.modes if not m.refused]
        allowed = (
            ", ".join(f"{m.index} {m.name!r}" for m in usable) or "none: this camera has no readout modes"
        )
        for mode in self.modes:
            if name_or_index in (mode.name, mode.index) and not isinstance(name_or_index, bool):
                if mode.refused:
                    raise SettingRefused(
                        "readout_mode", repr(name_or_index), allowed=allowed, advice=f"{mode.refused}."
                    )
                return mode
        raise SettingRefused("readout_mode", repr(name_or_index), allowed=allowed)

    def check(self, name: str, value: Any, *, now: Any = None) -> Any:
        """One setting by itself: the value in its own type, a readout mode by its name.

        Raises
        ------
        SettingRefused
            The value is not allowed whatever the other settings are.
        """
        if name == "readout_mode":
            return self._checked_mode(value, now)
        if name == "roi":
            return self._checked_roi(value, now)
        if name in ("binning", "bit_depth", "overscan"):
            return self._checked_choice(name, value, now)
        return self._checked_number(name, value, now)

    def resolve(self, asked: Settings, *, now: Settings) -> Settings:
        """The whole of the settings together: `asked` over `now`, the ROI inside what is read, inwards.

        Whoever changes from single pixels to sums of them, or back, and asks for no bit depth gets one that
        holds them: 32 for sums, 16 for single pixels.

        Raises
        ------
        SettingRefused
            One value is not allowed, or the ROI lies outside what `overscan` leaves.
        """
        merged = replace(now, roi=None).updated(asked)
        checked = {
            name: self.check(name, value, now=getattr(now, name))
            for name in Settings.__dataclass_fields__
            if (value := getattr(asked, name)) is not None
        }
        merged = replace(merged, **{"bit_depth": self.fitting_depth(asked, now), **checked})
        readable = self.readable(bool(merged.overscan), merged.readout_mode)
        area = (merged.roi or readable).inwards(merged.binning or 1)
        if not readable.contains(merged.roi or readable) or area.width < 1 or area.height < 1:
            raise SettingRefused(
                "roi",
                merged.roi,
                allowed=f"any area of at least one binned pixel inside {readable}",
                now=now.roi,
                advice="" if merged.overscan else "With overscan=True the whole sensor can be read",
            )
        return replace(merged, roi=area)

    def readable(self, overscan: bool, readout_mode: str | None = None) -> Rectangle:
        """The area read out in a mode: everything, or the image area alone."""
        geometry = self.geometry_in(readout_mode)
        return geometry.total if overscan else geometry.image

    def geometry_in(self, readout_mode: str | None) -> Geometry:
        """Regions of the whole readout in the mode of that name."""
        own = {mode.name: mode.geometry for mode in self.modes}
        return own.get(readout_mode or "") or self.geometry

    def fitting_depth(self, asked: Settings, now: Settings) -> int | None:
        """Bits for the binning that is asked for, where `asked` leaves them open: `now`'s, if these do.

        A change from single pixels to sums of them takes 32, one back takes 16.
        """
        changes = asked.binning is not None and (asked.binning > 1) != ((now.binning or 1) > 1)
        if not changes or now.bit_depth not in (16, 32):
            return now.bit_depth
        wanted = 32 if asked.binning != 1 else 16
        return wanted if wanted in self.bit_depths else now.bit_depth

    def _checked_mode(self, value: Any, now: Any) -> str:
        try:
            return self.mode(value).name
        except SettingRefused as refused:
            refused_now = SettingRefused(
                "readout_mode", refused.asked, allowed=refused.allowed, now=now, advice=refused.advice
            )
            raise refused_now from None

    def _checked_roi(self, value: Any, now: Any) -> Rectangle:
        total = self.geometry.total
        allowed = f"x, y, width, height inside {total}, in unbinned pixels"
        try:
            area = value if isinstance(value, Rectangle) else Rectangle(*(_whole(v) for v in value))
        except (TypeError, ValueError):
            raise SettingRefused("roi", value, allowed=allowed, now=now) from None
        if area.width < 1 or area.height < 1 or not total.contains(area):
            raise SettingRefused("roi", area, allowed=allowed, now=now)
        return area

    def _checked_choice(self, name: str, value: Any, now: Any) -> Any:
        choices: tuple[Any, ...] = {
            "binning": self.binnings,
            "bit_depth": self.bit_depths,
            "overscan": self.overscan,
        }[name]
        for choice in choices:
            if value == choice:
                return choice
        raise SettingRefused(name, value, allowed="one of " + ", ".join(map(str, choices)), now=now)

    def _checked_number(self, name: str, value: Any, now: Any) -> float:
        limits: Limits | None = getattr(self, name)
        if limits is None:
            raise SettingRefused(
                name,
                value,
                allowed="nothing",
                advice=f"{self.identity.model} has no such setting, or none was recorded",
            )
        try:
            number = float(value)
            if isinstance(value, bool):
                raise TypeError
        except (TypeError, ValueError):
            raise SettingRefused(name, repr(value), allowed=f"a number, {limits}", now=now) from None
        if not limits.accepts(number):
            raise SettingRefused(name, f"{number:g}", allowed=str(limits), now=now)
        return number


def _whole(value: Any) -> int:
    if int(value) != value:
        raise ValueError(value)
    return int(value)
