"""Which compressions there are, and what HDF5 has to be told of them."""

from __future__ import annotations

from typing import Any, Literal, get_args

from qhy600_ophyd.contract import StoreError

Compression = Literal["none", "bitshuffle-lz4"]
"""How counts are kept: as they are, or compressed without loss, for readers with ``import hdf5plugin``."""

FILTER = 32008
"""Number of bitshuffle in the HDF Group's registry of filters."""

_OPTIONS = (0, 2)
"""Blocks of the filter's own choice; LZ4."""

NOTE = "counts are compressed by HDF5 filter 32008 (bitshuffle, LZ4): a reader needs `import hdf5plugin`"


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
