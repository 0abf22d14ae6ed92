"""`Recording`: which frames lie on the disk and what is known of each. Counts are read frame by frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import (
    CameraError,
    Capabilities,
    FrameNotRecorded,
    Identity,
    Limits,
    ReadoutMode,
    RecordedLevel,
    Settings,
    TemperatureReading,
)
from qhy600_ophyd.sensor import Geometry

DARK, RECORDED = "dark", "recorded"
"""The two levels of the light of a recording."""


@dataclass(frozen=True, kw_only=True)
class RecordedFrame:
    """One frame on the disk.

    Parameters
    ----------
    file
        Where its counts are.
    exposure_start
        UTC [ns]; -1 if it was not recorded.
    temperature
        What was recorded of the cooler; `None` inside it for what was not.
    """

    file: Path
    exposure_start: int = -1
    temperature: TemperatureReading = field(default_factory=TemperatureReading)


@dataclass(frozen=True, kw_only=True)
class Level:
    """Frames that were recorded alike, in the order in which they were recorded.

    Parameters
    ----------
    light
        ``"dark"`` or ``"recorded"``.
    exposure
        Exposure time [s].
    frames
        At least one.
    photons
        Photons per pixel, as recorded; ``None`` where they were not. Darks have 0.
    gain, offset, readout_mode
        As recorded; ``None`` where they were not.
    """

    light: str
    exposure: float
    frames: tuple[RecordedFrame, ...]
    photons: float | None = None
    gain: float | None = None
    offset: float | None = None
    readout_mode: str | None = None

    def matches(self, light: str, settings: Settings) -> bool:
        """Whether these frames are what `settings` ask for under `light`."""
        return (
            self.light == light
            and self.readout_mode == settings.readout_mode
            and _same(self.exposure, settings.exposure)
            and _same(self.gain, settings.gain)
            and _same(self.offset, settings.offset)
        )


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Everything that was recorded, as a value.

    Parameters
    ----------
    source
        The folder or the descriptor, for messages.
    model
        What to call the camera.
    width, height
        Columns and rows of every frame.
    bits
        Bits of a count, 1–16.
    levels
        In the order recorded; no two of the same light and settings.
    read
        Gives the counts of a file, 2-D unsigned integers. May raise `CameraError` or `FrameNotRecorded`.
    binning
        Pixels that were summed along each axis when the frames were taken.
    """

    source: Path
    model: str
    width: int
    height: int
    bits: int
    levels: tuple[Level, ...]
    read: Callable[[Path], NDArray[np.unsignedinteger[Any]]]
    binning: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 16 or self.width < 1 or self.height < 1:
            raise CameraError(
                f"{self.source} refused: {self.bits} bits, {self.width} × {self.height} pixels; "
                "allowed are 1–16 bits and at least one pixel"
            )
        if not self.levels:
            raise CameraError(f"{self.source} refused: it describes no frame")

    @property
    def dtype(self) -> str:
        """Type in which a count is served."""
        return "uint8" if self.bits <= 8 else "uint16"

    @property
    def saturation_code(self) -> int:
        """Largest count that so many bits can hold."""
        return 2**self.bits - 1

    def level(self, light: str, settings: Settings) -> Level | None:
        """The frames recorded under `light` with these settings, if there are any."""
        return next((level for level in self.levels if level.matches(light, settings)), None)

    def exposures(self, light: str | None = None) -> tuple[float, ...]:
        """Exposure times [s] that were recorded, shortest first; of one light, or of any."""
        return tuple(sorted({v.exposure for v in self.levels if light in (None, v.light)}))

    def counts(self, frame: RecordedFrame) -> NDArray[np.unsignedinteger[Any]]:
        """Counts of one frame, shape ``(height, width)``, read from the disk now.

        Raises
        ------
        FrameNotRecorded
            The file is gone.
        CameraError
            It cannot be read, has another size, or holds counts beyond the recording's bits.
        """
        try:
            counts = self.read(frame.file)
        except FileNotFoundError:
            raise FrameNotRecorded(
                f"{frame.file} is missing: {self.source} lists it. Restore the file, or record again"
            ) from None
        except (OSError, SyntaxError, ValueError, TypeError) as error:  # a damaged PNG is a SyntaxError
            raise CameraError(f"{frame.file} cannot be read as a frame: {error}") from error
        if counts.shape != (self.height, self.width):
            raise CameraError(
                f"{frame.file} refused: its shape is {counts.shape}, the recording's frames are "
                f"{(self.height, self.width)} (rows, columns)"
            )
        if counts.dtype.kind != "u":
            raise CameraError(f"{frame.file} refused: counts are {counts.dtype}, not unsigned integers")
        if (largest := int(counts.max())) > self.saturation_code:
            raise CameraError(
                f"{frame.file} refused: it holds the count {largest}, a frame of {self.bits} bits "
                f"ends at {self.saturation_code}"
            )
        return counts.astype(self.dtype, copy=False)

    def initial(self) -> Settings:
        """The settings of the first frame recorded; what was not recorded is ``None``."""
        first = self.levels[0]
        area = Geometry.plain(self.width * self.binning, self.height * self.binning).total
        return Settings(
            exposure=first.exposure,
            gain=first.gain,
            offset=first.offset,
            readout_mode=first.readout_mode,
            roi=area,
            binning=self.binning,
            bit_depth=self.bits,
            overscan=False,
        )

    def capabilities(self) -> Capabilities:
        """What a camera that serves this recording offers: exactly what was recorded."""
        exposure = _recorded_limits(self.exposures(), "s")
        assert exposure is not None  # a recording has at least one level
        modes = dict.fromkeys(v.readout_mode for v in self.levels if v.readout_mode is not None)
        return Capabilities(
            identity=Identity(model=self.model),
            geometry=Geometry.plain(self.width * self.binning, self.height * self.binning),
            exposure=exposure,
            modes=tuple(ReadoutMode(index=i, name=name) for i, name in enumerate(modes)),
            gain=_recorded_limits((v.gain for v in self.levels), "1"),
            offset=_recorded_limits((v.offset for v in self.levels), "1"),
            binnings=(self.binning,),
            bit_depths=(self.bits,),
            overscan=(False,),
            recorded=self._recorded_levels(),
        )

    def _recorded_levels(self) -> tuple[RecordedLevel, ...]:
        """One entry per exposure and light: where gains differ, what the poorest of them holds."""
        fewest: dict[tuple[float, str], int] = {}
        for level in self.levels:
            key = (level.exposure, level.light)
            fewest[key] = min(len(level.frames), fewest.get(key, len(level.frames)))
        return tuple(RecordedLevel(exposure=e, light=light, frames=n) for (e, light), n in fewest.items())


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-15)


def _recorded_limits(values: Iterable[float | None], unit: str) -> Limits | None:
    known = tuple(sorted({v for v in values if v is not None}))
    return Limits(low=known[0], high=known[-1], unit=unit, values=known) if known else None
