"""`FilterEncoder`: frames compressed by HDF5's own filter, for computers without PyPI's bitshuffle."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.datasets.compression import dataset_options


class FilterEncoder:
    """Lets HDF5 compress a frame into a file in memory, and takes the chunk out of it.

    So it can be written as one that was compressed by ourselves, whose length is known before any of it is
    written. Some five times slower, and other calls of HDF5 wait meanwhile.
    """

    def encode(self, counts: NDArray[Any]) -> NDArray[np.uint8]:
        """The chunk of a frame.

        Raises
        ------
        OSError
            The filter did not compress it.
        """
        with h5py.File(f"frame-{id(self)}", "w", driver="core", backing_store=False) as memory:
            whole = (1, *counts.shape)
            options = dataset_options("bitshuffle-lz4")
            stored: Any = memory.create_dataset("counts", data=counts[None], chunks=whole, **options)
            memory.flush()
            left_out, chunk = stored.id.read_direct_chunk((0, 0, 0))
        if left_out:
            raise OSError("HDF5's bitshuffle filter did not compress the frame")
        return np.frombuffer(chunk, np.uint8)

    def close(self) -> None:
        """Nothing was begun."""
