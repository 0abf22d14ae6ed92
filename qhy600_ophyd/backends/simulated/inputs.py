"""What one exposure was made from, complete enough to make it again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.sensor import Rectangle


@dataclass(frozen=True, kw_only=True)
class LightState:
    """The light during an exposure.

    Parameters
    ----------
    irradiance
        Photons per pixel and second where the scene is 1, in the mean over flicker.
    wavelength
        [nm].
    scene
        Name of the scene; ``"flat"`` is 1 everywhere.
    flicker_frequency, flicker_depth
        [Hz] of the light (twice the mains') and its relative amplitude, 0 to 1; the light is
        ``irradiance * (1 + depth * cos(2 pi frequency t))`` with t in seconds since the camera was made.
    """

    irradiance: float
    wavelength: float
    scene: str = "flat"
    flicker_frequency: float = 0.0
    flicker_depth: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ExposureInputs:
    """Everything that decides the counts of one frame, beside the camera itself.

    Parameters
    ----------
    frame
        Number of the exposure since the camera was made; the key of its random numbers.
    mode
        Our own name of the readout mode, as in `sensor.readout_modes`.
    gain, offset
        What the registers of the sensor truly hold.
    area
        Read, in unbinned pixels of that mode.
    binning, bit_depth
        After conversion: pixels summed along each axis, and 8, 16 or 32 bits of the sum.
    exposure
        Of a row, truly [s].
    start
        Start of the exposure of row 0 of `area`, since the camera was made [ns].
    line_time
        From one row's exposure to the next [s].
    usb_traffic
        Register that lengthens the line, which moves the banding.
    temperature
        Of the sensor, mean over the exposure [°C].
    light
        What it stood under.
    utc
        The same start as UTC [ns]; nothing but a header in the frame depends on it.
    """

    frame: int
    mode: str
    gain: float
    offset: float
    area: Rectangle
    binning: int
    bit_depth: int
    exposure: float
    start: int
    line_time: float
    usb_traffic: float
    temperature: float
    light: LightState
    utc: int = 0


@dataclass(frozen=True, kw_only=True)
class LightOnChip:
    """The light of one exposure, as it falls on the area that is read.

    Parameters
    ----------
    rows
        Photons in the exposure of each unbinned row of the area on a pixel where the scene is 1,
        float64, shape ``(area.height,)``.
    scene
        What the photons of each pixel of the area are multiplied by, float32, shape
        ``(area.height, area.width)``; ``None`` for 1 everywhere.
    transmission
        Of the colour filters, float64, shape ``(2, 2)``, by parity of the chip's row and column;
        ``None`` for a monochrome camera.
    """

    rows: NDArray[np.float64]
    scene: NDArray[np.float32] | None = None
    transmission: NDArray[np.float64] | None = None
