"""What the parts of the head share: the camera's state, what it answers to, and what strikes it."""

from __future__ import annotations

import threading

from qhy600_ophyd.backends.simulated.body import FrameMemory, Supply, ThermalPlant
from qhy600_ophyd.backends.simulated.body.supply import CHECK_FAILED
from qhy600_ophyd.backends.simulated.chip import Chip
from qhy600_ophyd.backends.simulated.head.account import Account
from qhy600_ophyd.backends.simulated.head.connection import Connection
from qhy600_ophyd.backends.simulated.head.faults import LINK_STALL, FaultPlan
from qhy600_ophyd.backends.simulated.head.record import Fate
from qhy600_ophyd.backends.simulated.head.registers import Registers
from qhy600_ophyd.backends.simulated.head.script import Following, Script
from qhy600_ophyd.backends.simulated.head.shot import Shot
from qhy600_ophyd.backends.simulated.scene import SimulatedLight
from qhy600_ophyd.contract import Clock
from qhy600_ophyd.driver.head import HeadError
from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.sensor.readout_modes import SensorMode, readout_modes

_INTERFERENCE = 3
"""Code of an undervoltage that was concluded from a sensor that does not answer."""

_SAGGED = 10.5
"""What is left of the supply for a moment [V]."""


class Machine:
    """The camera's state; the parts of the head change it, each its own things.

    Parameters
    ----------
    chip, light, plant, supply, memory, clock, faults
        The camera's parts.
    first_exposure
        Number of its first exposure.
    """

    def __init__(
        self,
        *,
        chip: Chip,
        light: SimulatedLight,
        plant: ThermalPlant,
        supply: Supply,
        memory: FrameMemory,
        clock: Clock,
        faults: FaultPlan,
        first_exposure: int = 0,
    ):
        self.chip, self.light, self.plant, self.supply = chip, light, plant, supply
        self.memory, self.clock = memory, clock
        self.faults: FaultPlan | Following = faults
        self.following: Following | None = None
        """What decides exposures and faults in the place of what is true, if anything does."""
        self.modes: tuple[SensorMode, ...] = readout_modes()
        self.connection = Connection(supply)
        self.account = Account()
        self.registers = Registers()
        self.lock = threading.RLock()
        self.shots: dict[int, Shot] = {}
        """Those whose frames are in the memory, by number."""
        self.next_number = first_exposure
        self.under_way: int | None = None
        """Number of the single exposure that was started and not fetched or ended yet."""
        self.made_at = clock.monotonic()
        self.stalled_until = float("-inf")
        self.selected = self.running = 0
        self.wants_live = self.runs_live = False
        self.initialised = False
        self.binning = 1
        self.area = self.whole(0)
        self._connected_at: float | None = None
        self._boots = supply.boots

    def follow(self, script: Script) -> None:
        """From now on, expose as recorded and be struck by the faults that struck then."""
        self.faults = self.following = Following(script)
        self.next_number = self.following.next_number()

    def geometry(self, index: int) -> Geometry:
        """Regions of a mode of the list."""
        return self.chip.geometry_of(self.modes[index].id)

    def whole(self, index: int) -> tuple[int, int, int, int]:
        """The whole frame of a mode."""
        x, y, width, height = self.geometry(index).total
        return x, y, width, height

    def image(self) -> tuple[int, int, int, int]:
        """The image alone, in binned pixels of the present binning."""
        x, y, width, height = self.geometry(self.selected).image.inwards(self.binning)
        return x // self.binning, y // self.binning, width // self.binning, height // self.binning

    def connect(self) -> None:
        """The library finds the camera and knows nothing of it yet. Raises `HeadError`."""
        if self._connected_at is None:
            self._connected_at = self.clock.monotonic()
        if "connect_fails" in self.strike("connect"):
            raise HeadError("no camera found: check its USB cable and its 12 V, and try again")
        self.connection.open()
        if self._boots != self.supply.boots:
            self._boots = self.supply.boots
            self.empty_memory()
        self.registers = Registers()
        self.selected = self.running = 0
        self.wants_live = self.runs_live = False
        self.initialised = False
        self.binning = 1
        self.area = self.whole(0)

    def initialise(self, *, forgets_more: bool) -> None:
        """The sensor starts in what was selected; the area stays, unless more is forgotten."""
        self.running, self.runs_live = self.selected, self.wants_live
        self.registers.initialise(live=self.runs_live)
        self.binning = 1
        if forgets_more:
            self.registers.forget_more()
            self.area = self.whole(self.running)
        self.empty_memory()
        self.initialised = True

    def call(self, name: str, *, doing: str = "", frame: int | None = None) -> frozenset[str]:
        """The faults that strike in a call. Raises `HeadError` when nobody answers, before or after."""
        self.connection.ensure(doing or name)
        strikes = self.strike(name, frame=frame)
        self.connection.ensure(doing or name)
        return strikes

    def strike(self, call: str, *, frame: int | None = None) -> frozenset[str]:
        """The faults of this call; those that concern the whole camera have taken their effect."""
        since = self.clock.monotonic() - (self._connected_at or 0.0)
        if frame is None:
            frame = self.next_number if self.under_way is None else self.under_way
        strikes = self.faults.strike(call, frame=frame, seconds=since)
        if "camera_lost" in strikes:
            self.connection.link = "lost"
        elif "power_cycle" in strikes:
            self.supply.power_cycle()
        elif "unplugged" in strikes and self.connection.link == "open":
            self.connection.link = "unplugged"
        if "undervoltage" in strikes:
            self._sag()
        if "interference" in strikes:
            self._disturb()
        if "supply_check_fails" in strikes:
            self.supply.fault = CHECK_FAILED
            self.supply.check(self.plant.power, self.clock.monotonic())
        if "link_stalls" in strikes:
            self.stalled_until = self.clock.monotonic() + LINK_STALL
            self.memory.stall(self.stalled_until)
        return strikes

    def ensure_initialised(self, doing: str) -> None:
        """Raises `HeadError` when nobody answers, or the sensor never started."""
        self.connection.ensure(doing)
        if not self.initialised:
            raise HeadError(f"{doing} refused: the camera is connected and not initialised; initialise first")

    def ensure_answering(self, doing: str, *, live: bool) -> None:
        """Raises `HeadError` unless the sensor runs in what was selected."""
        self.ensure_initialised(doing)
        if self.selected != self.running:
            raise HeadError(
                f"{doing} failed: no response from camera "
                f"(mode {self.selected} was selected and not initialised)"
            )
        if self.wants_live != live or (live and not self.runs_live):
            raise HeadError(
                f"{doing} failed: no response from camera "
                f"(it is not in {'live' if live else 'single frame'} mode)"
            )

    def keep(self, shot: Shot, fate: Fate, *, at: float) -> None:
        """Leave its frame in the memory, where the next one that fetches finds it."""
        if shot.real and shot.possible and self.memory.put(shot.number, shot.size, at):
            self.shots[shot.number] = shot
        self.settle(shot, fate)

    def empty_memory(self) -> None:
        """Forget the frames in the memory."""
        self.settle_waiting()
        self.memory.clear()
        self.shots.clear()

    def settle_waiting(self) -> None:
        """Nobody came for the frames in the memory so far."""
        for shot in self.shots.values():
            if self.account.of(shot.number) is None:
                self.settle(shot, "unfetched")

    def settle(self, shot: Shot, fate: Fate) -> None:
        """Write down what became of a shot whose frame was not handed over."""
        script, recorded = self.following, shot.recorded
        if script and recorded and not shot.faults and script.give_back(recorded, fate):
            shot.recorded = None
            self.next_number = script.next_number()
        self.account.settle(shot, fate, self.chip.geometry_of(shot.inputs.mode))

    def _disturb(self) -> None:
        """For a moment the sensor seems to be without power; the firmware turns its cooler off."""
        lasting, self.supply.fault = self.supply.fault, _INTERFERENCE
        self.supply.check(self.plant.power, self.clock.monotonic())
        self.plant.manual(0.0)
        self.supply.fault = lasting

    def _sag(self) -> None:
        """The supply falls for a moment, long enough for the firmware to see it and turn its cooler off."""
        volts = self.supply.voltage
        self.supply.voltage = _SAGGED
        self.supply.check(self.plant.power, self.clock.monotonic())
        self.plant.manual(0.0)
        self.supply.voltage = volts
