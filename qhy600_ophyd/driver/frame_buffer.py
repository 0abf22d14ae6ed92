"""The caller's memory, seen as a frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import BufferTooSmall, Settings


def frame_within(out: NDArray[Any], settings: Settings) -> NDArray[Any]:
    """The beginning of `out` as a frame taken with `settings`, sharing its memory.

    Raises
    ------
    BufferTooSmall
        `out` is too small, not C-contiguous or not writable.
    """
    shape, dtype = settings.frame_shape, np.dtype(settings.frame_dtype)
    needed = math.prod(shape) * dtype.itemsize
    if out.nbytes < needed or not (out.flags.c_contiguous and out.flags.writeable):
        raise BufferTooSmall(
            f"a frame of {shape[0]} × {shape[1]} {dtype} needs {needed} writable bytes in one piece, "
            f"the buffer has {out.nbytes}; grab again with a larger one"
        )
    return out.reshape(-1).view(np.uint8)[:needed].view(dtype).reshape(shape)
