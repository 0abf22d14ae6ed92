"""Frames from exposures: light, chip and header put together, now or again from a record."""

from __future__ import annotations

from contextlib import nullcontext
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip import Chip
from qhy600_ophyd.backends.simulated.head.gps import write_header
from qhy600_ophyd.backends.simulated.head.patience import told_when_slow
from qhy600_ophyd.backends.simulated.head.record import ExposureRecord
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs, LightOnChip
from qhy600_ophyd.backends.simulated.scene import on_chip

_TYPES = {8: np.uint8, 16: np.uint16, 32: np.uint32}


class Darkroom:
    """Makes counts of what an exposure was made from.

    Parameters
    ----------
    chip
        The sensor.
    seed
        Of the camera.
    colour
        Whether the chip has filters.
    """

    def __init__(self, chip: Chip, *, seed: int, colour: bool):
        self._chip, self._seed, self._colour = chip, seed, colour
        self._prepared = False

    def develop(
        self,
        out: NDArray[np.uint8],
        inputs: ExposureInputs,
        *,
        header: bytes = b"",
        previous: ExposureInputs | None = None,
    ) -> NDArray[Any]:
        """Write the frame into `out`, flat, of exactly its bytes; returns a view with its shape."""
        rows, columns = inputs.area.height // inputs.binning, inputs.area.width // inputs.binning
        counts = out.view(_TYPES[inputs.bit_depth]).reshape(rows, columns)
        if counts.size:
            with nullcontext() if self._prepared else told_when_slow():
                charge = None if previous is None else self._chip.charge(previous, self._light(previous))
                self._chip.expose(counts, inputs, self._light(inputs), charge)
            self._prepared = True
            write_header(out, header)
        return counts

    def again(self, record: ExposureRecord) -> NDArray[Any]:
        """The counts of a recorded exposure, made anew: shape ``(rows, columns)``."""
        return self.develop(
            np.empty(frame_bytes(record.inputs), np.uint8),
            record.inputs,
            header=record.header,
            previous=record.previous,
        )

    def _light(self, inputs: ExposureInputs) -> LightOnChip:
        return on_chip(
            inputs.light,
            area=inputs.area,
            start_ns=inputs.start,
            exposure=inputs.exposure,
            line_time=inputs.line_time,
            geometry=self._chip.geometry_of(inputs.mode),
            seed=self._seed,
            colour=self._colour,
        )


def frame_bytes(inputs: ExposureInputs) -> int:
    """Bytes of a frame."""
    rows, columns = inputs.area.height // inputs.binning, inputs.area.width // inputs.binning
    return rows * columns * inputs.bit_depth // 8


def digest(counts: NDArray[Any]) -> bytes:
    """BLAKE2b of 16 bytes over the counts in C order, in the machine's own byte order."""
    return blake2b(np.ascontiguousarray(counts).data, digest_size=16).digest()
