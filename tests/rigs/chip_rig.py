"""A chip, an exposure of it and its truth, in one call each: what the tests of the sensor's physics share."""

from dataclasses import replace

import numpy as np

from qhy600_ophyd.backends.simulated.chip import Chip, ChipParameters
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs, LightOnChip, LightState
from qhy600_ophyd.sensor import Geometry

LINE = 40.55e-6
SMALL = Geometry.imx455(300, 200)
LARGE = Geometry.imx455(2000, 2000)
GREEN = LightState(irradiance=1.0, wavelength=530.0)
BIAS_ONLY = {"exposure": 40.55e-6, "photons": 0.0}


def chip(geometry: Geometry = SMALL, *, seed: int = 7, threads: int = 2, **parameters) -> Chip:
    return Chip(ChipParameters.ideal(**parameters), seed=seed, geometry=geometry, threads=threads)


def real(geometry: Geometry = SMALL, *, seed: int = 7, threads: int = 2, **parameters) -> Chip:
    return Chip(ChipParameters(**parameters), seed=seed, geometry=geometry, threads=threads)


def inputs_of(chip: Chip, **changes) -> ExposureInputs:
    mode = changes.get("mode", "high_gain")
    standard = ExposureInputs(
        frame=0,
        mode=mode,
        gain=0.0,
        offset=30.0,
        area=chip.geometry_of(mode).total,
        binning=1,
        bit_depth=16,
        exposure=1.0,
        start=0,
        line_time=LINE,
        usb_traffic=0.0,
        temperature=0.0,
        light=GREEN,
    )
    return replace(standard, **changes)


def frame(chip: Chip, *, photons: float = 1000.0, light: LightOnChip | None = None, **changes) -> np.ndarray:
    inputs = inputs_of(chip, **{"start": changes.get("frame", 0) * 2_000_000_000, **changes})
    area, binning = inputs.area, inputs.binning
    out = np.empty((area.height // binning, area.width // binning), f"uint{inputs.bit_depth}")
    chip.expose(out, inputs, light or LightOnChip(rows=np.full(area.height, photons)))
    return out.astype(np.int64)


def frames(chip: Chip, n: int, **changes) -> np.ndarray:
    return np.array([frame(chip, frame=number, **changes) for number in range(n)])


def truth_of(chip: Chip, **changes):
    inputs = inputs_of(chip, **changes)
    return chip.truth(inputs, inputs.temperature, wavelength=530.0)


def image(counts: np.ndarray, geometry: Geometry = SMALL) -> np.ndarray:
    area = geometry.image
    return counts[..., area.y : area.y + area.height, area.x : area.x + area.width]
