"""Small runs of noise on the disk, and what an accident can do to their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from qhy600_ophyd.contract import COLUMNS, Frame, Layout
from qhy600_ophyd.datasets import RunFolders

SHAPE = (12, 16)
PER_FRAME = ("counts", "ledger/rows", *(field.name for field in COLUMNS))
"""Every dataset of a file that has one entry a frame, but for the axis."""


def layout(shape: tuple[int, int] = SHAPE, **changes: Any) -> Layout:
    """Of frames of image pixels."""
    described: dict[str, Any] = {
        "shape": shape,
        "dtype": "uint16",
        "x": np.arange(float(shape[1])),
        "y": np.arange(float(shape[0])),
        "x_region": np.zeros(shape[1], np.int8),
        "y_region": np.zeros(shape[0], np.int8),
        "attributes": {"device": "camera"},
        "start": {"uid": "0f7a1c52-93d4", "time": 0.0, "plan_name": "count"},
    }
    return Layout(**{**described, **changes})


def noise(n: int, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Counts of frame `n`: no two are alike."""
    return np.random.default_rng(n).integers(400, 600, shape).astype(np.uint16)


def frame(n: int, counts: np.ndarray | None = None, **row: Any) -> Frame:
    """Frame `n`, numbered by the host, with a row that differs from those of all others."""
    about = {"sequence": n, "sequence_source": "host", "exposure": n / 8, "arrival_monotonic": 10**9 * n}
    return Frame(noise(n) if counts is None else counts, {**about, **row})


def store(folder: Path, frames: Sequence[Frame], *, stream: str = "primary", **changes: Any) -> Path:
    """A finished run of these frames; returns the file of its stream."""
    sink = RunFolders(folder)(stream, layout(**changes))
    for one in frames:
        sink.append(one)
    sink.annotate("descriptor", {"uid": f"d-{stream}", "name": stream, "data_keys": {}})
    sink.annotate("stop", {"uid": "s", "exit_status": "success", "num_events": {stream: len(frames)}})
    sink.close()
    return sink.path


def each_frame_again(path: Path, order: Callable[[list[int]], list[int]], *names: str) -> None:
    """Write the entries of a frame in another order: all their datasets, or those that are named.

    Parameters
    ----------
    path
        Of a finished file.
    order
        Makes the list of the old places from ``[0, 1, 2 …]``: shorter, longer, or in another order.
    """
    with h5py.File(path, "r+") as file:
        for name in names or PER_FRAME:
            dataset: Any = file[name]
            kept = dataset[:][order(list(range(len(dataset))))]
            dataset.resize(len(kept), axis=0)
            dataset[:] = kept


def reseal(path: Path, seal: str) -> None:
    """Put another text in the place of the seal; without one the file looks as if it were never closed."""
    from qhy600_ophyd.datasets.attribute_text import rewrite_text
    from qhy600_ophyd.datasets.stream_format import SEAL

    with h5py.File(path, "r+") as file:
        assert rewrite_text(file.attrs, SEAL, seal)


def place_of(path: Any, name: str, index: int) -> tuple[int, int]:
    """Where in a file, or a `StillFile`, the bytes of one frame of a dataset lie: first, and how many."""
    with h5py.File(path, "r") as file:
        dataset: Any = file[name]
        chunk = dataset.id.get_chunk_info_by_coord((index, *(0 for _ in dataset.shape[1:])))
        return chunk.byte_offset, chunk.size


def flip(path: Path, place: int, mask: int) -> None:
    """Change the bits of `mask` in the byte at `place`."""
    with path.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ mask]))


@contextmanager
def flipped(path: Path, place: int, mask: int) -> Iterator[None]:
    """`flip`, and back."""
    flip(path, place, mask)
    try:
        yield
    finally:
        flip(path, place, mask)
