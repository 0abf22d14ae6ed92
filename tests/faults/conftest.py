"""A simulated head of a tiny chip, and the camera around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qhy600_ophyd.backends.simulated.body import Environment, FrameMemory, Supply, ThermalPlant
from qhy600_ophyd.backends.simulated.chip import ChipParameters
from qhy600_ophyd.backends.simulated.clock import FreeClock
from qhy600_ophyd.backends.simulated.head import SimulatedHead
from qhy600_ophyd.backends.simulated.scene import SimulatedLight
from qhy600_ophyd.contract import Fault
from qhy600_ophyd.driver.head import LOST, Control, Fetched
from qhy600_ophyd.sensor import Geometry

GEOMETRY = Geometry.imx455(72, 30)


class Film:
    """A chip without physics: counts from the number of the exposure, never 0, no two frames alike."""

    parameters = ChipParameters.ideal()
    geometry = GEOMETRY

    def geometry_of(self, mode):
        return GEOMETRY

    def expose(self, out, inputs, light, previous=None):
        out[:] = np.random.default_rng(inputs.frame).integers(1, 255, out.shape)


class Rig:
    """A head with what it needs, and memory for its frames."""

    def __init__(self, *faults, clock=None, memory=10**9, seed=0, **options: Any):
        self.clock = clock if clock is not None else FreeClock(start=1_700_000_000_000_000_000)
        self.supply = Supply()
        self.light = SimulatedLight(irradiance=100.0, wavelength=530.0)
        self.plant = ThermalPlant(self.clock, 20.0, False, self.supply, 1)
        self.head = SimulatedHead(
            chip=Film(),  # pyright: ignore[reportArgumentType]
            light=self.light,
            plant=self.plant,
            supply=self.supply,
            environment=Environment(1, 20.0),
            memory=FrameMemory(memory),
            clock=self.clock,
            faults=[Fault(name=fault) if isinstance(fault, str) else fault for fault in faults],
            seed=seed,
            digests=True,
            **options,
        )
        total = GEOMETRY.total
        self.out = np.full(2 * total.width * total.height * 4, 7, np.uint8)

    def start(self, *, live=False, mode=0):
        """Initialised, in 16 bit, with 0.5 s (live: 20 ms), a first single exposure thrown away."""
        self._initialise(live=live, mode=mode)
        if not live:
            self.head.write(Control.EXPOSURE, 0.5)
            self.take()
        return self

    def ready(self, *, live=False):
        """Initialised, in 16 bit, with 0.5 s; nothing was exposed, or the stream has just begun."""
        self._initialise(live=live, mode=0)
        self.head.write(Control.EXPOSURE, 0.5)
        if live:
            self.head.begin_live()
        return self

    def take(self, timeout=60.0):
        """A single frame."""
        self.head.expose()
        return self.head.fetch(self.out, timeout)

    def next_live(self, tries=2000):
        """The next frame of the stream."""
        for _ in range(tries):
            if isinstance(found := self.head.fetch_live(self.out), Fetched):
                return found
        raise AssertionError("no frame came")

    @property
    def counts(self):
        """What was fetched, in the shape that is set."""
        _, _, width, height = self.head.area()
        dtype = np.dtype(f"u{int(self.head.read(Control.BIT_DEPTH)) // 8}")
        return self.out[: width * height * dtype.itemsize].view(dtype).reshape(height, width)

    def is_frame(self, number):
        """Whether what was fetched is the undamaged frame of that exposure."""
        record = next(record for record in self.head.log if record.inputs.frame == number)
        return bool((self.counts == self.head.reproduce(record)).all())

    @property
    def fates(self):
        """What became of the exposures, in their order."""
        return [record.fate for record in sorted(self.head.log, key=lambda record: record.inputs.frame)]

    def elapsed(self, call):
        """Seconds that `call` takes on the clock."""
        before = self.clock.monotonic()
        call()
        return self.clock.monotonic() - before

    def _initialise(self, *, live, mode):
        if self.head.read(Control.GAIN) == LOST:
            self.head.connect()
        self.head.select_mode(mode)
        self.head.select_stream(live=live)
        self.head.initialise()
        self.head.write(Control.BIT_DEPTH, 16)


@pytest.fixture(scope="session")
def rig() -> Callable[..., Rig]:
    """Makes heads of a chip of 96 × 64 pixels, 72 × 30 of them image, with the faults that are named."""
    return Rig
