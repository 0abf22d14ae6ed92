"""Quantum efficiency against wavelength."""

from __future__ import annotations

import numpy as np

from qhy600_ophyd.sensor.tables import NotPublished, table

WAVELENGTHS = (400.0, 1000.0)
"""Range of the chart [nm]."""


def quantum_efficiency(wavelength: float) -> float:
    """Electrons per photon at a wavelength [nm]; the chart is joined by straight lines.

    Raises
    ------
    NotPublished
        The chart ends before that wavelength.
    """
    low, high = WAVELENGTHS
    if not low <= wavelength <= high:
        raise NotPublished(
            f"no quantum efficiency is published at {wavelength:g} nm; "
            f"the chart goes from {low:g} to {high:g} nm"
        )
    nanometres, efficiency = np.array(table("quantum_efficiency")["rows"], dtype=float).T
    return float(np.interp(wavelength, nanometres, efficiency))
