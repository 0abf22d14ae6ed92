"""What the way from the vendor's library to our memory costs, as ratios against a baseline in the same run.

``python benchmarks/backend.py --json`` prints, for frames of 9600 × 6422 pixels in 16 bit from the stand-in
for the vendor's library (``tests/standin``, so it needs a C compiler):

``copies_per_frame``
    What a camera in a process of its own takes longer for a frame than one in this process, in units of a
    bare memcpy of that frame: 0 is "no copy between the library's call and the caller's memory".
``copies_per_frame_elsewhere``
    The same into a buffer that the camera has not lent.
``isolated_over_in_process``
    Seconds a frame, process of its own over this process.
``driver_over_library``
    Seconds a frame of the driven camera over those of the library's bare calls, which expose and fill the
    same memory.
``calls_over_raw_ctypes``
    Seconds of reading a control through the table, its lock and its check, over those of a bare ctypes call.
``call_us``
    Microseconds of such a call through the table.
``seconds_to_notice_a_killed_child``
    From ``kill -9`` of the process in the middle of an exposure to `CameraProcessLost`.
``rss_mb``, ``ring_mb``
    Resident memory of both processes together beyond what they had with the camera open and no frame taken,
    and memory of the frames that they share; both count shared pages once for each process.

Each time is the median of several rounds in which ours and the baseline take turns.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "rigs"))

from standin_library import VARIABLE, fresh, setting, why_not
from turns import medians

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.backends.sdk import SdkCamera, load
from qhy600_ophyd.backends.sdk.constants import ControlId
from qhy600_ophyd.contract import CameraProcessLost, Settings

SHORTEST = 1e-3
PATIENCE = 10.0


def rss_mb(pid: int) -> float:
    """Resident memory of a process; NaN where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("nan")
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def recipe(library: Path) -> Recipe:
    """A camera on that library, for another process."""
    return Recipe(factory="qhy600_ophyd.backends.sdk:SdkCamera", arguments={"library": str(library)})


def ready(camera: Any) -> Any:
    """Open, with a short exposure, the first frame after the initialisation thrown away."""
    camera.open()
    camera.configure(Settings(exposure=SHORTEST))
    take(camera, np.empty(camera.settings.frame_shape, np.uint16))
    return camera


def take(camera: Any, out: np.ndarray) -> None:
    """One frame."""
    camera.arm(1)
    camera.grab(out, PATIENCE)


def bare_frame(camera: SdkCamera, out: np.ndarray) -> None:
    """Expose and read through the library's own two functions."""
    size = [ctypes.c_uint32() for _ in range(4)]
    camera.call("ExpQHYCCDSingleFrame")
    time.sleep(SHORTEST)  # noqa: TID251  (the driver waits for the exposure too)
    camera.call("GetQHYCCDSingleFrame", *(ctypes.byref(value) for value in size), out.ctypes.data)


def handover(folder: Path, rounds: int) -> dict[str, float]:
    """Frames by each way."""
    here = ready(SdkCamera(library=fresh(folder)))
    distant = IsolatedCamera(recipe(fresh(folder)))
    shape = here.settings.frame_shape
    mine, elsewhere, source = (np.ones(shape, np.uint16) for _ in range(3))
    try:
        distant.open()
        pids = [os.getpid(), distant.process_id]
        before = sum(rss_mb(pid) for pid in pids)
        ready(distant)
        lent = distant.lend(mine.nbytes).view(np.uint16).reshape(shape)
        in_process, isolated, copied, bare, memcpy = medians(
            rounds,
            lambda: take(here, mine),
            lambda: take(distant, lent),
            lambda: take(distant, elsewhere),
            lambda: bare_frame(here, mine),
            lambda: np.copyto(mine, source),
        )
        grown = sum(rss_mb(pid) for pid in pids) - before
        ring = distant.ring_bytes / 2**20
    finally:
        distant.close()
        here.close()
    return {
        "copies_per_frame": max(isolated - in_process, 0.0) / memcpy,
        "copies_per_frame_elsewhere": max(copied - in_process, 0.0) / memcpy,
        "isolated_over_in_process": isolated / in_process,
        "driver_over_library": in_process / bare,
        "frame_ms": isolated * 1e3,
        "memcpy_ms": memcpy * 1e3,
        "rss_mb": grown,
        "ring_mb": ring,
    }


def calls(folder: Path, rounds: int, number: int = 20_000) -> dict[str, float]:
    """Reading a control, through the table and without."""
    path = fresh(folder)
    camera = SdkCamera(library=path)
    camera.open()
    bare = ctypes.CDLL(str(path)).GetQHYCCDParam
    bare.argtypes, bare.restype = [ctypes.c_void_p, ctypes.c_int], ctypes.c_double
    functions = load(path).functions
    connection = camera._sdk_head.connection
    handle = connection._handle
    ours, table, raw = medians(
        rounds,
        lambda: [camera.call("GetQHYCCDParam", ControlId.GAIN) for _ in range(number)],
        lambda: [functions.GetQHYCCDParam(handle, 6) for _ in range(number)],
        lambda: [bare(handle, 6) for _ in range(number)],
    )
    camera.close()
    return {
        "calls_over_raw_ctypes": ours / raw,
        "table_over_raw_ctypes": table / raw,
        "call_us": ours / number * 1e6,
    }


def killed(folder: Path, rounds: int) -> dict[str, float]:
    """How long it takes to notice that the process is gone, in the middle of an exposure."""
    times = []
    for _ in range(rounds):
        camera = ready(IsolatedCamera(recipe(fresh(folder))))
        camera.configure(Settings(exposure=600.0))
        out = camera.lend(9600 * 6422 * 2)
        camera.arm(1)
        struck = []

        def strike(pid: int = camera.process_id, struck: list[float] = struck) -> None:
            struck.append(time.perf_counter())
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))

        threading.Timer(0.3, strike).start()
        try:
            camera.grab(out, PATIENCE)
        except CameraProcessLost:
            times.append(time.perf_counter() - struck[0])
        camera.close()
    return {"seconds_to_notice_a_killed_child": max(times)}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--json", action="store_true", help="one JSON object")
    options.add_argument("--rounds", type=int, default=7, help="rounds that count")
    chosen = options.parse_args()
    if why_not():
        sys.exit(why_not())
    os.environ[VARIABLE] = setting(exposure_paced=0)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        figures = handover(folder, chosen.rounds) | calls(folder, chosen.rounds) | killed(folder, 3)
    if chosen.json:
        print(json.dumps({name: round(value, 4) for name, value in figures.items()}))
    else:
        for name, value in figures.items():
            print(f"{name:34} {value:10.4f}")


if __name__ == "__main__":
    main()
