"""Whether the device tells the truth while everything goes wrong.

``python benchmarks/faults.py --json`` drives a simulated camera, through device, RunEngine and store, with
random steps while every known fault strikes at random, and compares each frame of the datasets with the
simulator's own log, which nothing of the device has seen. It prints

``steps``
    Settings, lights, waits, exposures and openings that were asked for.
``faults_injected``
    How many faults struck, and ``by_name`` which.
``frames``, ``retries``, ``discarded``, ``unverified``, ``failed_runs``
    Frames in the datasets; exposures taken again and frames thrown away for them; frames flagged as not fully
    verified; runs that ended with an error.
``mismatches``
    Frames presented as good that are not what their row says: counts that no exposure gave, or that come
    from an exposure with other settings, light, temperature or time than those recorded. It has to be 0.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hostile_session import HEIGHT, WIDTH, Score, Session

from qhy600_ophyd.sensor import Rectangle

MODES = ("PhotoGraphic DSO 16BIT", "High Gain Mode 16BIT", "Extend Fullwell Mode", "2CMS-1")


def random_shape(rng: np.random.Generator) -> dict[str, Any]:
    """Settings that shape a frame, each of them possible."""
    binning = int(rng.choice([1, 1, 1, 1, 2, 2, 3, 4]))
    overscan = bool(rng.random() < 0.8)
    shape: dict[str, Any] = {
        "overscan": overscan,
        "binning": binning,
        "bit_depth": int(rng.choice([8, 16, 16, 16, 32])),
    }
    if overscan and rng.random() < 0.3:
        shape["roi"] = Rectangle(0, int(rng.integers(0, 8)), WIDTH + 24, int(rng.integers(8, HEIGHT)))
    else:
        shape["roi"] = (
            Rectangle(0, 0, WIDTH + 24, HEIGHT + 34) if overscan else Rectangle(24, 0, WIDTH, HEIGHT)
        )
    return shape


def random_point(rng: np.random.Generator) -> dict[str, Any]:
    """Settings of one frame, light, waiting and cooling, in random order."""
    choices: dict[str, Any] = {
        "exposure": float(rng.choice([4e-5, 1e-3, 0.02, 0.5, 3.0])),
        "gain": float(rng.integers(0, 101)),
        "offset": float(rng.integers(20, 200)),
        "readout_mode": str(rng.choice(MODES)),
        "usb_traffic": float(rng.integers(0, 61)),
        "light": float(rng.choice([0.0, 100.0, 5000.0])),
        "wait": float(rng.exponential(20.0)),
        "cooler": None if rng.random() < 0.2 else float(rng.integers(-10, 15)),
    }
    names = rng.permutation(list(choices))[: rng.integers(0, len(choices))]
    return {str(name): choices[str(name)] for name in names}


def drive(steps: int, *, seed: int, probability: float, folder: Path) -> Score:
    """Random runs until so many steps were taken."""
    score = Score()
    session_number = 0
    while score.steps < steps:
        rng = np.random.default_rng([seed, session_number])
        session = Session(
            folder / str(session_number), seed=seed + session_number, probability=probability, score=score
        )
        session_number += 1
        session.reopen()
        for _ in range(20):
            session.shape(random_shape(rng))
            session.run([random_point(rng) for _ in range(int(rng.integers(1, 8)))])
            if rng.random() < 0.3:
                session.stream(int(rng.integers(2, 6)))
        session.finish()
    return score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--probability", type=float, default=0.01)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        score = drive(
            arguments.steps, seed=arguments.seed, probability=arguments.probability, folder=Path(folder)
        )
    result = {
        "steps": score.steps,
        "faults_injected": sum(score.struck.values()),
        "mismatches": len(score.mismatches),
        "frames": score.frames,
        "retries": score.retries,
        "discarded": score.discarded,
        "unverified": score.unverified,
        "failed_runs": score.failed_runs,
        "by_name": dict(sorted(score.struck.items())),
        "first_mismatches": score.mismatches[:20],
    }
    print(json.dumps(result) if arguments.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
