"""One exposure as the compiled loops want it: keys, rows, columns, and numbers in their units."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip.collecting import Exposed
from qhy600_ophyd.backends.simulated.chip.cosmic_rays import tracks
from qhy600_ophyd.backends.simulated.chip.noise_budget import thermal_sigma
from qhy600_ophyd.backends.simulated.chip.parameters import ChipParameters
from qhy600_ophyd.backends.simulated.chip.patterns import column_electrons, row_electrons, row_kinds
from qhy600_ophyd.backends.simulated.chip.purposes import Drawn, Fixed, fixed_key, frame_key
from qhy600_ophyd.backends.simulated.chip.random_bits import PIECE
from qhy600_ophyd.backends.simulated.chip.rare_pixels import no_pixels
from qhy600_ophyd.backends.simulated.chip.reading import Reading
from qhy600_ophyd.backends.simulated.chip.truth import Truth, ordinary_dark_current
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs, LightOnChip
from qhy600_ophyd.sensor import Geometry, Rectangle, Region

_NONE = np.empty((0, 0), np.float32)


def exposed(
    inputs: ExposureInputs,
    light: LightOnChip,
    previous: NDArray[np.float32] | None,
    *,
    parameters: ChipParameters,
    seed: int,
    geometry: Geometry,
    on_chip: int,
    truth: Truth,
) -> Exposed:
    """What falls on the area of `inputs` and is left in it from `previous`."""
    electrons = np.asarray(light.rows) * truth.quantum_efficiency * on_chip**2
    left = parameters.lag * np.asarray(previous) if parameters.lag and previous is not None else _NONE
    return Exposed(
        light=electrons.astype(np.float32),
        scene=_float32(light.scene),
        previous=_float32(left),
        colour=_float32(light.transmission),
        dark=np.float32(ordinary_dark_current(parameters, inputs.temperature, on_chip) * inputs.exposure),
        cosmic=tracks(
            rate=parameters.cosmic_rate,
            exposure=inputs.exposure,
            geometry=geometry,
            binning=on_chip,
            key=frame_key(seed, Drawn.COSMIC_RAYS, inputs.frame),
        ),
        electron_key=frame_key(seed, Drawn.ELECTRONS, inputs.frame),
        radius_key=frame_key(seed, Drawn.RADIUS, inputs.frame),
        turn_key=frame_key(seed, Drawn.TURN, inputs.frame),
        warm_key=frame_key(seed, Drawn.WARM_ELECTRONS, inputs.frame),
    )


def nothing(rows: int, chip_rows: int) -> Exposed:
    """No light and no warmth on an area of so many rows, for electrons that are known already."""
    return Exposed(
        light=np.zeros(rows, np.float32),
        scene=_NONE,
        previous=_NONE,
        colour=_NONE,
        dark=np.float32(0),
        cosmic=no_pixels(chip_rows),
        electron_key=np.uint64(0),
        radius_key=np.uint64(0),
        turn_key=np.uint64(0),
        warm_key=np.uint64(0),
    )


def reading(
    inputs: ExposureInputs,
    *,
    parameters: ChipParameters,
    seed: int,
    geometry: Geometry,
    on_chip: int,
    noise_step: np.float32,
    truth: Truth,
) -> Reading:
    """How the area of `inputs` is read."""
    gain = 1 / truth.readout.electrons_per_count
    rows = row_electrons(
        parameters,
        seed=seed,
        key=frame_key(seed, Drawn.ROWS, inputs.frame),
        area=inputs.area,
        line_time=inputs.line_time,
    )
    columns = column_electrons(parameters, seed=seed, geometry=geometry, binning=on_chip)
    return Reading(
        bend=truth.charge.bend,
        counts_per_electron=np.float32(gain),
        offset=(truth.readout.bias + gain * rows).astype(np.float32),
        columns=(gain * columns).astype(np.float32),
        kinds=row_kinds(geometry, inputs.area),
        noise=np.float32(gain * truth.noise.core * noise_step),
        jump_scale=np.float32(truth.noise.jump_scale),
        thermal=np.float32(thermal_sigma(parameters)),
        shift=threshold_shifts(parameters, seed),
        radius_key=frame_key(seed, Drawn.RADIUS, inputs.frame),
        turn_key=frame_key(seed, Drawn.TURN, inputs.frame),
        thermal_key=frame_key(seed, Drawn.THERMAL, inputs.frame),
        trap_key=fixed_key(seed, Fixed.TRAP_STATES, on_chip),
        time=np.int64(inputs.start + _nanoseconds(inputs.exposure)),
        line=np.int64(_nanoseconds(inputs.line_time)),
    )


def threshold_shifts(parameters: ChipParameters, seed: int) -> NDArray[np.float32]:
    """How late the lowest two bits of the converter's counter come [count], shape ``(2,)``.

    Thresholds are shifted by the sum over the bits that are set, so that code widths repeat with a period
    of 4 and differ from 1 by no more than the parameter (assumed; what is published is that there are
    irregularities).
    """
    place = np.random.Generator(np.random.Philox(key=int(fixed_key(seed, Fixed.CONVERTER, 1))))
    share = place.random(2)
    return (parameters.code_irregularity * share / share.sum()).astype(np.float32)


def pieces(geometry: Geometry, area: Rectangle) -> NDArray[np.int64]:
    """Columns of `area` that read something, in pieces: ``(column, pixels, 1 where light falls)``."""
    kinds = geometry.x_region(area)
    edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1), area.width]
    cut = []
    for first, last in pairwise(edges):
        if kinds[first] in (Region.IMAGE, Region.DARK):
            for start in range(first, last, PIECE):
                n = min(PIECE, last - start)
                cut.append((area.x + start, n, int(kinds[first] == Region.IMAGE)))
    return np.array(cut, np.int64).reshape(-1, 3)


def _float32(values: NDArray[np.floating] | None) -> NDArray[np.float32]:
    return _NONE if values is None else np.ascontiguousarray(values, np.float32)


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)
