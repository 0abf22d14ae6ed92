"""How fast the whole way is, as ratios against a baseline in the same run.

``python benchmarks/first_light.py --json`` prints

``sink_ratio``
    Seconds to acquire full frames to disk through device, RunEngine and store, over seconds of a bare h5py
    loop that writes the same frames: 1 is as fast as h5py itself, smaller is better.
``reduction_ratio``
    Seconds of the photon-transfer reduction in numpy's textbook form over seconds of ours: larger is better.
``event_ms``, ``event_ms_sim_det``
    Milliseconds an event of ``bp.count([camera])`` at 64 × 48 pixels, and of ``bp.count([ophyd.sim.det])``.

Each figure is the median of several rounds in which ours and the baseline take turns.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from bluesky import RunEngine
from bluesky import plans as bp
from numpy.typing import NDArray
from turns import medians

from qhy600_ophyd import QHY600, Bench, SimulatedCamera, analysis, plans
from qhy600_ophyd.contract import FrameInfo


class PreparedCamera(SimulatedCamera):
    """A full-size camera that hands out one prepared frame, so that computing it does not count."""

    def __init__(self, **parameters: Any):
        super().__init__(width=9576, height=6388, **parameters)
        self._prepared: tuple[FrameInfo, NDArray[np.uint16]] | None = None
        self._number = 0

    @property
    def frame(self) -> NDArray[np.uint16]:
        """What every frame holds."""
        assert self._prepared is not None
        return self._prepared[1]

    def grab(self, out: NDArray[Any], timeout: float) -> FrameInfo:
        """Copy the prepared frame into `out`, as a driver does."""
        if self._prepared is None:
            info = super().grab(out, timeout)
            self._prepared = info, out.copy()
        self.cancel()
        info, counts = self._prepared
        np.copyto(out, counts)
        self._number += 1
        now = time.monotonic_ns()
        return replace(info, sequence=self._number, trigger_monotonic=now, arrival_monotonic=now)


def sink_ratio(folder: Path, frames: int, rounds: int) -> float:
    """Acquisition of full frames to disk against a bare h5py loop."""
    camera = QHY600(PreparedCamera(), sink=folder / "ours", name="camera")
    engine = RunEngine({})
    engine.subscribe(camera.on_document)
    with camera:
        camera.exposure.set(0.001)
        engine(bp.count([camera], 1))
        assert isinstance(camera.backend, PreparedCamera)
        counts = camera.backend.frame

        def ours() -> None:
            shutil.rmtree(folder / "ours", ignore_errors=True)
            engine(bp.count([camera], frames))

        def bare() -> None:
            with h5py.File(folder / "bare.h5", "w", libver="latest") as file:
                data = file.create_dataset(
                    "counts",
                    (0, *counts.shape),
                    counts.dtype,
                    chunks=(1, *counts.shape),
                    maxshape=(None, *counts.shape),
                )
                for n in range(frames):
                    data.resize(n + 1, axis=0)
                    data[n] = counts
                    file.flush()

        mine, baseline = medians(rounds, ours, bare)
    return mine / baseline


def reduction_ratio(folder: Path, rounds: int) -> float:
    """The reduction to levels against numpy, both from the frames of one run in memory."""
    with Bench.simulated(seed=1, output=folder, width=2048, height=2048) as bench:
        exposures = bench.linearity_exposures()[::8]
        run = bench.run(plans.linearity(bench.camera, bench.light, exposures), progress=False)
    assert not isinstance(run, list)
    run = run.load()
    image = run.counts[:, :, 24:].values[:, :2048]
    kinds, steps = run.frame_kind.values, run.step.values

    def textbook() -> None:
        for step in np.unique(steps):
            for kind in ("dark", "light"):
                a, b = image[(steps == step) & (kinds == kind)].astype(np.float64)
                _ = (a.mean() + b.mean()) / 2, 0.5 * np.mean((a - b) ** 2) - 0.5 * (a.mean() - b.mean()) ** 2

    ours, numpy_form = medians(rounds, lambda: analysis.levels(run), textbook)
    return numpy_form / ours


def event_milliseconds(folder: Path, events: int, rounds: int) -> tuple[float, float]:
    """Time for an event, of the camera and of ophyd's simulated detector."""
    from ophyd.sim import det

    camera = QHY600(SimulatedCamera(width=64, height=48), sink=folder / "events", name="camera")
    engine = RunEngine({})
    engine.subscribe(camera.on_document)
    with camera:
        camera.exposure.set(0.001)
        ours, yardstick = medians(
            rounds, lambda: engine(bp.count([camera], events)), lambda: engine(bp.count([det], events))
        )
    return ours / events * 1e3, yardstick / events * 1e3


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="one JSON object")
    options.add_argument("--frames", type=int, default=8, help="full frames in each acquisition")
    options.add_argument("--rounds", type=int, default=3, help="rounds that count")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        event, event_sim_det = event_milliseconds(folder, 100, chosen.rounds)
        figures = {
            "sink_ratio": sink_ratio(folder, chosen.frames, chosen.rounds),
            "reduction_ratio": reduction_ratio(folder, chosen.rounds),
            "event_ms": event,
            "event_ms_sim_det": event_sim_det,
        }
    if chosen.json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
    else:
        for name, value in figures.items():
            print(f"{name:18} {value:8.3f}")


if __name__ == "__main__":
    main()
