"""Where a chunk lies in its file, to say why it cannot be read or holds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from qhy600_ophyd.datasets.reason import reason

Unreadable = tuple[Literal["truncated", "damaged"], str]
"""Kind of the finding, and why."""


def chunk_of(dataset: Any, place: int) -> Any:
    """What HDF5 knows of the chunk of the first-axis index `place`."""
    return dataset.id.get_chunk_info_by_coord((place, *(0 for _ in dataset.shape[1:])))


def is_written(dataset: Any, place: int) -> bool:
    """Whether the chunk of the first-axis index `place` was ever written; what was not reads as zeros."""
    return chunk_of(dataset, place).byte_offset is not None


def why_unreadable(path: Path, dataset: Any, place: int, error: Exception) -> Unreadable:
    """Whether the file at `path` ends before the chunk of index `place` does, or what else is wrong."""
    try:
        chunk = chunk_of(dataset, place)
    except (OSError, RuntimeError, ValueError):
        return "damaged", reason(error)
    end = 0 if chunk.byte_offset is None else chunk.byte_offset + chunk.size
    size = path.stat().st_size
    if end > size:
        return "truncated", f"the file ends {end - size} bytes too early for it"
    return "damaged", reason(error)
