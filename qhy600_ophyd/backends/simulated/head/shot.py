"""One exposure under way: when it starts, ends and arrives, and what it is made with."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from qhy600_ophyd.backends.simulated.body import Mark
from qhy600_ophyd.backends.simulated.head.record import ExposureRecord
from qhy600_ophyd.backends.simulated.inputs import ExposureInputs


@dataclass(kw_only=True, eq=False)
class Shot:
    """An exposure that was started.

    Parameters
    ----------
    inputs
        What it is made with; the temperature is that of its start until `complete`.
    sequence
        Of the camera's own counter.
    size
        Bytes that the link carries for it.
    mark
        Of the thermal plant, at its start.
    ends, stored, arrives
        On the clock: end of the first row's exposure, frame complete in the camera's memory, and in the
        computer's [s].
    possible
        Whether its area lies on the chip.
    damage
        What is wrong with it from the beginning.
    gps
        Whether a header is to be written.
    previous
        Inputs of the exposure before, where its charge lags into this one.
    real
        False for what the library believes to be an exposure of a camera that is not there.
    """

    inputs: ExposureInputs
    sequence: int
    size: int
    mark: Mark
    ends: float
    stored: float
    arrives: float
    possible: bool = True
    damage: set[str] = field(default_factory=set)
    gps: bool = False
    previous: ExposureInputs | None = None
    real: bool = True
    faults: set[str] = field(default_factory=set)
    cancelled: threading.Event = field(default_factory=threading.Event)
    completed: bool = False
    overflows: bool = False
    """Whether the memory has no room for it, as it had none when it was recorded."""
    recorded: ExposureRecord | None = None
    """What it does once more, if anything."""

    @property
    def number(self) -> int:
        """Of the exposure, since the camera was made."""
        return self.inputs.frame

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of its frame."""
        area, binning = self.inputs.area, self.inputs.binning
        return area.height // binning, area.width // binning

    def replay(self, record: ExposureRecord | None) -> None:
        """Be the exposure that was recorded, in all that a camera cannot be told; ``None``: be as it is."""
        if record is None:
            return
        then = record.inputs
        self.inputs = replace(
            self.inputs,
            frame=then.frame,
            start=then.start,
            utc=then.utc,
            temperature=then.temperature,
            light=then.light,
        )
        self.sequence, self.previous, self.completed = record.sequence, record.previous, True
        self.overflows, self.recorded = record.fate == "overflow", record

    def complete(self, temperature: float) -> None:
        """Its exposure is over, with that mean temperature of the sensor [°C]; later calls change nothing."""
        if not self.completed:
            self.inputs = replace(self.inputs, temperature=temperature)
            self.completed = True
