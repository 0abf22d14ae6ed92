"""Which compressions there are, and what HDF5 has to be told of them."""

from __future__ import annotations

from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.contract import StoreError

Compression = Literal["none", "bitshuffle-lz4"]
"""How counts are kept: as they are, or compressed without loss, for readers with ``import hdf5plugin``."""

FILTER = 32008
"""Number of bitshuffle in the HDF Group's registry of filters."""

_OPTIONS = (0, 2)
"""Blocks of the filter's own choice; LZ4."""

NOTE = "counts are compressed by HDF5 filter 32008 (bitshuffle, LZ4): a reader needs `import hdf5plugin`"


class FrameEncoder(Protocol):
    """Makes frames of one shape and type small."""

    def encode(self, counts: NDArray[Any]) -> NDArray[np.uint8]:
        """The chunk of a frame, C-contiguous; it may be overwritten by the next call."""
        ...

    def close(self) -> None:
        """End what was begun; does nothing when closed."""
        ...


def check_compression(compression: str) -> None:
    """Raise `StoreError` for one that there is not."""
    if compression not in get_args(Compression):
        allowed = ", ".join(get_args(Compression))
        raise StoreError(f"compression {compression!r} refused; allowed: {allowed}")


def dataset_options(compression: Compression) -> dict[str, Any]:
    """Arguments of ``create_dataset``; the filter is loaded if there is one."""
    if compression == "none":
        return {}
    load_filter()
    return {"compression": FILTER, "compression_opts": _OPTIONS}


def load_filter() -> None:
    """Make HDF5 know the filter."""
    import hdf5plugin  # noqa: F401  takes 0.1 s, and raw frames do without


def is_compressed(dataset: Any) -> bool:
    """Whether a dataset of h5py's has filters."""
    return dataset.id.get_create_plist().get_nfilters() > 0


def frame_encoder(shape: tuple[int, int], dtype: np.dtype[Any]) -> FrameEncoder:
    """The fastest that this computer has: PyPI's bitshuffle in threads, or HDF5's filter."""
    from qhy600_ophyd.datasets.block_encoder import BlockEncoder
    from qhy600_ophyd.datasets.filter_encoder import FilterEncoder

    try:
        return BlockEncoder(shape, dtype)
    except ImportError:
        return FilterEncoder()
