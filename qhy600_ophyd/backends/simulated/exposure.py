"""One exposure: all steps of the photon's way, into the caller's memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated import kernels
from qhy600_ophyd.backends.simulated.charge import Charge, dark_factors, response_factors
from qhy600_ophyd.backends.simulated.random_keys import Purpose, key
from qhy600_ophyd.backends.simulated.readout import Readout
from qhy600_ophyd.sensor import Geometry, Rectangle, Region

_PIXELS_PER_THREAD = 100_000
_COLUMN_KINDS = {Region.IMAGE: kernels.IMAGE, Region.DARK: kernels.DARK, Region.TRANSITION: kernels.ZERO}


def expose(
    out: NDArray[Any],
    *,
    photons: float,
    seconds: float,
    charge: Charge,
    dark_spread: float,
    readout: Readout,
    geometry: Geometry,
    area: Rectangle,
    seed: int,
    frame: int,
    threads: int,
) -> None:
    """Fill `out` with the counts of one exposure.

    Columns between the dark ones and the image read 0; rows below the image have no charge. The counts depend
    on every argument but `threads`.

    Parameters
    ----------
    out
        ``uint16`` or ``uint8``, shape ``(area.height // binning, area.width // binning)``.
    photons
        That fall on each pixel of the image.
    seconds
        Exposure.
    charge, readout
        The sensor.
    dark_spread
        Standard deviation of the logarithm of the pixels' dark currents.
    geometry, area
        The chip, and what of it is read, in unbinned pixels.
    seed, frame
        Where the randomness comes from; the fixed patterns come from the seed alone.
    threads
        Most threads to use.
    """
    columns = np.array([_COLUMN_KINDS[Region(r)] for r in geometry.x_region(area)], dtype=np.int8)
    rows_with_charge = geometry.y_region(area) == Region.IMAGE
    keys = np.array(
        [
            key(seed, Purpose.PATTERN),
            key(seed, Purpose.ELECTRONS, frame),
            key(seed, Purpose.READ_NOISE, frame),
        ],
        dtype=np.uint64,
    )

    def rows(first: int, last: int) -> None:
        kernels.expose_rows(
            out,
            first,
            last,
            area.x,
            area.y,
            readout.binning,
            columns,
            rows_with_charge,
            keys,
            float(photons * charge.quantum_efficiency),
            response_factors(charge.prnu),
            float(charge.dark_current * seconds),
            dark_factors(dark_spread),
            float(charge.pixel_well),
            float(charge.nonlinearity / charge.pixel_well),
            1.0 / readout.electrons_per_count,
            readout.read_noise / readout.electrons_per_count,
            float(readout.bias),
            readout.shift,
        )

    parts = max(min(threads, area.width * area.height // _PIXELS_PER_THREAD), 1)
    edges = [out.shape[0] * n // parts for n in range(parts + 1)]
    if parts == 1:
        rows(0, out.shape[0])
        return
    with ThreadPoolExecutor(parts, thread_name_prefix="simulated-exposure") as pool:
        list(pool.map(rows, edges[:-1], edges[1:]))
