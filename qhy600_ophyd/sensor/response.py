"""Electrons per count, read noise and pixel well of each readout mode, against the gain register.

Within a branch of the conversion gain a table is joined by straight lines, since the system gain falls
linearly with the register; at the switch it jumps. Above its last row the system gain follows the vendor's
decibel curve, K(g) = K(g0) 10^(-(dB(g) - dB(g0)) / 20), and the read noise in electrons stays: both are
extrapolated. Modes for which nothing is published have the response of `sensor.assumed_response`; `source`
tells the three apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.sensor.assumed_response import AssumedResponse, assumed_response
from qhy600_ophyd.sensor.readout_modes import readout_mode
from qhy600_ophyd.sensor.tables import NotPublished, table

Column = NDArray[np.float64]

HIGHEST_GAIN = 200.0


@dataclass(frozen=True, kw_only=True)
class Response:
    """The table of one readout mode.

    Parameters
    ----------
    gain
        Gain register of each row, shape ``(rows,)``.
    electrons_per_count
        System gain [e-/count], scaled to the specified full well, same shape.
    read_noise
        RMS [e-], same shape.
    pixel_well
        Charge that a photodiode holds [e-], the same in every mode: more than any converter range.
    switch
        First gain of the high-conversion-gain branch; ``None`` where there is no such branch.
    decibels
        Gain register and dB of the curve beyond the last row, shape ``(points, 2)``.
    """

    gain: Column
    electrons_per_count: Column
    read_noise: Column
    pixel_well: float
    switch: float | None
    decibels: Column


@cache
def response(mode: str) -> Response:
    """The table of a readout mode, by the camera's name for it or our own.

    Raises
    ------
    NotPublished
        The mode is not known, or nothing is published for it.
    """
    known = readout_mode(mode)
    if not known.has_response:
        with_response = ", ".join(
            name for name, entry in table("response").items() if isinstance(entry, dict)
        )
        raise NotPublished(f"no response is published for {known.name!r}; there is one for {with_response}")
    entry, scale = table("response")[known.id], table("response")["scale"]
    gain, system_gain, noise, _ = np.array(entry["rows"], dtype=float).T
    return Response(
        gain=gain,
        electrons_per_count=system_gain * scale,
        read_noise=noise,
        pixel_well=float(table("response")["pixel_well"]),
        switch=entry.get("switch"),
        decibels=np.array(table("gain_decibels")[entry["decibels"]], dtype=float),
    )


def electrons_per_count(mode: str, gain: float) -> float:
    """System gain [e-/count] at a gain register from 0 to 200; falls with the gain, always above zero.

    Raises
    ------
    NotPublished
        The mode is not known, or the gain lies outside 0-200.
    """
    _check(gain)
    assumed = _assumed(mode)
    if assumed is not None:
        return assumed.electrons_per_count(gain)
    rows = response(mode)
    value = _within_branch(rows, rows.electrons_per_count, gain)
    last = float(rows.gain[-1])
    if gain <= last:
        return value
    register, decibels = rows.decibels.T
    beyond = np.interp(gain, register, decibels) - np.interp(last, register, decibels)
    return value * float(10 ** (-beyond / 20))


def read_noise(mode: str, gain: float) -> float:
    """Read noise [e-, RMS over pixels] at a gain register from 0 to 200. Raises as `electrons_per_count`."""
    _check(gain)
    assumed = _assumed(mode)
    if assumed is not None:
        return assumed.read_noise(gain)
    rows = response(mode)
    return _within_branch(rows, rows.read_noise, gain)


def pixel_well(mode: str) -> float:
    """Charge [e-] that a pixel of the mode holds, assumed in all of them; what can be counted may be less.

    Raises `NotPublished` where the mode is not known.
    """
    assumed = _assumed(mode)
    return response(mode).pixel_well if assumed is None else assumed.well


def source(mode: str, gain: float) -> Literal["published", "extrapolated", "assumed"]:
    """Where the response of a mode at a gain comes from. Raises as `electrons_per_count`."""
    _check(gain)
    if _assumed(mode) is not None:
        return "assumed"
    return "extrapolated" if is_extrapolated(mode, gain) else "published"


def is_extrapolated(mode: str, gain: float) -> bool:
    """Whether that gain lies above the last row of the mode's table. Raises `NotPublished`."""
    return gain > float(response(mode).gain[-1])


def _check(gain: float) -> None:
    if not 0 <= gain <= HIGHEST_GAIN:
        raise NotPublished(f"no response is known at gain {gain:g}; the register goes from 0 to 200")


def _assumed(mode: str) -> AssumedResponse | None:
    known = readout_mode(mode)
    return None if known.has_response else assumed_response(known)


def _within_branch(rows: Response, column: Column, gain: float) -> float:
    if rows.switch is None:
        branch = np.full(rows.gain.shape, True)
    else:
        branch = (rows.gain >= rows.switch) == (gain >= rows.switch)
    return float(np.interp(gain, rows.gain[branch], column[branch]))
