"""Exposures: what is true of one that starts now, and what changes when it is over."""

from __future__ import annotations

from qhy600_ophyd.backends.simulated.head import pace
from qhy600_ophyd.backends.simulated.head.machine import Machine
from qhy600_ophyd.backends.simulated.head.shot import Shot
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs
from qhy600_ophyd.driver.head import Control
from qhy600_ophyd.sensor import Rectangle


class Shutter:
    """Starts exposures and notices their end.

    Parameters
    ----------
    machine
        The camera.
    """

    def __init__(self, machine: Machine):
        self._machine = machine
        self._boot = (machine.supply.boots, 0)
        self._last: ExposureInputs | None = None

    def open(self, begins: float, *, live: bool, first_of_stream: bool = False) -> Shot:
        """An exposure with what is true now, of the next number, that starts at `begins` on the clock [s].

        A camera that follows a script has number, true time, temperature and light from there.
        """
        machine, registers = self._machine, self._machine.registers
        traffic = registers.true(Control.USB_TRAFFIC)
        exposure = pace.row_exposure(registers.said(Control.EXPOSURE), traffic)
        bit_depth = round(registers.true(Control.BIT_DEPTH))
        area, possible = self._area()
        inputs = ExposureInputs(
            frame=machine.next_number,
            mode=machine.modes[machine.running].id,
            gain=registers.true(Control.GAIN),
            offset=registers.true(Control.OFFSET),
            area=area,
            binning=machine.binning,
            bit_depth=bit_depth,
            exposure=exposure,
            start=round((begins - machine.made_at) * 1e9),
            utc=machine.clock.utc_ns() + round((begins - machine.clock.monotonic()) * 1e9),
            line_time=pace.line_time(traffic),
            usb_traffic=traffic,
            temperature=machine.plant.temperature(),
            light=machine.light.state(),
        )
        ends = begins + exposure
        stored = ends + pace.sensor_readout(area)
        shot = Shot(
            inputs=inputs,
            sequence=self._sequence(),
            size=pace.raw_bytes(area, bit_depth),
            mark=machine.plant.mark(),
            ends=ends,
            stored=stored,
            arrives=stored if live else ends + pace.single_readout(area, bit_depth),
            possible=possible,
            gps=registers.said(Control.GPS_HEADER) == 1,
            previous=self._lagging(inputs),
            real=machine.connection.state != "unplugged",
        )
        if shot.real and machine.following is not None:
            shot.replay(machine.following.take(first_of_stream=first_of_stream))
            machine.next_number = machine.following.next_number()
        else:
            machine.next_number += shot.real
        return shot

    def over(self, shot: Shot, *, read: bool = True) -> None:
        """The exposure is over, and with `read` the sensor was read: from now on it has what was written."""
        machine = self._machine
        shot.complete(machine.plant.mean_since(shot.mark))
        if read and shot.real:
            machine.registers.first_is_to_come = False
            self._last = shot.inputs

    def _area(self) -> tuple[Rectangle, bool]:
        """What is read in unbinned pixels, within the chip, and whether all that was set is on it."""
        machine = self._machine
        wanted = Rectangle(*(number * machine.binning for number in machine.area))
        total = machine.geometry(machine.running).total
        if total.contains(wanted):
            return wanted, True
        x, y = min(wanted.x, total.width), min(wanted.y, total.height)
        width, height = min(wanted.width, total.width - x), min(wanted.height, total.height - y)
        return Rectangle(x, y, width, height).inwards(machine.binning), False

    def _lagging(self, inputs: ExposureInputs) -> ExposureInputs | None:
        """The exposure before, where its charge is still in the pixels that are read now."""
        last = self._last
        if self._machine.chip.parameters.lag == 0 or last is None:
            return None
        return last if (last.area, last.mode) == (inputs.area, inputs.mode) else None

    def _sequence(self) -> int:
        """Of the camera's own counter, which starts with 1 when its power comes on."""
        boots, first = self._boot
        if self._machine.supply.boots != boots:
            self._boot = (self._machine.supply.boots, self._machine.next_number)
            first = self._machine.next_number
        return self._machine.next_number - first + 1
