"""How fast frames are simulated, and what memory it takes.

``python benchmarks/simulate.py --json`` takes whole frames, 9600 × 6422 pixels in 16 bit, of a
simulated camera with all effects that are on by default, through its driver, and prints

``seconds_per_frame``
    Median after warm-up, on two threads, in the light of ``photons`` a pixel; ``least_seconds`` the fastest
    of them. ``by_photons`` has the medians of other lights.
``numpy_seconds``, ``ratio_to_numpy``
    What numpy's Poisson and normal numbers alone take for as many pixels, in the same run, and how many
    times as long that is as ours.
``getframes_seconds``, ``ratio_to_getframes``
    The same for a flat frame of getframes (PyPI) of as many pixels, by its generic sCMOS camera in single
    precision; "not installed" where it is not.
``peak_frames``
    By how much the memory of the process grew at most, in sizes of a frame: maps, buffers and frame.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from typing import Any

import numpy as np

from qhy600_ophyd import SimulatedCamera
from qhy600_ophyd.contract import Settings

PHOTONS = (0.0, 5.0, 20.0, 1000.0, 40_000.0)


class Source:
    """Frames of one simulated camera, one after the other, through its driver and its head.

    Parameters
    ----------
    camera
        Of any size.
    """

    def __init__(self, camera: SimulatedCamera):
        self.camera = camera
        camera.open()
        actual = camera.configure(Settings(exposure=1.0, gain=0.0, readout_mode="High Gain Mode 16BIT"))
        self.out = np.empty(actual.frame_shape, actual.frame_dtype)

    def seconds(self, photons: float) -> float:
        """Time from the order to the frame under so many photons a pixel; none passes on the free clock."""
        self.camera.light.set(photons)
        started = time.perf_counter()
        self.camera.arm(1)
        info = self.camera.grab(self.out, 60.0)
        taken = time.perf_counter() - started
        assert info.retries == 0
        return taken


def numpy_seconds(shape: tuple[int, int], photons: float) -> float:
    """Time of numpy for a Poisson and a normal number for each pixel."""
    random = np.random.default_rng(1)
    started = time.perf_counter()
    random.poisson(photons, shape)
    random.standard_normal(shape, dtype=np.float32)
    return time.perf_counter() - started


def getframes_seconds(shape: tuple[int, int], photons: float) -> float | None:
    """Time of getframes for a flat frame, after one; ``None`` where it is not installed."""
    try:
        import getframes
    except ModuleNotFoundError:
        return None
    config = getframes.load_preset("generic_scmos")
    camera = getframes.Camera(config, precision="float32").with_config(resolution=shape)
    taken = []
    for seed in (1, 2):
        started = time.perf_counter()
        pixels = camera.flat_frame(photons, 1.0, seed=seed, include_truth=False).data.size
        taken.append((time.perf_counter() - started) * shape[0] * shape[1] / pixels)
    return min(taken)


def peak_bytes() -> int | None:
    """Most memory that the process has had; ``None`` on a system that does not tell."""
    try:
        import resource
    except ModuleNotFoundError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measured(frames: int, threads: int, photons: float) -> dict[str, Any]:
    small = Source(SimulatedCamera(width=1000, height=200, seed=1, threads=threads))
    for level in PHOTONS:
        small.seconds(level)  # compiles every loop
    before = peak_bytes()
    source = Source(SimulatedCamera.full_size(seed=1, threads=threads))
    source.seconds(photons)  # makes the maps
    taken = [source.seconds(photons) for _ in range(frames)]
    levels = {f"{p:g}": statistics.median(source.seconds(p) for _ in range(3)) for p in PHOTONS}
    after, frame_bytes, shape = peak_bytes(), source.out.nbytes, source.out.shape
    ours = statistics.median(taken)
    by_numpy = numpy_seconds(shape, photons)
    del source
    by_getframes = getframes_seconds(shape, photons)
    return {
        "pixels": shape[0] * shape[1],
        "threads": threads,
        "photons": photons,
        "seconds_per_frame": ours,
        "least_seconds": min(taken),
        "by_photons": levels,
        "numpy_seconds": by_numpy,
        "ratio_to_numpy": by_numpy / ours,
        "getframes_seconds": "not installed" if by_getframes is None else by_getframes,
        "ratio_to_getframes": "not installed" if by_getframes is None else by_getframes / ours,
        "peak_frames": None if before is None or after is None else (after - before) / frame_bytes,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--frames", type=int, default=9, help="timed frames")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--photons", type=float, default=1000.0, help="on a pixel")
    options = parser.parse_args()
    found = measured(options.frames, options.threads, options.photons)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:20} {value:.4g}" if isinstance(value, float) else f"{name:20} {value}")


if __name__ == "__main__":
    main()
