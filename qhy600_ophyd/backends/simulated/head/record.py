"""What truly happened to each exposure: the simulator's own account, which no driver ever sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qhy600_ophyd.backends.simulated.inputs import ExposureInputs
from qhy600_ophyd.contract import Settings

Fate = Literal[
    "delivered",
    "damaged",
    "stale",
    "repeated",
    "zeroed",
    "lost",
    "timed_out",
    "cancelled",
    "restarted",
    "skipped",
    "dropped",
    "overflow",
    "unfetched",
]
"""What became of an exposure.

``delivered``: handed over as it was read. ``damaged``: handed over, and changed on the way. ``stale``: handed
over in the place of a later exposure. ``repeated``: handed over more than once. ``zeroed``: zeros were handed
over in its place. ``lost``: read and never arrived. ``timed_out``: zeros were handed over since it took too
long. ``cancelled``: ended by `cancel`. ``restarted``: ended by the next `expose`. ``skipped``: the first of a
stream, which nobody can fetch. ``dropped``: lost on the way. ``overflow``: it did not fit into the memory.
``unfetched``: nobody came for it.
"""


@dataclass(frozen=True, kw_only=True)
class ExposureRecord:
    """One exposure as it truly was.

    Parameters
    ----------
    inputs
        Everything that decided its counts.
    settings
        What was true of the sensor, in the words of the contract.
    sequence
        Frame number of the camera's own counter: 1 for the first since its power came on.
    fate
        What became of it.
    faults
        Names of the faults that struck it.
    handed_over
        Which of the frames that were handed over it was, the last time, counted from 0; zeros, stale and
        damaged frames count. ``None`` for never.
    previous
        Inputs of the exposure before it, where the chip's charge lags; else ``None``.
    header
        Written over the beginning of the first row; empty if none was.
    digest
        BLAKE2b of 16 bytes over the counts as `SimulatedHead.reproduce` makes them, before any damage;
        ``None`` unless digests were asked for and the frame was made.
    """

    inputs: ExposureInputs
    settings: Settings
    sequence: int
    fate: Fate
    faults: tuple[str, ...] = ()
    handed_over: int | None = None
    previous: ExposureInputs | None = None
    header: bytes = b""
    digest: bytes | None = None

    @property
    def delivered(self) -> bool:
        """Whether its counts were handed over once, as they were, in answer to its own exposure."""
        return self.fate == "delivered"

    @property
    def exposure_start(self) -> int:
        """True start of the first row's exposure, UTC [ns]."""
        return self.inputs.utc

    @property
    def temperature(self) -> float:
        """Of the sensor, mean over the exposure [°C]."""
        return self.inputs.temperature

    @property
    def irradiance(self) -> float:
        """Photons per pixel and second where the scene is 1."""
        return self.inputs.light.irradiance
