"""Writing and reading numbers, binning and area: taken unchecked, and not always kept."""

from __future__ import annotations

from qhy600_ophyd.backends.simulated.head.live import LiveFrames
from qhy600_ophyd.backends.simulated.head.machine import Machine
from qhy600_ophyd.backends.simulated.head.readings import READINGS, Readings
from qhy600_ophyd.backends.simulated.head.single import SingleFrames
from qhy600_ophyd.driver.head import LOST, Control, HeadError

_BINNINGS = (1, 2, 3, 4)
_DISTURBING = (Control.EXPOSURE, Control.BIT_DEPTH)
"""A running stream does not stand their change."""

_COOLER = (Control.COOLER_TARGET, Control.COOLER_POWER)


class Panel:
    """What can be set, and how it goes wrong.

    Parameters
    ----------
    machine, readings, single, live
        The camera.
    """

    def __init__(self, machine: Machine, readings: Readings, single: SingleFrames, live: LiveFrames):
        self._machine, self._readings, self._single, self._live = machine, readings, single, live

    def write(self, control: Control, value: float) -> None:
        """Write a number, whatever it is; what reaches the sensor is what it can hold."""
        machine = self._machine
        doing = f"write {control.name}"
        machine.ensure_initialised(doing)
        strikes = machine.call("fresh_memory" if control is Control.FRESH_MEMORY else "write", doing=doing)
        if "memory_command_fails" in strikes:
            raise HeadError("FRESH_MEMORY failed: the library returned an error; frames stay in the memory")
        if strikes & {"write_fails", "configure_fails"}:
            raise HeadError(f"{control.name} {value:g} failed: the camera kept the old value; try again")
        if control in READINGS and control not in _COOLER:
            raise HeadError(f"{control.name} {value:g} failed: it can only be read")
        if "write_ignored" not in strikes:
            with machine.lock:
                self._live.advance()
                self._take(control, value, late="read_back_late" in strikes)

    def read(self, control: Control) -> float:
        """Read a number; `LOST` from a camera that is gone, or that was never initialised."""
        machine = self._machine
        if not machine.initialised or machine.connection.state in ("closed", "lost"):
            return LOST
        machine.strike("read")
        if machine.connection.state == "lost":
            return LOST
        if control in READINGS:
            return self._readings.read(control, cached=machine.connection.state == "unplugged")
        return machine.registers.read(control)

    def set_binning(self, binning: int) -> None:
        """Sum so many pixels along each axis; others than 1 to 4 are silently ignored, the area stays."""
        machine = self._machine
        machine.ensure_initialised("set_binning")
        strikes = machine.call("set_binning")
        with machine.lock:
            self._live.advance()
            if binning in _BINNINGS and binning != machine.binning:
                self._live.disturb()
                machine.binning = binning
            if "areas_change" in strikes:
                machine.area = machine.image()

    def set_area(self, x: int, y: int, width: int, height: int) -> None:
        """Read this area, in binned pixels; checked as if they were not. Raises `HeadError`."""
        machine = self._machine
        machine.ensure_initialised("set_area")
        strikes = machine.call("set_area")
        asked = (x, y, width, height)
        _, _, columns, rows = machine.whole(machine.selected)
        if min(asked) < 0 or x + width > columns or y + height > rows:
            raise HeadError(
                f"area {asked} refused by the camera: allowed is inside {columns} × {rows} "
                f"(still at {machine.area})"
            )
        with machine.lock:
            self._live.advance()
            if asked != machine.area:
                self._live.disturb()
            machine.area = machine.image() if "areas_change" in strikes else asked

    def _take(self, control: Control, value: float, *, late: bool) -> None:
        machine = self._machine
        there = machine.connection.state == "open"
        if control in _DISTURBING and value != machine.registers.said(control):
            self._live.disturb()
        if control is not Control.COOLER_POWER:
            machine.registers.write(control, value, late=late)
        if control in _COOLER and there:
            self._readings.drive(control, value)
        if control is Control.FRESH_MEMORY and value == 1 and there:
            self._single.empty_memory()
