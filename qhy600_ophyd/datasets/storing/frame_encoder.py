"""`FrameEncoder`: what makes frames small, and which one this computer has."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.datasets.storing.block_encoder import BlockEncoder
from qhy600_ophyd.datasets.storing.filter_encoder import FilterEncoder


class FrameEncoder(Protocol):
    """Makes frames of one shape and type small."""

    def encode(self, counts: NDArray[Any]) -> NDArray[np.uint8]:
        """The chunk of a frame, C-contiguous; it may be overwritten by the next call."""
        ...

    def close(self) -> None:
        """End what was begun; does nothing when closed."""
        ...


def frame_encoder(shape: tuple[int, int], dtype: np.dtype[Any]) -> FrameEncoder:
    """The fastest that this computer has: PyPI's bitshuffle in threads, or HDF5's filter."""
    try:
        return BlockEncoder(shape, dtype)
    except ImportError:
        return FilterEncoder()
