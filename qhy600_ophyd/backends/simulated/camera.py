"""The simulated QHY600: the driver of the real one, over a head made of physics."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.body import Environment, FrameMemory, Supply, ThermalPlant
from qhy600_ophyd.backends.simulated.chip import Chip, ChipParameters, Injected
from qhy600_ophyd.backends.simulated.clock import FreeClock
from qhy600_ophyd.backends.simulated.head import ExposureRecord, SimulatedHead
from qhy600_ophyd.backends.simulated.own_account import OwnAccount
from qhy600_ophyd.backends.simulated.scene import SimulatedFilterWheel, SimulatedLight
from qhy600_ophyd.contract import Clock, Fault, FrameInfo, SettingRefused
from qhy600_ophyd.sensor import Geometry, Rectangle
from qhy600_ophyd.sensor.models import Model
from qhy600_ophyd.sensor.models import model as model_named


class SimulatedCamera(OwnAccount):
    """A QHY600 of any size and model, under a light of its own, on a supply of its own.

    It is driven like the real one: below it stands a head that behaves like the vendor's library, with all
    its traps, over a sensor made of physics.

    Parameters
    ----------
    width, height
        Of the image area; dark and overscan strips come on top. `full_size` makes the real one.
    seed
        Where all its randomness comes from. Frame n depends on it, on n and on what is recorded with n.
    model
        Name of a model, such as ``"QHY600M-PH SBFL"`` or ``"QHY600C-Pro II LQ"``: colour filters, buffer and
        cooling follow from it.
    serial
        As it names itself.
    ambient
        Temperature of the air, or of the water [°C].
    clock
        What exposures are measured on. A `FreeClock`, on which they cost no time, unless given; with a
        `SystemClock` frames come at the real camera's pace.
    faults
        What shall go wrong.
    irradiance, wavelength
        Bright level [photon/pixel/s] and wavelength [nm] of its light.
    scene
        What the light shows: flat, gradient, stars, beads or cells.
    flicker_frequency, flicker_depth
        Of the lamp [Hz] and relative.
    supply_voltage, cable_resistance
        Of the 12 V supply [V], and of its cable, both ways together [ohm].
    indirect_detection
        Whether it finds undervoltage as cameras made before September 2021 do (code 3, not 9).
    gps_header
        Whether the camera shall number its frames, in a header over the first pixels of each.
    gps_locked
        Whether a GPS receiver that knows the time is plugged in.
    filters
        Transmissions of the filters in its wheel, 0 to 1, slot 1 first; none for a camera without a wheel.
    retries
        How often a bad frame is taken again.
    first_exposure
        Number of its first exposure. One that goes on where another of the same seed stood draws other
        noise than that one did, and its own counter goes on too.
    digests
        Whether the log gets a digest of the true counts of every frame.
    threads
        Most threads for computing a frame; the frame does not depend on it.
    physics
        What the sensor is like; or give any of its parameters by name (``prnu=0.0``, ``banding=3.0``).
    effects
        Parameters of `ChipParameters`, by name.

    Attributes
    ----------
    model : Model
    physics : ChipParameters
    supply : Supply
    plant : ThermalPlant
    environment : Environment
    memory : FrameMemory
        The camera's parts, for who wants to see or to disturb them.
    presented : list of ExposureRecord
        The true exposures of the frames that `grab` has returned, one for each.

    Raises
    ------
    SettingRefused
        One of them is impossible.
    ProfileError
        A fault is not known.
    NotPublished
        There is no such model.
    """

    def __init__(
        self,
        *,
        width: int = 1024,
        height: int = 1024,
        seed: int = 0,
        model: str = "QHY600M-PH",
        serial: str = "",
        ambient: float = 20.0,
        clock: Clock | None = None,
        faults: Iterable[Fault] = (),
        irradiance: float = 5000.0,
        wavelength: float = 530.0,
        scene: str = "flat",
        flicker_frequency: float = 0.0,
        flicker_depth: float = 0.0,
        supply_voltage: float = 12.0,
        cable_resistance: float = 0.1,
        indirect_detection: bool = False,
        gps_header: bool = False,
        gps_locked: bool = False,
        filters: Sequence[float] = (),
        retries: int = 2,
        first_exposure: int = 0,
        digests: bool = False,
        threads: int | None = None,
        physics: ChipParameters | None = None,
        **effects: Any,
    ):
        geometry = _geometry(width, height)
        self.model: Model = model_named(model)
        self.seed = seed
        self.physics = _parameters(physics, effects)
        clock = clock if clock is not None else FreeClock()
        self._light = SimulatedLight(
            irradiance=irradiance,
            wavelength=wavelength,
            scene=scene,
            flicker_frequency=flicker_frequency,
            flicker_depth=flicker_depth,
        )
        self._wheel = SimulatedFilterWheel(self._light, clock, tuple(filters))
        self.supply = Supply(
            voltage=supply_voltage,
            cable_resistance=cable_resistance,
            indirect_detection=indirect_detection,
        )
        self.plant = ThermalPlant(
            clock=clock,
            ambient=ambient,
            liquid=self.model.cooling == "liquid",
            supply=self.supply,
            seed=seed,
        )
        self._chip = Chip(self.physics, seed=seed, geometry=geometry, threads=threads or os.cpu_count() or 1)
        self.environment = Environment(seed=seed, ambient=ambient)
        self.memory = FrameMemory(self.model.buffer_bytes)
        self._simulated_head = SimulatedHead(
            chip=self._chip,
            light=self._light,
            plant=self.plant,
            supply=self.supply,
            environment=self.environment,
            memory=self.memory,
            clock=clock,
            faults=faults,
            model="QHY600C" if self.model.colour == "colour" else "QHY600M",
            colour=self.model.colour == "colour",
            serial=serial or f"simulated-{seed}",
            seed=seed,
            digests=digests,
            gps_locked=gps_locked,
            first_exposure=_from_zero(first_exposure),
        )
        super().__init__(self._simulated_head, geometry=geometry, retries=retries, gps_header=gps_header)
        self.presented: list[ExposureRecord] = []
        image = geometry.image
        self._title = f"{image.width} × {image.height}, seed={seed}"

    @classmethod
    def full_size(cls, **parameters: Any) -> SimulatedCamera:
        """One with all 9576 × 6388 pixels of the image; `parameters` as for any other."""
        return cls(width=9576, height=6388, **parameters)

    @classmethod
    def drawn(cls, seed: int, **parameters: Any) -> SimulatedCamera:
        """Another specimen: its physics and its surroundings drawn from `seed`, within published spreads.

        `parameters`, as for any other camera, replace what would be drawn.
        """
        random = np.random.default_rng([seed, 600])
        surroundings = {
            "ambient": float(random.uniform(15.0, 25.0)),
            "supply_voltage": float(random.uniform(12.0, 12.6)),
            "cable_resistance": float(random.uniform(0.05, 0.15)),
        }
        return cls(**{"seed": seed, "physics": ChipParameters.drawn(seed), **surroundings, **parameters})

    @property
    def light(self) -> SimulatedLight:
        """The light that it stands under."""
        return self._light

    @property
    def filter_wheel(self) -> SimulatedFilterWheel:
        """The wheel in front of it; its `slots` is 0 where there is none."""
        return self._wheel

    @property
    def truth(self) -> Injected:
        """What is put into its frames: ``truth.of(settings, temperature)``."""
        return Injected(parameters=self.physics, wavelength=self._light.wavelength)

    def maps(self, area: Rectangle | None = None, **conditions: Any) -> dict[str, NDArray[Any]]:
        """The sensor's fixed patterns in physical units, of the whole chip or of an area of it.

        Parameters
        ----------
        area
            In unbinned pixels.
        conditions
            ``temperature`` [°C], ``mode`` and ``gain``, as `Chip.maps` takes them.
        """
        return self._chip.maps(area, **conditions)

    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        """As any driven camera, and remember which exposure it was."""
        info = super().grab(out, timeout)
        self.presented.append(self._simulated_head.last_handed_over)
        return info

    def __repr__(self) -> str:
        return f"SimulatedCamera({self._title}, {self._life.state})"


def _geometry(width: int, height: int) -> Geometry:
    for name, value, most in (("width", width, 9576), ("height", height, 6388)):
        if not 1 <= value <= most:
            raise SettingRefused(name, value, allowed=f"1–{most} pixels of the image")
    return Geometry.imx455(width, height)


def _from_zero(first_exposure: int) -> int:
    if first_exposure < 0:
        raise SettingRefused("first_exposure", first_exposure, allowed="a whole number from 0")
    return int(first_exposure)


def _parameters(physics: ChipParameters | None, effects: dict[str, Any]) -> ChipParameters:
    start = physics if physics is not None else ChipParameters()
    known = {field.name: getattr(start, field.name) for field in fields(ChipParameters)}
    for name in effects:
        if name not in known:
            near = ", ".join(difflib.get_close_matches(name, known)) or ", ".join(known)
            raise SettingRefused(name, effects[name], allowed=f"a parameter of the sensor; near are {near}")
    return ChipParameters(**{**known, **effects})
