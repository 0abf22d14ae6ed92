"""What single frames and live streams share: the head, its registers, the last frame, the count of frames."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from qhy600_ophyd.contract import CameraLost, Settings
from qhy600_ophyd.driver.cooling import DrivenCooler
from qhy600_ophyd.driver.head import LOST, Control, Fetched, Head, HeadError
from qhy600_ophyd.driver.inspection import Finding, inspect
from qhy600_ophyd.driver.registers import Registers
from qhy600_ophyd.driver.trigger import Readings
from qhy600_ophyd.driver.written_header import WrittenHeader
from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.sensor.gps_header import LENGTH


class Taking:
    """The means of taking frames.

    Frames are numbered from 0; a number is used up by a frame that never came, but not by one that was
    cancelled.

    Parameters
    ----------
    head, registers, cooler
        Of the camera.
    retries
        How often a bad frame is taken again.
    """

    def __init__(self, head: Head, registers: Registers, cooler: DrivenCooler, *, retries: int):
        self.head, self.registers, self.cooler, self.retries = head, registers, cooler, retries
        self.delivered = 0
        self.sequence = 0
        self.started = 0
        """How often the camera was told to begin an exposure or a stream."""
        self._last_digest: bytes | None = None

    def examine(
        self, counts: NDArray[Any], fetched: Fetched, settings: Settings, geometry: Geometry
    ) -> Finding:
        """Look at a frame that has come, and remember it."""
        depth = settings.bit_depth or 16
        rows, columns = settings.frame_shape
        if (fetched.width, fetched.height, fetched.bit_depth) != (columns, rows, depth):
            return Finding(
                damage=f"it came as {fetched.width} × {fetched.height} of {fetched.bit_depth} bit "
                f"where {columns} × {rows} of {depth} bit was set"
            )
        header_rows = settings.rows_of(LENGTH) if self.registers.gps_header else 0
        finding = inspect(counts[header_rows:], settings, geometry, before=self._last_digest)
        if not finding.zero:
            self._last_digest = finding.digest or self._last_digest
        return finding

    def header(self, counts: NDArray[Any]) -> WrittenHeader | None:
        """What the camera wrote over the first counts; ``None`` if it was not asked to, or did not."""
        return WrittenHeader.of(counts) if self.registers.gps_header else None

    def unverified(self, *seen: str) -> tuple[str, ...]:
        """What nothing could show to be right: `seen`, and freshness where the memory was not emptied."""
        return seen if self.registers.memory_emptied else (*seen, "freshness")

    def readings(self, settings: Settings) -> Readings:
        """All that the camera says now. Raises `CameraLost` or `HeadError`."""
        code = None
        if self.head.limits(Control.UNDERVOLTAGE) is not None:
            code = int(self.head.read(Control.UNDERVOLTAGE))
        return Readings(
            reported=self.registers.reported(settings),
            temperature=self.cooler.read(),
            line_time=self.head.line_time(),
            undervoltage=code,
        )

    def raise_if_lost(self) -> None:
        """Raise `CameraLost` if the readings say so: they do, whatever the other calls return."""
        try:
            lost = LOST in (self.head.read(Control.TEMPERATURE), self.head.read(Control.EXPOSURE))
        except HeadError:
            lost = True
        if lost:
            raise CameraLost("the camera no longer answers; close it, check its cables, and open it again")
