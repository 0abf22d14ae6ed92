"""What the way from a camera's buffer to a durable frame and its document costs, as ratios in one run.

``python benchmarks/acquire.py --json`` prints, for a camera that hands out frames made beforehand
(`prepared_camera`), on two cores if there are more:

``raw_ratio``, ``compressed_fps``, ``fsync``
    Of the frame sink, and what else `storing` says.
``paced``
    Live streams at the camera's own rates, each in a process of its own: ``frames`` stored and announced,
    ``lost``, ``fps``, ``cpu`` (cores, of the whole run), peak ``rss_gb``. In that, ``ring_gb`` is for frames
    on their way, and three frames are the camera's.
``unpaced_ratio``
    Frames a second of a burst, from the plan to the last document, over those of a bare loop that appends the
    same frames to the same sink.
``unpaced_copied_ratio``
    The same with a camera that copies each frame into memory of ours, which competes for the computer's
    memory with the store; the other one lends memory that its frames lie in.
``unpaced_strip_ratio``
    As ``unpaced_ratio``, for strips of 9600 × 100.
``event_overhead_ms``
    Of a step plan at 64 × 64, beyond the time that the camera's own calls take.
``event_ms_sim_det``
    An event of ``bp.count([ophyd.sim.det])``, by turns with it.
``soak_growth_mb``
    Resident memory after 10,000 small frames of a burst beyond that after the first 1,000.
``abort_s``
    From the wish to abort an exposure of 600 s until the RunEngine and the camera are idle.

Files are removed as soon as they are done with; a stream of 60 s at full rate takes 18 GB of the folder.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

import bluesky.plans as bp
import numpy as np
import ophyd.sim
from bluesky.utils import RunEngineInterrupted
from prepared_camera import PreparedCamera
from rig import Setup, rss_gb
from turns import fastest, medians

from qhy600_ophyd import SimulatedCamera, plans
from qhy600_ophyd.contract import Frame, SystemClock
from qhy600_ophyd.datasets import RunFolders, open_run, verify
from qhy600_ophyd.device.stream import layout_for

STRIP = (0, 0, 9600, 100)
PACED: dict[str, dict[str, Any]] = {
    "2.5 fps, 16 bit, full frame": {"fps": 2.5, "bit_depth": 16},
    "4 fps, 8 bit, full frame": {"fps": 4.0, "bit_depth": 8},
    "160 fps, 16 bit, 9600 x 100": {"fps": 160.0, "bit_depth": 16, "roi": STRIP},
}


def paced_here(folder: Path, name: str, seconds: float) -> dict[str, Any]:
    """One paced stream in this process."""
    settings = dict(PACED[name])
    fps = settings.pop("fps")
    frames = max(round(seconds * fps), 1)
    # A second and a half of frames in the camera: 1 GB at the full rate of 16 bit.
    camera = PreparedCamera(period=1.0 / fps, memory=max(round(1.5 * fps), 2))
    setup = Setup(folder, camera, exposure=1e-3, usb_traffic=0, **settings)
    told = [0]

    def count(kind: str, doc: Any) -> None:
        if kind == "stream_datum":
            told[0] += doc["indices"]["stop"] - doc["indices"]["start"]

    rings = [0]
    setup.engine.subscribe(count)
    setup.engine.subscribe(lambda *_: rings.append(setup.device.ring_bytes))
    cpu, began = time.process_time(), time.perf_counter()
    setup.run(plans.burst(setup.device, frames, on_loss="record"))
    took, used = time.perf_counter() - began, time.process_time() - cpu
    lost = frames - told[0]
    memory = rss_gb(peak=True)
    (run,) = folder.iterdir()
    report = verify(run)
    with open_run(run) as taken:
        arrived = taken.arrival_monotonic.values * 1e-9
    setup.close()
    return {
        "name": name,
        "frames": told[0],
        "lost": lost,
        "verified": report.ok and report.frames == told[0],
        "fps": round((len(arrived) - 1) / (arrived[-1] - arrived[0]), 3),
        "cpu": round(used / took, 3),
        "rss_gb": round(memory, 3),
        "ring_gb": round(max(rings) / 2**30, 3),
    }


def in_a_child(folder: Path, *arguments: str) -> Any:
    """The answer of this program in a process of its own, so that the peak of memory is its own."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        command = [sys.executable, __file__, "--folder", own, *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def unpaced(
    folder: Path, rounds: int, frames: int, *, copies: bool = False, **settings: Any
) -> dict[str, float]:
    """A burst against a bare loop over the same sink, with the same frames and rows; the fastest turns."""
    setup = Setup(folder, PreparedCamera(copies=copies), exposure=1e-3, usb_traffic=0, **settings)
    device, prepared = setup.device, setup.camera.prepare()
    layout = layout_for(device.actual, device.capabilities, device="camera", start=None)

    setup.run(plans.burst(device, 1))
    row = dict(device.row)

    def bare() -> None:
        sink = RunFolders(folder)("primary", layout)
        for n in range(frames):
            counts = prepared[n % len(prepared)]
            counts.reshape(-1)[0] = n % 200
            sink.append(Frame(counts, {**row, "sequence": n}))
        sink.close()

    def on_a_quiet_computer() -> None:
        setup.empty()
        # The host of a virtual machine gives it memory when it is first touched, ten times as slowly as it is
        # written; what was touched just now is what the system takes for the files.
        np.ones(frames * prepared[0].nbytes + (1 << 28), np.uint8)
        # What the turn before has left to be written would slow this one down.
        getattr(os, "sync", lambda: None)()

    alone, whole = fastest(
        rounds, bare, lambda: setup.run(plans.burst(device, frames)), before=on_a_quiet_computer
    )
    setup.close()
    return {"ratio": alone / whole, "fps": frames / whole, "bare_fps": frames / alone}


