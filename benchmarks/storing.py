"""How fast frames are stored: raw, compressed, and brought to the disk one by one.

``python benchmarks/storing.py --json`` stores whole frames, 9600 × 6422 pixels in 16 bit, of a simulated
camera, from memory. The files of a comparison grow in turns, one frame each, and are deleted at its end. It
prints

``raw_ratio``
    Throughput of the sink over that of a bare loop of h5py's ``set_extent`` and ``write_direct_chunk`` into
    a file of the same file system, without checksum, row, columns, flush or SWMR mode; of the median times
    of a frame, ``raw_ms`` and ``bare_ms``. It can be above 1, since the sink takes room for a frame ahead.
``compressed_fps``
    Frames in a second that the sink stores compressed, by the median time; ``compressed_size`` is their
    length over that of raw ones.
``encode_ms``, ``filter_encode_ms``
    Compressing alone: as this computer does it, and by HDF5's filter, as others without bitshuffle do it.
``fsync``
    A frame stored with ``fsync="never"`` and ``"frame"`` (``never_ms``, ``frame_ms``), and how long closing
    takes after ``close_frames`` with ``fsync="close"`` (``close_ms``).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import count, cycle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from simulate import Source
from turns import medians, seconds

from qhy600_ophyd import SimulatedCamera
from qhy600_ophyd.contract import Frame, Layout
from qhy600_ophyd.datasets import HDF5FrameSink
from qhy600_ophyd.datasets.storing.filter_encoder import FilterEncoder
from qhy600_ophyd.datasets.storing.frame_encoder import frame_encoder

Frames = Sequence[NDArray[Any]]


def simulated_frames(number: int = 3, *, photons: float = 1000.0) -> Frames:
    """Whole frames with the noise of the simulated sensor, no two alike."""
    source = Source(SimulatedCamera(seed=1, width=9576, height=6388))
    frames = []
    for _ in range(number):
        source.seconds(photons)
        frames.append(source.out.copy())
    source.camera.close()
    return frames


def bare(stack: ExitStack, folder: Path, frames: Frames) -> Callable[[], None]:
    """What appends the next frame to a file of plain h5py."""
    shape = frames[0].shape
    file = stack.enter_context(h5py.File(folder / "bare.h5", "w", libver="latest"))
    counts = file.create_dataset(
        "counts", shape=(0, *shape), maxshape=(None, *shape), chunks=(1, *shape), dtype=frames[0].dtype
    )
    places, turn = count(), cycle(frames)

    def append() -> None:
        place = next(places)
        counts.id.set_extent((place + 1, *shape))
        counts.id.write_direct_chunk((place, 0, 0), next(turn))

    return append


def sink(stack: ExitStack, path: Path, frames: Frames, **options: Any) -> Callable[[], None]:
    """What appends the next frame to a sink."""
    height, width = frames[0].shape
    layout = Layout(
        shape=(height, width),
        dtype=str(frames[0].dtype),
        x=np.arange(float(width)),
        y=np.arange(float(height)),
        x_region=np.zeros(width, np.int8),
        y_region=np.zeros(height, np.int8),
        start={"uid": "0f7a1c52", "time": 0.0},
    )
    store = HDF5FrameSink(path, **options)
    store.open("primary", layout)
    stack.callback(store.close)
    numbers, turn = count(), cycle(frames)
    return lambda: store.append(Frame(next(turn), {"sequence": next(numbers)}))


def raw_ratio(folder: Path, frames: Frames, *, rounds: int = 24) -> dict[str, float]:
    """Median times of the sink and of the bare loop, and what part of its throughput the sink has."""
    with tempfile.TemporaryDirectory(dir=folder) as place, ExitStack() as stack:
        loop = bare(stack, Path(place), frames)
        bare_s, raw_s = medians(rounds, loop, sink(stack, Path(place) / "primary.h5", frames))
    return {"raw_ratio": bare_s / raw_s, "raw_ms": 1e3 * raw_s, "bare_ms": 1e3 * bare_s}


def compressed_fps(folder: Path, frames: Frames, *, rounds: int = 24) -> dict[str, float]:
    """Frames in a second that are stored compressed, and how long they are then."""
    with tempfile.TemporaryDirectory(dir=folder) as place, ExitStack() as stack:
        path = Path(place) / "primary.h5"
        (taken,) = medians(rounds, sink(stack, path, frames, compression="bitshuffle-lz4"))
        with ExitStack() as closing:
            closing.push(stack.pop_all())
        size = path.stat().st_size / (rounds + 1) / frames[0].nbytes
    return {"compressed_fps": 1 / taken, "compressed_size": size}


def encoding(frames: Frames, *, rounds: int = 8) -> dict[str, float]:
    """Median times of compressing alone, by both ways."""
    fast, slow = frame_encoder(frames[0].shape, frames[0].dtype), FilterEncoder()
    turn, other = cycle(frames), cycle(frames)
    times = medians(rounds, lambda: fast.encode(next(turn)), lambda: slow.encode(next(other)))
    fast.close()
    return dict(zip(("encode_ms", "filter_encode_ms"), (1e3 * taken for taken in times), strict=True))


def fsync_cost(folder: Path, frames: Frames, *, rounds: int = 8) -> dict[str, float]:
    """What it costs to have frames on the disk."""
    with tempfile.TemporaryDirectory(dir=folder) as place, ExitStack() as stack:
        os.sync()  # what others have left to write is not ours
        works = [
            sink(stack, Path(place) / f"{fsync}.h5", frames, fsync=fsync) for fsync in ("never", "frame")
        ]
        never, frame = medians(rounds, *works)
        os.sync()
        last = ExitStack()
        append = sink(last, Path(place) / "close.h5", frames, fsync="close")
        for _ in range(rounds):
            append()
        close = seconds(last.close)
    return {
        "never_ms": 1e3 * never,
        "frame_ms": 1e3 * frame,
        "close_ms": 1e3 * close,
        "close_frames": rounds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=24, help="frames of each kind; 0.5 GB of disk for two")
    parser.add_argument("--folder", type=Path, help="on the disk in question; the system's own otherwise")
    arguments = parser.parse_args()
    frames, rounds = simulated_frames(), arguments.rounds
    result: dict[str, Any] = {
        **raw_ratio(arguments.folder, frames, rounds=rounds),
        **compressed_fps(arguments.folder, frames, rounds=rounds),
        **encoding(frames),
        "fsync": fsync_cost(arguments.folder, frames),
    }
    print(json.dumps(result) if arguments.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
