"""One name, unit, type and meaning for everything that is recorded with a frame.

The device writes rows in these words and the datasets are read in them; nobody else defines a column.
A missing value is NaN, -1 or the empty string, by type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Field:
    """A column of the per-frame record.

    Parameters
    ----------
    name
        Of the dataset's coordinate, and of the event's key after the device's name.
    dtype
        A numpy type of fixed size: ``f8``, ``i8``, ``?`` or ``S<n>``.
    unit
        UDUNITS text; empty for names, "1" for pure numbers.
    meaning
        One line, in the words of the field.
    shape
        Of one value; () but for a rectangle.
    """

    name: str
    dtype: str
    unit: str
    meaning: str
    shape: tuple[int, ...] = ()

    @property
    def missing(self) -> Any:
        """The value that says "not known"."""
        kind = np.dtype(self.dtype).kind
        return {"f": np.nan, "i": -1, "S": b"", "b": False}[kind]


def _setting(
    name: str, dtype: str, unit: str, meaning: str, shape: tuple[int, ...] = ()
) -> tuple[Field, ...]:
    return (
        Field(name, dtype, unit, f"{meaning}: actual, written and confirmed by read-back", shape),
        Field(f"{name}_requested", dtype, unit, f"{meaning}: as requested", shape),
        Field(
            f"{name}_reported", dtype, unit, f"{meaning}: what the camera reported, confirmed or not", shape
        ),
    )


SETTING_FIELDS: tuple[Field, ...] = (
    *_setting("exposure", "f8", "s", "exposure time of a row"),
    *_setting("gain", "f8", "1", "gain register"),
    *_setting("offset", "f8", "1", "offset register"),
    *_setting("readout_mode", "S64", "", "readout mode, by the camera's own name"),
    *_setting("roi", "i8", "pixel", "x, y, width, height in unbinned sensor pixels", (4,)),
    *_setting("binning", "f8", "1", "pixels summed along each axis"),
    *_setting("bit_depth", "f8", "bit", "bits of a count"),
    *_setting("usb_traffic", "f8", "1", "USB traffic register"),
    *_setting("overscan", "?", "", "dark columns and overscan rows are read"),
)

LABEL_FIELDS: tuple[Field, ...] = (
    Field("frame_kind", "S8", "", "bias, dark, light or flat"),
    Field("step", "i8", "1", "level of the experiment that the frame belongs to"),
    Field("repeat", "i8", "1", "index of the frame within its level and kind"),
)

FRAME_FIELDS: tuple[Field, ...] = (
    Field("readout_mode_index", "f8", "1", "place of the readout mode in the list that this camera reports"),
    Field("sequence", "i8", "1", "frame number, counted by sequence_source"),
    Field("sequence_source", "S16", "", "gps_header, burst_counter or host"),
    Field("started", "i8", "1", "how often the camera was told to begin an exposure or a stream, until now"),
    Field("header", "S88", "", "bytes that the camera wrote over the first counts, in hexadecimal digits"),
    Field("retaken", "i8", "1", "frames taken for this row, never announced and cut before it"),
    Field("lost_before", "i8", "1", "frames of a live stream that are known to be missing before this one"),
    Field("retries", "i8", "1", "exposures before this one that gave no good frame"),
    Field("discarded", "i8", "1", "frames thrown away before this one, after an initialisation"),
    Field("unverified", "S48", "", "what nothing in the frame could show to be right, by name"),
    Field("undervoltage", "i8", "1", "code of the camera for its supply"),
    Field("saturation_code", "f8", "count", "largest count that the conversion can give"),
    Field("lateness", "f8", "s", "from the scheduled start of the exposure to when it was asked for"),
    Field("exposure_start", "i8", "ns", "start of the exposure of the first row, UTC"),
    Field("exposure_mid", "i8", "ns", "middle of the exposure of the central row, UTC"),
    Field("exposure_end", "i8", "ns", "end of the exposure of the first row, UTC"),
    Field("time_uncertainty", "f8", "s", "standard uncertainty of the three times"),
    Field("time_source", "S16", "", "clock that the three times come from"),
    Field("line_time", "f8", "s", "delay from one row's exposure to the next"),
    Field("row_order", "i8", "1", "1: the first row is exposed first; 0: the last one is"),
    Field("trigger_monotonic", "i8", "ns", "host's steady clock when the exposure was asked for"),
    Field("arrival_monotonic", "i8", "ns", "host's steady clock when the frame was complete"),
    Field("temperature", "f8", "degC", "sensor temperature at the end of the exposure"),
    Field("temperature_start", "f8", "degC", "sensor temperature at the start of the exposure"),
    Field("temperature_setpoint", "f8", "degC", "set point of the cooler"),
    Field("temperature_age", "f8", "s", "age of the temperature reading at the end of the exposure"),
    Field("cooler_power", "f8", "percent", "drive of the cooler"),
    Field(
        "irradiance",
        "f8",
        "photon/pixel/s",
        "photons that fall on a pixel of the sensor, before quantum efficiency",
    ),
    Field("wavelength", "f8", "nm", "wavelength of the light"),
    Field(
        "photons",
        "f8",
        "photon/pixel",
        "photons that fell on a pixel of the frame, binned or not, during the exposure",
    ),
    Field("mean", "f8", "count", "mean of the image region; above 16 Mpx of evenly spaced rows"),
    Field("black_level", "f8", "count", "mean of the optically dark region, outliers left out"),
    Field("overscan_level", "f8", "count", "mean of the overscan region, outliers left out"),
)

COLUMNS: tuple[Field, ...] = (*SETTING_FIELDS, *LABEL_FIELDS, *FRAME_FIELDS)
FIELDS: dict[str, Field] = {f.name: f for f in COLUMNS}

FRAME_KINDS: tuple[str, ...] = ("bias", "dark", "light", "flat")

TIME_COLUMNS: tuple[str, ...] = ("exposure_start", "exposure_mid", "exposure_end")
"""Columns that are instants in UTC; the other nanoseconds are of the host's steady clock."""
