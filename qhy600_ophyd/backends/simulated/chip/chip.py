"""`Chip`: one sensor, its fixed patterns, and what it makes of light."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.chip import drive
from qhy600_ophyd.backends.simulated.chip.brighter_fatter import grown, pushed
from qhy600_ophyd.backends.simulated.chip.charge import read_signal
from qhy600_ophyd.backends.simulated.chip.collecting import Exposed, collect_rows
from qhy600_ophyd.backends.simulated.chip.maps import Maps, in_physical_units, make_maps, pixels_with_charge
from qhy600_ophyd.backends.simulated.chip.parameters import ChipParameters
from qhy600_ophyd.backends.simulated.chip.parts import PIXELS_PER_PART, in_parts
from qhy600_ophyd.backends.simulated.chip.reading import add_up, expose_rows
from qhy600_ophyd.backends.simulated.chip.truth import Injected, Truth, ordinary_dark_current
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs, LightOnChip
from qhy600_ophyd.contract import BufferTooSmall, CameraError, Settings
from qhy600_ophyd.sensor import Geometry, Rectangle
from qhy600_ophyd.sensor.readout_modes import readout_mode

_NO_PLANE = np.empty((0, 0), np.float32)


class Chip:
    """A sensor. Making one costs nothing; its maps are computed when first needed.

    Parameters
    ----------
    parameters
        What it is like.
    seed
        Where its patterns and all its noise come from.
    geometry
        Its regions in the modes without binning on the chip.
    threads
        Most threads to use; the counts do not depend on it.
    """

    def __init__(self, parameters: ChipParameters, *, seed: int, geometry: Geometry, threads: int = 1):
        self.parameters = parameters
        self.seed = seed
        self.geometry = geometry
        self.threads = max(threads, 1)
        self._maps: dict[int, Maps] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        total = self.geometry.total
        return f"Chip({total.width} × {total.height}, seed={self.seed}, {self.parameters!r})"

    def geometry_of(self, mode: str) -> Geometry:
        """Regions of a frame of a readout mode, by any name of it.

        A mode that bins on the chip has the layout of the real one around a third of the image's size, and
        no more than 2124 rows of it.
        """
        binning = readout_mode(mode).binning
        if binning == 1:
            return self.geometry
        image = self.geometry.image
        return Geometry.hardware_3x3(image.width // binning, min(image.height // binning, 2124))

    def expose(
        self,
        out: NDArray[Any],
        inputs: ExposureInputs,
        light: LightOnChip,
        previous: NDArray[np.float32] | None = None,
    ) -> None:
        """Fill `out` with the counts of one exposure.

        The columns between the dark ones and the image read 0; rows below the image have no charge and no
        jumps. The counts depend on nothing but the parameters, the seed and these arguments; a pixel's do
        not depend on which others are read, if its row is read at the same time (and, with brighter-fatter
        on, its neighbours have their own light).

        Parameters
        ----------
        out
            ``uint8``, ``uint16`` or ``uint32`` by the bit depth, shape of the binned area.
        inputs
            Of the exposure.
        light
            On the area; in a mode that bins on the chip, photons of one of the nine pixels that are summed.
        previous
            What `charge` gave for the exposure before, of the same area; used where there is lag.

        Raises
        ------
        CameraError
            The area is not on the chip, or `out` is not of that type.
        BufferTooSmall
            `out` has not that shape.
        """
        truth = self.truth(inputs, inputs.temperature, wavelength=inputs.light.wavelength)
        geometry = self._check(inputs, light)
        readout = truth.readout
        shape = inputs.area.height // readout.binning, inputs.area.width // readout.binning
        if out.shape != shape:
            raise BufferTooSmall(f"frame of shape {shape} refused: the buffer's is {out.shape}")
        if out.dtype != readout.dtype:
            raise CameraError(f"frame of {readout.dtype} refused: the buffer is {out.dtype}")
        on_chip = readout_mode(inputs.mode).binning
        maps = self._maps_of(on_chip)
        if self.parameters.brighter_fatter:
            plane, falling = (
                self._plane(inputs, light, previous),
                drive.nothing(inputs.area.height, geometry.total.height),
            )
        else:
            plane, falling = _NO_PLANE, self._exposed(inputs, light, previous)
        reading = drive.reading(
            inputs,
            parameters=self.parameters,
            seed=self.seed,
            geometry=geometry,
            on_chip=on_chip,
            noise_step=maps.codes.noise_step,
            truth=truth,
        )
        area, pieces = inputs.area, drive.pieces(geometry, inputs.area)
        with_charge = pixels_with_charge(geometry)[0]
        rare = (maps.fast, maps.slow, maps.warm, maps.thermal)

        def unbinned(counts: NDArray[np.uint16], first: int, last: int) -> None:
            expose_rows(
                counts,
                first,
                last,
                area.x,
                area.y,
                pieces,
                with_charge,
                maps.codes,
                rare,
                falling,
                reading,
                plane,
            )

        def rows(first: int, last: int) -> None:
            if readout.binning == 1 and readout.bit_depth == 16 and out.flags.c_contiguous:
                unbinned(out[first:last], first, last)
                return
            step = max(PIXELS_PER_PART // (area.width * readout.binning), 1)
            counts = np.empty((step * readout.binning, area.width), np.uint16)
            for start in range(first, last, step):
                stop = min(start + step, last)
                unbinned(counts, start * readout.binning, stop * readout.binning)
                add_up(out[start:stop], counts, readout.binning, readout.largest_sum, readout.shift)

        in_parts(rows, shape[0], area.width * readout.binning, self.threads)

    def charge(
        self,
        inputs: ExposureInputs,
        light: LightOnChip,
        previous: NDArray[np.float32] | None = None,
    ) -> NDArray[np.float32]:
        """Electrons that the pixels of the area hold at the end of an exposure, the same as in its frame.

        Arguments and errors as of `expose`; shape ``(area.height, area.width)``.
        """
        self._check(inputs, light)
        truth = self.truth(inputs, inputs.temperature, wavelength=inputs.light.wavelength)
        plane = self._plane(inputs, light, previous)
        read_signal(plane.reshape(-1), truth.charge.bend, plane.size)
        return plane

    def truth(self, settings: Settings | ExposureInputs, temperature: float, *, wavelength: float) -> Truth:
        """What was put in, for settings and a sensor temperature [°C]; errors as of `Injected.of`."""
        return Injected(parameters=self.parameters, wavelength=wavelength).of(settings, temperature)

    def maps(
        self,
        area: Rectangle | None = None,
        *,
        temperature: float = 20.0,
        mode: str = "high_gain",
        gain: float = 0.0,
    ) -> dict[str, NDArray[Any]]:
        """The fixed patterns of an area, the whole chip unless given.

        Returns
        -------
        dict of float32 arrays
            ``response``: factor of the light; ``dark_current`` [e-/s] at `temperature` [°C], warm pixels
            with theirs; ``read_noise`` [e-, RMS] of a pixel in `mode` at `gain`, its fast jumps and nothing
            of the row noise in it, ``core_noise`` [e-] without them; ``jump`` [e-] and ``jump_probability``
            of telegraph pixels going up in a frame, as probable as going down; ``slow_jump`` [e-];
            ``thermal``: 1 for pixels with random-change noise.
        """
        binning = readout_mode(mode).binning
        area = area if area is not None else self.geometry_of(mode).total
        noise = self.truth(
            Settings(readout_mode=mode, gain=gain, offset=0.0), temperature, wavelength=530.0
        ).noise
        found = in_physical_units(self._maps_of(binning), area)
        ordinary = ordinary_dark_current(self.parameters, temperature, binning)
        core = noise.core * found["noise"]
        jump = noise.jump_scale * found["jump"]
        return {
            "response": found["response"],
            "dark_current": np.float32(ordinary) * (found["dark"] + found["warm"]),
            "read_noise": np.sqrt(core**2 + 2 * found["jump_probability"] * jump**2),
            "core_noise": core,
            "jump": jump,
            "jump_probability": found["jump_probability"],
            "slow_jump": noise.jump_scale * found["slow_jump"],
            "thermal": found["thermal"],
        }

    def _maps_of(self, binning: int) -> Maps:
        with self._lock:
            if binning not in self._maps:
                mode = "hardware_3x3" if binning == 3 else "high_gain"
                self._maps[binning] = make_maps(
                    self.parameters,
                    seed=self.seed,
                    geometry=self.geometry_of(mode),
                    binning=binning,
                    threads=self.threads,
                )
            return self._maps[binning]

    def _exposed(
        self, inputs: ExposureInputs, light: LightOnChip, previous: NDArray[np.float32] | None
    ) -> Exposed:
        return drive.exposed(
            inputs,
            light,
            previous,
            parameters=self.parameters,
            seed=self.seed,
            geometry=self.geometry_of(inputs.mode),
            on_chip=readout_mode(inputs.mode).binning,
            truth=self.truth(inputs, inputs.temperature, wavelength=inputs.light.wavelength),
        )

    def _plane(
        self, inputs: ExposureInputs, light: LightOnChip, previous: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        """Electrons collected in the area, before the response bends."""
        if not self.parameters.brighter_fatter:
            return self._collected(inputs, light, previous)
        geometry = self.geometry_of(inputs.mode)
        around, margins = grown(inputs.area, geometry.total)
        plane = self._collected(
            replace(inputs, area=around),
            replace(
                light,
                rows=np.pad(light.rows, margins[0], mode="edge"),
                scene=None if light.scene is None else np.pad(light.scene, margins, mode="edge"),
            ),
            None if previous is None else np.pad(previous, margins, mode="edge"),
        )
        image = geometry.image
        lit = (
            slice(max(image.y - around.y, 0), max(image.y + image.height - around.y, 0)),
            slice(max(image.x - around.x, 0), max(image.x + image.width - around.x, 0)),
        )
        plane[lit] = pushed(plane[lit], self.parameters.brighter_fatter)
        (top, _), (left, _) = margins
        return plane[top : top + inputs.area.height, left : left + inputs.area.width].copy()

    def _collected(
        self, inputs: ExposureInputs, light: LightOnChip, previous: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        geometry, area = self.geometry_of(inputs.mode), inputs.area
        maps = self._maps_of(readout_mode(inputs.mode).binning)
        falling = self._exposed(inputs, light, previous)
        pieces, with_charge = drive.pieces(geometry, area), pixels_with_charge(geometry)[0]
        plane = np.empty((area.height, area.width), np.float32)

        def rows(first: int, last: int) -> None:
            collect_rows(
                plane, first, last, area.x, area.y, pieces, with_charge, maps.codes, maps.warm, falling
            )

        in_parts(rows, area.height, area.width, self.threads)
        return plane

    def _check(self, inputs: ExposureInputs, light: LightOnChip) -> Geometry:
        geometry, area = self.geometry_of(inputs.mode), inputs.area
        if not geometry.total.contains(area):
            raise CameraError(f"area {area} refused: the chip is {geometry.total} in mode {inputs.mode}")
        if light.rows.shape != (area.height,):
            raise CameraError(f"light of {light.rows.shape} rows refused: the area has {area.height}")
        if light.scene is not None and light.scene.shape != (area.height, area.width):
            raise CameraError(f"scene of shape {light.scene.shape} refused: the area is {area}")
        return geometry