def events(folder: Path, rounds: int, number: int) -> dict[str, float]:
    """Events of a step plan, against those of a simulated detector."""
    setup = Setup(folder, PreparedCamera(), exposure=1e-3, roi=(0, 0, 64, 64))
    busy: list[float] = []

    def ours() -> None:
        before = setup.camera.busy
        setup.engine(bp.count([setup.device], number))
        busy.append(setup.camera.busy - before)
        setup.empty()

    taken, yardstick = medians(rounds, ours, lambda: setup.engine(bp.count([ophyd.sim.det], number)))
    setup.close()
    camera = sorted(busy[1:])[len(busy[1:]) // 2]
    return {
        "event_overhead_ms": (taken - camera) / number * 1e3,
        "event_ms": taken / number * 1e3,
        "event_camera_ms": camera / number * 1e3,
        "event_ms_sim_det": yardstick / number * 1e3,
    }


def soak(folder: Path, frames: int) -> dict[str, float]:
    """Growth of memory over a long burst of small frames."""
    setup = Setup(folder, PreparedCamera(), exposure=1e-3, roi=(0, 0, 512, 512), usb_traffic=0)
    marks: dict[str, float] = {}

    def look(kind: str, doc: Any) -> None:
        if kind == "stream_datum":
            marks["end"] = rss_gb()
            marks["ring"] = setup.device.ring_bytes
            if doc["indices"]["stop"] >= frames // 10:
                marks.setdefault("begin", marks["end"])

    setup.engine.subscribe(look)
    setup.run(plans.burst(setup.device, frames))
    setup.close()
    return {
        "soak_growth_mb": (marks["end"] - marks["begin"]) * 1024,
        "soak_frames": frames,
        "soak_ring_mb": marks["ring"] / 2**20,
    }


def abort(folder: Path) -> dict[str, float]:
    """How long it takes to abort an exposure of ten minutes, on a camera whose time is the computer's."""
    setup = Setup(folder, SimulatedCamera(width=64, height=64, clock=SystemClock()), exposure=600.0)
    asked: list[float] = []

    def interrupt() -> None:
        SystemClock().wait(1.0)
        asked.append(time.perf_counter())
        setup.engine.request_pause(defer=False)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        setup.engine(bp.count([setup.device]))
    except RunEngineInterrupted:
        setup.engine.abort()
    setup.device.require_idle()
    took = time.perf_counter() - asked[0]
    thread.join()
    setup.close()
    return {"abort_s": took}


def of_the_sink(folder: Path, rounds: int) -> dict[str, Any]:
    """What the sink's own benchmark measures."""
    from storing import compressed_fps, fsync_cost, raw_ratio, simulated_frames

    frames = simulated_frames()
    raw, compressed = (measure(folder, frames, rounds=rounds) for measure in (raw_ratio, compressed_fps))
    return {**raw, **compressed, "fsync": fsync_cost(folder, frames)}


def of_the_way(folder: Path, rounds: int, seconds: float) -> dict[str, Any]:
    """What is measured here: short runs in this process, long ones in processes of their own."""
    # 2 GB: few enough that the system has room for them before it slows a writer down.
    frames = max(round(16 * min(seconds / 60, 1.0)), 2)
    whole = unpaced(folder, rounds, frames)
    copied = unpaced(folder, rounds, frames, copies=True)
    strips = unpaced(folder, rounds, 60 * frames, roi=STRIP)
    return {
        "unpaced_ratio": whole["ratio"],
        "unpaced_fps": whole["fps"],
        "bare_fps": whole["bare_fps"],
        "unpaced_copied_ratio": copied["ratio"],
        "unpaced_strip_ratio": strips["ratio"],
        "unpaced_strip_fps": strips["fps"],
        **events(folder, rounds, 200),
        **in_a_child(folder, "--child", "soak", "--seconds", str(seconds)),
        **abort(folder),
        "paced": [in_a_child(folder, "--child", name, "--seconds", str(seconds)) for name in PACED],
    }


def show(figures: dict[str, Any]) -> None:
    """For people."""
    for name, value in figures.items():
        if name == "paced":
            for run in value:
                print("  ".join(f"{key} {one}" for key, one in run.items()))
        elif isinstance(value, dict):
            print(f"{name:22} " + "  ".join(f"{key} {one:.4g}" for key, one in value.items()))
        else:
            print(f"{name:22} {value:10.4g}")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="one JSON object")
    options.add_argument(
        "--seconds", type=float, default=60.0, help="of each paced run; shortens the rest too"
    )
    options.add_argument("--rounds", type=int, default=5, help="rounds that count")
    options.add_argument("--folder", type=Path, help="on the disk in question; the system's own otherwise")
    options.add_argument("--without-sink", action="store_true", help="leave out what storing.py measures")
    options.add_argument("--child", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    # It would tell of the exposure that is aborted.
    logging.getLogger("bluesky").setLevel(logging.CRITICAL)
    # bluesky says on the screen that it is paused.
    with (
        tempfile.TemporaryDirectory(dir=chosen.folder, ignore_cleanup_errors=True) as scratch,
        redirect_stdout(sys.stderr),
    ):
        folder, rounds, seconds = Path(scratch), chosen.rounds, chosen.seconds
        if chosen.child == "soak":
            figures = soak(folder, max(round(10_000 * min(seconds / 60, 1.0)), 500))
        elif chosen.child:
            figures = paced_here(folder, chosen.child, seconds)
        else:
            figures = {} if chosen.without_sink else of_the_sink(folder, 2 * rounds)
            figures |= of_the_way(folder, rounds, seconds)
    print(json.dumps(figures)) if chosen.json or chosen.child else show(figures)


if __name__ == "__main__":
    main()
