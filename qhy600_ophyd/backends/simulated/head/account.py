"""The account of all exposures: one record each, settled once and corrected when its frame turns up later."""

from __future__ import annotations

from qhy600_ophyd.backends.simulated.head.record import ExposureRecord, Fate
from qhy600_ophyd.backends.simulated.head.shot import Shot
from qhy600_ophyd.contract import Settings
from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.sensor.readout_modes import readout_mode


class Account:
    """Keeps `records`, in the order in which the exposures were first settled."""

    def __init__(self) -> None:
        self.records: list[ExposureRecord] = []
        self._place: dict[int, int] = {}
        self._latest = -1
        self.handed_over = 0
        """How many frames were handed over so far, of whatever kind."""

    def settle(
        self,
        shot: Shot,
        fate: Fate,
        geometry: Geometry,
        *,
        header: bytes = b"",
        digest: bytes | None = None,
        handed_over: bool = False,
    ) -> None:
        """Write down what became of `shot`; a record that it has already is replaced."""
        if not shot.real:
            return
        before = self.of(shot.number)
        record = ExposureRecord(
            inputs=shot.inputs,
            settings=_settings(shot, geometry),
            sequence=shot.sequence,
            fate=fate,
            faults=tuple(sorted(shot.faults)),
            handed_over=self.handed_over if handed_over else before and before.handed_over,
            previous=shot.previous,
            header=header or (before.header if before else b""),
            digest=digest or (before.digest if before else None),
        )
        if handed_over:
            self._latest = len(self.records) if before is None else self._place[shot.number]
        if before is None:
            self._place[shot.number] = len(self.records)
            self.records.append(record)
        else:
            self.records[self._place[shot.number]] = record

    def latest(self) -> ExposureRecord:
        """The exposure whose frame was handed over last; there must have been one."""
        return self.records[self._latest]

    def of(self, number: int) -> ExposureRecord | None:
        """The record of an exposure, if it has one."""
        place = self._place.get(number)
        return None if place is None else self.records[place]


def _settings(shot: Shot, geometry: Geometry) -> Settings:
    inputs = shot.inputs
    return Settings(
        exposure=inputs.exposure,
        gain=inputs.gain,
        offset=inputs.offset,
        readout_mode=readout_mode(inputs.mode).name,
        roi=inputs.area,
        binning=inputs.binning,
        bit_depth=inputs.bit_depth,
        usb_traffic=inputs.usb_traffic,
        overscan=not geometry.image.contains(inputs.area),
    )
