"""`WrittenHeader`: what a camera with a GPS box has written over the first counts of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.sensor.gps_header import LENGTH, GpsHeader, NotAGpsHeader, decode


@dataclass(frozen=True, kw_only=True)
class WrittenHeader:
    """The header of one frame.

    Parameters
    ----------
    written
        The bytes.
    says
        What they mean.
    """

    written: bytes
    says: GpsHeader

    @classmethod
    def of(cls, counts: NDArray[Any]) -> Self | None:
        """That of a frame of shape ``(rows, columns)``; ``None`` where there is none.

        A header states the frame's size, by which it is told from counts.
        """
        if counts.nbytes < LENGTH:
            return None
        written = counts.reshape(-1).view(np.uint8)[:LENGTH].tobytes()
        try:
            says = decode(written)
        except NotAGpsHeader:
            return None
        return cls(written=written, says=says) if (says.height, says.width) == counts.shape else None
