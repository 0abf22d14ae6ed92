"""`SimulatedHead`: the vendor's library and the camera behind it, with all that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.body import Environment, FrameMemory, Supply, ThermalPlant
from qhy600_ophyd.backends.simulated.chip import Chip
from qhy600_ophyd.backends.simulated.head import pace
from qhy600_ophyd.backends.simulated.head.darkroom import Darkroom
from qhy600_ophyd.backends.simulated.head.delivery import Delivery
from qhy600_ophyd.backends.simulated.head.faults import FaultPlan
from qhy600_ophyd.backends.simulated.head.live import LiveFrames
from qhy600_ophyd.backends.simulated.head.machine import Machine
from qhy600_ophyd.backends.simulated.head.panel import Panel
from qhy600_ophyd.backends.simulated.head.readings import Readings
from qhy600_ophyd.backends.simulated.head.record import ExposureRecord
from qhy600_ophyd.backends.simulated.head.registers import LIMITS
from qhy600_ophyd.backends.simulated.head.script import Script
from qhy600_ophyd.backends.simulated.head.shutter import Shutter
from qhy600_ophyd.backends.simulated.head.single import SingleFrames
from qhy600_ophyd.backends.simulated.head.strikes import Calls
from qhy600_ophyd.backends.simulated.scene import SimulatedLight
from qhy600_ophyd.contract import Clock, Fault, Identity
from qhy600_ophyd.driver.head import Control, Fetched, HeadError, HeadMode
from qhy600_ophyd.sensor.timing import timing


class SimulatedHead:
    """A `Head` that is made of a chip under a light.

    It promises what the vendor's library does and no more; `known_faults` lists the traps.

    Parameters
    ----------
    chip, light, plant, supply, environment, memory
        The camera.
    clock
        What it measures its exposures on.
    faults
        What shall go wrong beside what always does.
    model, serial
        As it names itself.
    colour
        Whether the chip has colour filters.
    seed
        Where chances come from.
    digests
        Whether the log gets a digest of every frame that was made.
    gps_locked
        Whether there is a GPS receiver that knows the time; the header is written either way.
    first_exposure
        Number of its first exposure.

    Raises
    ------
    ProfileError
        A fault is not known.
    """

    def __init__(
        self,
        *,
        chip: Chip,
        light: SimulatedLight,
        plant: ThermalPlant,
        supply: Supply,
        environment: Environment,
        memory: FrameMemory,
        clock: Clock,
        faults: Iterable[Fault] = (),
        model: str = "QHY600M",
        serial: str = "",
        colour: bool = False,
        seed: int = 0,
        digests: bool = False,
        gps_locked: bool = False,
        first_exposure: int = 0,
    ):
        self._identity = Identity(
            model=model, serial=serial or f"simulated-{seed}", firmware="simulated", sensor="IMX455"
        )
        self._colour = colour
        self._machine = Machine(
            chip=chip,
            light=light,
            plant=plant,
            supply=supply,
            memory=memory,
            clock=clock,
            faults=FaultPlan(faults, seed=seed),
            first_exposure=first_exposure,
        )
        self._darkroom = Darkroom(chip, seed=seed, colour=colour)
        shutter = Shutter(self._machine)
        delivery = Delivery(self._machine, self._darkroom, seed=seed, digests=digests, gps_locked=gps_locked)
        self._single = SingleFrames(self._machine, shutter, delivery, seed=seed)
        self._live = LiveFrames(self._machine, shutter, delivery)
        readings = Readings(plant, environment, supply)
        self._panel = Panel(self._machine, readings, self._single, self._live)

    def __repr__(self) -> str:
        return f"<SimulatedHead {self._identity.serial}, {self._machine.connection.state}>"

    @property
    def clock(self) -> Clock:
        """What its exposures are measured on."""
        return self._machine.clock

    @property
    def log(self) -> list[ExposureRecord]:
        """What truly happened to each exposure; no part of what a camera says."""
        return self._machine.account.records

    @property
    def last_handed_over(self) -> ExposureRecord:
        """The exposure whose frame was handed over last."""
        return self._machine.account.latest()

    @property
    def happened(self) -> dict[str, int]:
        """How often each fault has struck, by name."""
        return self._machine.faults.happened()

    @property
    def calls(self) -> Calls:
        """The calls so far that could be struck, and the faults that did."""
        return self._machine.faults.calls

    @property
    def next_number(self) -> int:
        """Number of the next exposure."""
        return self._machine.next_number

    def follow(self, script: Script) -> None:
        """From now on, do once more what was recorded; faults of its own no longer strike."""
        self._machine.follow(script)

    def reproduce(self, record: ExposureRecord) -> NDArray[Any]:
        """The counts of a recorded exposure, made anew, undamaged: shape ``(rows, columns)``."""
        return self._darkroom.again(record)

    def connect(self) -> None:
        """Find and open the camera; it may regulate its temperature still, and does not say so.

        Connecting twice gives what was connected, even to a camera that is gone.
        """
        if self._machine.connection.state == "closed":
            self._machine.connect()

    def disconnect(self) -> None:
        """Give the camera back; does nothing when it is not connected."""
        if self._machine.connection.state != "closed":
            self.cancel()
            self._machine.connection.close()

    def identity(self) -> Identity:
        """Who it is."""
        self._machine.connection.ensure("identity")
        return self._identity

    def modes(self) -> tuple[HeadMode, ...]:
        """Readout modes in the camera's own order."""
        machine = self._machine
        machine.connection.ensure("modes")
        totals = [machine.geometry(index).total for index in range(len(machine.modes))]
        return tuple(
            HeadMode(name=mode.name, width=total.width, height=total.height)
            for mode, total in zip(machine.modes, totals, strict=True)
        )

    def colour_filters(self) -> str:
        """Filters of the first two pixels of the image's first two rows; empty without filters."""
        self._machine.connection.ensure("colour_filters")
        return "RGGB" if self._colour else ""

    def select_mode(self, index: int) -> None:
        """Choose a readout mode, which wipes the area; the camera is silent until `initialise`."""
        machine = self._machine
        machine.connection.ensure("select_mode")
        if not 0 <= index < len(machine.modes):
            raise HeadError(
                f"readout mode {index} does not exist: allowed is 0 to {len(machine.modes) - 1} "
                f"(still at {machine.selected})"
            )
        machine.selected = index
        machine.area = machine.whole(index)

    def selected_mode(self) -> int:
        """The mode chosen last, initialised or not."""
        self._machine.connection.ensure("selected_mode")
        return self._machine.selected

    def select_stream(self, *, live: bool) -> None:
        """Choose single frames or live; takes effect with the next `initialise`."""
        self._machine.connection.ensure("select_stream")
        self._machine.wants_live = live

    def initialise(self) -> None:
        """Start the sensor in the chosen mode and stream; takes 4.5 s and forgets settings."""
        machine = self._machine
        strikes = machine.call("initialise")
        self.cancel()
        machine.clock.wait(timing().initialisation)
        machine.connection.ensure("initialise")
        if "initialise_fails" in strikes:
            machine.initialised = False
            raise HeadError("initialise failed: the library returned an error; try again")
        if machine.modes[machine.selected].fibre:
            machine.initialised = False
            raise HeadError(
                f"initialise failed: no response from camera "
                f"({machine.modes[machine.selected].name!r} needs the fibre interface)"
            )
        machine.initialise(forgets_more="initialise_forgets_more" in strikes)
        self._single.empty_memory()

    def write(self, control: Control, value: float) -> None:
        """Write a number, whatever it is."""
        self._panel.write(control, value)

    def read(self, control: Control) -> float:
        """Read a number; `LOST` from a camera that is gone."""
        return self._panel.read(control)

    def limits(self, control: Control) -> tuple[float, float, float] | None:
        """Least value, greatest value and step, as the library lists them."""
        return LIMITS.get(control)

    def actual_exposure(self) -> float:
        """Seconds that a row is really exposed with what is written."""
        self._machine.ensure_initialised("actual_exposure")
        registers = self._machine.registers
        return pace.row_exposure(registers.said(Control.EXPOSURE), registers.true(Control.USB_TRAFFIC))

    def line_time(self) -> float:
        """Seconds from one row's exposure to the next with what is written."""
        self._machine.ensure_initialised("line_time")
        return pace.line_time(self._machine.registers.true(Control.USB_TRAFFIC))

    def set_binning(self, binning: int) -> None:
        """Sum so many pixels along each axis; others than 1 to 4 are silently ignored, the area stays."""
        self._panel.set_binning(binning)

    def set_area(self, x: int, y: int, width: int, height: int) -> None:
        """Read this area, in binned pixels; checked as if they were not."""
        self._panel.set_area(x, y, width, height)

    def area(self) -> tuple[int, int, int, int]:
        """The area that was set last, as it was set."""
        self._machine.ensure_initialised("area")
        return self._machine.area

    def expose(self) -> None:
        """Start one exposure; returns at once. One that is under way ends."""
        self._single.expose()

    def fetch(self, out: NDArray[Any], timeout: float) -> Fetched:
        """Block until a frame is in `out`; zeros count as one when it took too long."""
        return self._single.fetch(out.reshape(-1).view(np.uint8), timeout)

    def begin_live(self) -> None:
        """Start a stream of frames."""
        self._live.begin()

    def fetch_live(self, out: NDArray[Any]) -> Fetched | int:
        """The next frame of the stream, or a number: `LIVE_NOTHING`, or bytes of a frame still coming."""
        return self._live.fetch(out.reshape(-1).view(np.uint8))

    def end_live(self) -> None:
        """Stop the stream."""
        self._machine.connection.ensure("end_live")
        self._live.end()

    def cancel(self) -> None:
        """End the exposure and the readout, from any thread; whoever is in `fetch` gets a `HeadError`."""
        self._single.cancel()
        self._live.end("cancelled")

    def reset_undervoltage(self) -> None:
        """Forget that the supply once failed."""
        self._machine.ensure_initialised("reset_undervoltage")
        self._machine.supply.reset()
