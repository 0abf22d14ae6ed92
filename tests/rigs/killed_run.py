"""Small runs on a simulated camera, in programs that are killed at a chosen moment."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr

from qhy600_ophyd import Bench, plans
from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.datasets import HDF5FrameSink, RunFolders

EXPOSURES = (0.1, 0.2, 0.3)
FRAMES = 4 * len(EXPOSURES)
STILL: dict[str, float] = {"banding": 0.0, "telegraph_fraction": 0.0}
"""Without what changes with the camera's time: counts depend on settings, light and number alone."""

LABELS = (
    "frame_kind",
    "step",
    "repeat",
    "exposure",
    "gain",
    "irradiance",
    "light",
    "bit_depth",
    "readout_mode",
)

Plan = Callable[[Bench], Any]


def linearity(bench: Bench) -> Any:
    """Twelve frames: dark, dark, light, light at three exposure times."""
    return plans.linearity(bench.camera, bench.light, exposures=EXPOSURES)


def long_linearity(bench: Bench) -> Any:
    """Eighty frames."""
    return plans.linearity(bench.camera, bench.light, exposures=[0.05 * n for n in range(1, 21)])


def series(bench: Bench) -> Any:
    """Six frames under a light, and with a gain, that the plan leaves as they are."""
    bench.light.set(4000.0)
    bench.camera.configure({"gain": 20, "offset": 35})
    return plans.exposure_series(bench.camera, [0.1, 0.2], repeats=3, light=bench.light)


def burst(bench: Bench) -> Any:
    """Ten frames of a stream."""
    return plans.burst(bench.camera, 10, exposure=0.05)


def timelapse(bench: Bench) -> Any:
    """Five frames, one a minute."""
    return plans.timelapse(bench.camera, 60.0, 5, exposure=0.5)


def make_bench(folder: Path, **parameters: Any) -> Bench:
    """64 × 48 pixels."""
    return Bench.simulated(**{"width": 64, "height": 48, "seed": 4, "output": folder, **STILL, **parameters})


def uninterrupted(folder: Path, plan: Plan, **parameters: Any) -> xr.Dataset:
    """The run as it should be."""
    with make_bench(folder, **parameters) as bench:
        run = bench.run(plan(bench))
    assert isinstance(run, xr.Dataset)
    return run.load()


def killed(folder: Path, plan: Plan, moment: str, n: int = 1, **parameters: Any) -> Path:
    """Take a run in another program that is killed at the `n`-th `moment`; returns the run's folder."""
    before = set(folder.glob("*/"))
    program = _programs().Process(target=_take_and_die, args=(folder, plan, moment, n, parameters))
    program.start()
    program.join(120)
    assert program.exitcode not in (None, 0, 1), f"it was not killed, but ended with {program.exitcode}"
    (run,) = set(folder.glob("*/")) - before
    return run


def killed_while_resumed(run: Path, moment: str, n: int = 1) -> None:
    """Go on with a run in another program that is killed in its turn."""
    program = _programs().Process(target=_resume_and_die, args=(run, moment, n))
    program.start()
    program.join(120)
    assert program.exitcode not in (None, 0, 1), f"it was not killed, but ended with {program.exitcode}"


def started(folder: Path, plan: Plan) -> Any:
    """A program that has just begun to take a run, for whoever kills it from outside."""
    begun = _programs().Event()
    program = _programs().Process(target=_take, args=(folder, plan, begun))
    program.start()
    assert begun.wait(120)
    return program


def _programs() -> Any:
    """Programs that begin fast, where the system can have them begin with everything imported."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    programs = multiprocessing.get_context("forkserver")
    programs.set_forkserver_preload([__name__, "qhy600_ophyd.bench.again.resuming"])
    return programs


def _take_and_die(folder: Path, plan: Plan, moment: str, n: int, parameters: dict[str, Any]) -> None:
    with make_bench(folder, **parameters) as bench:
        _die_at(moment, n)
        bench.run(plan(bench), progress=False)


def _take(folder: Path, plan: Plan, begun: Any) -> None:
    with make_bench(folder) as bench:
        experiment = plan(bench)
        begun.set()
        bench.run(experiment, progress=False)


def _resume_and_die(run: Path, moment: str, n: int) -> None:
    from qhy600_ophyd import resume_run

    _die_at(moment, n)
    resume_run(run, progress=False)


def _die_at(moment: str, n: int) -> None:
    """Have the `n`-th call of what `moment` names end this program, before it does anything or after."""
    owner, name, before = {
        "in an exposure": (SimulatedCamera, "grab", True),
        "before a frame is stored": (HDF5FrameSink, "append", True),
        "when a frame is stored": (HDF5FrameSink, "append", False),
        "before a document is kept": (HDF5FrameSink, "annotate", True),
        "when a document was kept": (HDF5FrameSink, "annotate", False),
        "before a file is made": (HDF5FrameSink, "open", True),
        "before the folder is made": (RunFolders, "__call__", True),
    }[moment]
    done, calls = getattr(owner, name), [0]

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        last = calls[0] == n
        if last and before:
            _die()
        result = done(self, *args, **kwargs)
        if last:
            _die()
        return result

    setattr(owner, name, counted)


def _die() -> None:
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
