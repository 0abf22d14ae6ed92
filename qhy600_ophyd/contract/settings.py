"""`Settings`: everything that decides what a frame will be."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from qhy600_ophyd.sensor import Rectangle


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is asked of a camera for the next frame, or what was true of the last one.

    ``None`` means "not given" in a request, and "not known" in what a camera reports.

    Parameters
    ----------
    exposure
        Exposure time of a row [s].
    gain, offset
        The camera's registers.
    readout_mode
        By the name that the camera itself gives it.
    roi
        Area in unbinned pixels, origin at the first column and row read, whatever `overscan` and
        `binning`; ``None`` asks for all that `overscan` leaves.
    binning
        Pixels summed along each axis.
    bit_depth
        Bits of a count.
    usb_traffic
        The camera's register that slows its line rate.
    overscan
        Whether the dark columns and the overscan rows are read too.
    """

    exposure: float | None = None
    gain: float | None = None
    offset: float | None = None
    readout_mode: str | None = None
    roi: Rectangle | None = None
    binning: int | None = None
    bit_depth: int | None = None
    usb_traffic: float | None = None
    overscan: bool | None = None

    def updated(self, other: Settings) -> Settings:
        """A copy in which every value given in `other` replaces the one here."""
        given = {f.name: v for f in fields(other) if (v := getattr(other, f.name)) is not None}
        return replace(self, **given)

    def with_value(self, name: str, value: Any) -> Settings:
        """A copy with one setting changed; ``None`` withdraws it."""
        return replace(self, **{name: value})

    @property
    def frame_shape(self) -> tuple[int, int]:
        """Rows and columns of a frame taken with these settings, which must be complete."""
        assert self.roi is not None
        binning = self.binning or 1
        return self.roi.height // binning, self.roi.width // binning

    def rows_of(self, nbytes: int) -> int:
        """Rows at the beginning of a frame of which so many bytes cover a part; at most all of them."""
        rows, columns = self.frame_shape
        return min(-(-nbytes // (columns * (int(self.frame_dtype[4:]) // 8))), rows) if columns else 0

    @property
    def frame_dtype(self) -> str:
        """Type of its counts: the smallest unsigned integer that holds the bit depth."""
        depth = self.bit_depth or 16
        return "uint8" if depth <= 8 else "uint16" if depth <= 16 else "uint32"


SETTING_NAMES: tuple[str, ...] = tuple(f.name for f in fields(Settings))

FRAME_SHAPING: tuple[str, ...] = ("roi", "bit_depth", "binning", "overscan")
"""Settings that decide a frame's shape or type, and so stay fixed within a stream."""
