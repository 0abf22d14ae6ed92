"""What an experiment should have found, from what a simulated camera injected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qhy600_ophyd.analysis import linearity_error
from qhy600_ophyd.contract import SETTING_NAMES, Settings
from qhy600_ophyd.sensor import Rectangle

if TYPE_CHECKING:
    import xarray as xr

    from qhy600_ophyd.analysis import Linearity


_NEAR = 500_000_000
"""Nanoseconds that a true exposure may begin from its recorded start; the host knows it to about 0.1 s."""


def settings_of(run: xr.Dataset, frame: int = 0) -> Settings:
    """The actual settings that a frame of a run was taken with."""
    values = {name: run[name].values[frame] for name in SETTING_NAMES}
    return Settings(
        exposure=float(values["exposure"]),
        gain=float(values["gain"]),
        offset=float(values["offset"]),
        readout_mode=str(values["readout_mode"]),
        roi=Rectangle(*(int(v) for v in values["roi"])),
        binning=int(values["binning"]),
        bit_depth=int(values["bit_depth"]),
        usb_traffic=float(values["usb_traffic"]),
        overscan=bool(values["overscan"]),
    )


def exposure_of(run: xr.Dataset, frame: int, presented: Sequence[Any]) -> Any:
    """The true exposure of a frame: the nearest in time, within what the recorded time is uncertain by."""
    start = int(run["exposure_start"].values[[frame]].astype("datetime64[ns]").astype("int64")[0])
    if start < 0 or not presented:
        return None
    nearest = min(presented, key=lambda record: abs(record.exposure_start - start))
    # The frame is that of another program, or of a bench before this one, where none is near.
    return nearest if abs(nearest.exposure_start - start) < _NEAR else None


def expected(truth: Any, linearity: Linearity) -> dict[str, float]:
    """Injected values by quantity.

    The truth of a linearity error is the same formula on the noise-free response, at the same levels; that
    of the full well is the charge at which the noise of the light is largest, as EMVA 1288 defines it.

    Parameters
    ----------
    truth
        Of the simulated camera, at the settings and temperature of the run.
    linearity
        The result; only its levels are looked at.

    Returns
    -------
    dict
        By the names of the report, in its units.
    """
    levels = linearity.levels
    photons, exposures = levels["photons"].values, levels["exposure"].values
    signal = np.array(
        [truth.mean_counts(p, t) - truth.mean_counts(0.0, t) for p, t in zip(photons, exposures, strict=True)]
    )
    errors = linearity_error(photons, signal, used=levels["used"].values)
    return {
        "electrons_per_count": float(truth.electrons_per_count),
        "responsivity": float(truth.responsivity),
        "quantum_efficiency": float(truth.quantum_efficiency),
        "read_noise": float(truth.read_noise),
        "full_well": full_well_by_variance(truth),
        "linearity_error_min": float(errors.minimum),
        "linearity_error_max": float(errors.maximum),
        "linearity_error_mean": float(errors.mean),
    }


def full_well_by_variance(truth: Any) -> float:
    """Charge [e-] at which the temporal variance is largest: Q (dS/dQ)^2 for a mean signal S of a charge Q.

    It lies below what the pixel holds and the converter counts: a little where the converter clips, much
    where the response bends before.

    Parameters
    ----------
    truth
        Of a simulated camera.
    """
    charge = np.linspace(0.3, 1.1, 1601) * truth.full_well
    signal = truth.mean_counts(charge / truth.quantum_efficiency, 0.0)
    return float(charge[np.argmax(charge * np.gradient(signal, charge) ** 2)])
