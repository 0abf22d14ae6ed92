"""``qhy600``: the experiments and their results without writing Python."""

from __future__ import annotations

import json
import logging
import math
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qhy600_ophyd.contract import QHY600Error

if TYPE_CHECKING:
    import xarray as xr

    from qhy600_ophyd.bench import Bench

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Acquisition and characterization with a QHY600 camera, simulated, recorded or real.",
    epilog="Exit codes: 0 done; 1 refused or failed, one line says why; 2 wrong usage; 130 interrupted.",
)


class Variance(StrEnum):
    """Forms of the two-frame variance."""

    R4 = "R4"
    R31 = "R3.1"


ProfileOption = Annotated[
    Path | None, typer.Option("--profile", help="TOML file of the set-up; without it, a simulated camera.")
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", help="Folder for runs; without it, the profile's.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]
ReplayOption = Annotated[
    Path | None, typer.Option("--replay", help="Folder of recorded frames to serve as the camera.")
]
RepeatsOption = Annotated[int, typer.Option("--repeats", min=1, help="Frames of each kind at each step.")]


class Interrupted(QHY600Error):
    """The user ended a run by Ctrl-C."""


def _numbers(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of numbers like 0.1,0.2,0.5") from None


@app.command()
def linearity(
    profile: ProfileOption = None,
    output: OutputOption = None,
    replay: ReplayOption = None,
    exposures: Annotated[
        str | None, typer.Option(help="Exposure times [s], as 0.1,0.2,0.5; without it, up to saturation.")
    ] = None,
    repeats: RepeatsOption = 2,
    variance: Annotated[
        Variance, typer.Option(help="Two-frame variance by this release of EMVA 1288.")
    ] = Variance.R4,
    as_json: JsonOption = False,
) -> None:
    """Take a linearity experiment and say what it tells of the camera."""
    from qhy600_ophyd import plans
    from qhy600_ophyd.bench.report import LinearityReport

    asked = _numbers(exposures)
    with _bench(profile, replay, output) as bench:
        assert bench.light is not None
        times = bench.linearity_exposures(repeats) if asked is None else asked
        plan = plans.linearity(bench.camera, bench.light, times, repeats=repeats)
        run = _taken(bench, plan)
        report = LinearityReport.of(run, _folder(run), variance=variance.value, truth=bench.truth)
    picture = report.save_picture()
    if as_json:
        print(json.dumps(report.as_json()))
        return
    _console().print(report.as_table())
    print(f"run      {report.folder}\npicture  {picture}")
    _say_how_to_open(report.folder)


@app.command("exposure-series")
def exposure_series(
    profile: ProfileOption = None,
    output: OutputOption = None,
    exposures: Annotated[str, typer.Option(help="Exposure times [s].")] = "0.01,0.1,1",
    repeats: RepeatsOption = 1,
    kind: Annotated[str, typer.Option(help="What the frames are: bias, dark, light or flat.")] = "light",
    as_json: JsonOption = False,
) -> None:
    """Take frames at several exposure times."""
    from qhy600_ophyd import plans

    asked = _numbers(exposures) or []
    with _bench(profile, None, output) as bench:
        if bench.light is not None:
            bench.light.set(bench.light.off if kind in ("bias", "dark") else bench.light.on)
        plan = plans.exposure_series(bench.camera, asked, repeats=repeats, kind=kind, light=bench.light)
        run = _taken(bench, plan)
    _tell(run, ("exposure", "frame_kind", "mean", "black_level", "temperature"), as_json)


@app.command("gain-sweep")
def gain_sweep(
    profile: ProfileOption = None,
    output: OutputOption = None,
    gains: Annotated[str, typer.Option(help="Gain register values.")] = "0,10,20,30,40,50,60",
    exposure: Annotated[float, typer.Option(help="Exposure time of all frames [s].")] = 0.2,
    repeats: RepeatsOption = 2,
    as_json: JsonOption = False,
) -> None:
    """Take dark and bright frames at several gain settings."""
    from qhy600_ophyd import plans

    asked = _numbers(gains) or []
    with _bench(profile, None, output) as bench:
        plan = plans.gain_sweep(bench.camera, asked, exposure=exposure, repeats=repeats, light=bench.light)
        run = _taken(bench, plan)
    _tell(run, ("gain", "frame_kind", "mean", "black_level", "overscan_level"), as_json)


@app.command()
def info(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or any file in it.")],
    as_json: JsonOption = False,
) -> None:
    """Show what a run holds."""
    from qhy600_ophyd.bench import info as told
    from qhy600_ophyd.datasets import summarize

    summary = summarize(run)
    print(json.dumps(told.as_json(summary)) if as_json else "\n".join(told.as_lines(summary)))


def main() -> None:
    """Run the command line; what is refused or fails ends in one line, not in a traceback."""
    # bluesky and ophyd log every failure with a traceback of their own; the line below tells the reason.
    for library in ("bluesky", "ophyd"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    try:
        app()
    except QHY600Error as error:
        print(f"qhy600: {error}", file=sys.stderr)
        sys.exit(130 if isinstance(error, Interrupted) else 1)


def _bench(profile: Path | None, replay: Path | None, output: Path | None) -> Bench:
    from qhy600_ophyd.bench import Bench

    if profile is not None and replay is not None:
        raise typer.BadParameter("give --profile or --replay, not both")
    if replay is not None:
        return Bench.replay(replay, output=output)
    if profile is not None:
        return Bench.from_profile(profile, output=output)
    return Bench.simulated(output=output)


def _taken(bench: Bench, plan: Any) -> xr.Dataset:
    """The one run of a plan; Ctrl-C ends it, since nobody could resume it here."""
    from bluesky.utils import RunEngineInterrupted

    try:
        run = bench.run(plan, progress=True)
    except RunEngineInterrupted:
        raise Interrupted("interrupted; what was taken before is kept") from None
    if isinstance(run, list):
        raise QHY600Error("the plan took no frame, so there is nothing to show")
    return run


def _folder(run: xr.Dataset) -> Path:
    return Path(run.attrs["path"])


def _console() -> Any:
    from rich.console import Console

    # A pipe has no width of its own; the tables here need this much.
    return Console(width=None if sys.stdout.isatty() else 110)


def _tell(run: xr.Dataset, columns: tuple[str, ...], as_json: bool) -> None:
    folder = _folder(run)
    if as_json:
        frames = [{c: _plain(run[c].values[i]) for c in columns} for i in range(run.sizes["frame"])]
        print(json.dumps({"run": str(folder), "frames": frames}))
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"{run.sizes['frame']} frames")
    for column in columns:
        unit = run[column].attrs.get("units", "")
        heading = f"{column} [{unit}]" if unit not in ("", "1") else column
        table.add_column(escape(heading), justify="right")
    for i in range(run.sizes["frame"]):
        values = (run[c].values[i] for c in columns)
        table.add_row(*(str(v) if isinstance(v, str) else f"{v:.6g}" for v in values))
    _console().print(table)
    print(f"run      {folder}")
    _say_how_to_open(folder)


def _plain(value: Any) -> str | float | None:
    if isinstance(value, str):
        return value
    return float(value) if math.isfinite(value) else None


def _say_how_to_open(folder: Path) -> None:
    print(f"\nTo open it:\n  from qhy600_ophyd import open_run\n  run = open_run({str(folder)!r})")
