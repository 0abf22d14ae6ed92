"""``qhy600``: the experiments and their results without writing Python."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qhy600_ophyd.bench.commands.doctor import doctor
from qhy600_ophyd.bench.commands.dry_run import DryRunOption, tell
from qhy600_ophyd.bench.commands.repetition import rerun
from qhy600_ophyd.bench.commands.resumption import resume
from qhy600_ophyd.bench.commands.verification import verify
from qhy600_ophyd.contract import AnalysisRefused, QHY600Error

if TYPE_CHECKING:
    import xarray as xr

    from qhy600_ophyd.bench import Bench

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # brackets are units here
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


def _numbers(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of numbers like 0.1,0.2,0.5") from None


def _say_version(asked: bool) -> None:
    if asked:
        print(version("qhy600-ophyd"))
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def linearity(
    profile: ProfileOption = None,
    output: OutputOption = None,
    replay: ReplayOption = None,
    exposures: Annotated[
        str | None, typer.Option(help="Exposure times [s], as 0.1,0.2,0.5; without it, up to saturation.")
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(min=2, help="Frames of each kind at each step; without it, the profile's.")
    ] = None,
    variance: Annotated[
        Variance, typer.Option(help="Two-frame variance by this release of EMVA 1288.")
    ] = Variance.R4,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a linearity experiment and say what it tells of the camera."""
    from qhy600_ophyd import plans
    from qhy600_ophyd.bench.commands.report import LinearityReport

    asked = _numbers(exposures)
    with _bench(profile, replay, output) as bench:
        if bench.light is None:
            raise QHY600Error(
                "this camera brings no light along, and the command line knows no other: run "
                "plans.linearity(bench.camera, your_light) in Python, with any light that bluesky can move"
            )
        each = bench.profile.linearity.repeats if repeats is None else repeats
        times = bench.linearity_exposures(each) if asked is None else asked
        plan = plans.linearity(bench.camera, bench.light, times, repeats=each)
        if dry_run:
            tell(bench, plan, as_json=as_json)
        run = _taken(bench, plan)
        truth = bench.truth_of(run)
    try:
        report = LinearityReport.of(run, _folder(run), variance=variance.value, truth=truth)
    except AnalysisRefused as refused:
        raise AnalysisRefused(f"{refused}. The frames are kept in {_folder(run)}") from None
    picture = report.save_picture()
    if as_json:
        print(json.dumps(report.as_json()))
        return
    _console().print(report.as_table())
    for note in report.notes:
        print(note)
    _say_where(run, picture)


@app.command("exposure-series")
def exposure_series(
    profile: ProfileOption = None,
    output: OutputOption = None,
    exposures: Annotated[str, typer.Option(help="Exposure times [s].")] = "0.01,0.1,1",
    repeats: RepeatsOption = 1,
    kind: Annotated[str, typer.Option(help="What the frames are: bias, dark, light or flat.")] = "light",
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take frames at several exposure times."""
    from qhy600_ophyd import plans
    from qhy600_ophyd.bench.commands import frames

    asked = _numbers(exposures) or []
    with _bench(profile, None, output) as bench:
        if bench.light is not None:
            bench.light.set(bench.light.off if kind in ("bias", "dark") else bench.light.on)
        plan = plans.exposure_series(bench.camera, asked, repeats=repeats, kind=kind, light=bench.light)
        if dry_run:
            tell(bench, plan, as_json=as_json)
        run = _taken(bench, plan)
    columns = ("exposure", "frame_kind", "mean", "black_level", "temperature")
    if as_json:
        print(json.dumps({"run": str(_folder(run)), "frames": frames.as_json(run, columns)}))
        return
    _console().print(frames.as_table(run, columns))
    _say_where(run)


@app.command("gain-sweep")
def gain_sweep(
    profile: ProfileOption = None,
    output: OutputOption = None,
    gains: Annotated[str, typer.Option(help="Gain register values.")] = "0,10,20,30,40,50,60",
    exposure: Annotated[float, typer.Option(help="Exposure time of all frames [s].")] = 0.2,
    repeats: RepeatsOption = 2,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take dark and bright frames at several gain settings, and say what a count is worth at each."""
    from qhy600_ophyd import plans
    from qhy600_ophyd.bench.commands import frames
    from qhy600_ophyd.bench.commands.gain_report import GainReport, gain_truth

    asked = _numbers(gains) or []
    with _bench(profile, None, output) as bench:
        plan = plans.gain_sweep(bench.camera, asked, exposure=exposure, repeats=repeats, light=bench.light)
        if dry_run:
            tell(bench, plan, as_json=as_json)
        run = _taken(bench, plan)
        truth = gain_truth(bench, run)
    columns = ("gain", "frame_kind", "mean", "black_level", "overscan_level")
    told = {"run": str(_folder(run)), "frames": frames.as_json(run, columns)}
    try:
        report = GainReport.of(run, _folder(run), truth)
    except AnalysisRefused as refused:
        print(f"qhy600: the frames are kept, but not analysed: {refused}", file=sys.stderr)
        table = frames.as_table(run, columns)
    else:
        report.save_picture()
        told |= report.as_json()
        table = report.as_table()
    if as_json:
        print(json.dumps(told))
        return
    _console().print(table)
    _say_where(run, told.get("picture"))


@app.command()
def info(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or any file in it.")],
    as_json: JsonOption = False,
) -> None:
    """Show what a run holds."""
    from qhy600_ophyd.bench.commands import info as told
    from qhy600_ophyd.datasets import summarize

    summary = summarize(run)
    print(json.dumps(told.as_json(summary)) if as_json else "\n".join(told.as_lines(summary)))


app.command()(doctor)
app.command()(verify)
app.command()(rerun)
app.command()(resume)


def main() -> None:
    """Run the command line; what is refused or fails ends in one line, not in a traceback."""
    try:
        app()
    except QHY600Error as error:
        from qhy600_ophyd.bench.failure import Interrupted

        print(f"qhy600: {error}{_kept(error)}", file=sys.stderr)
        sys.exit(130 if isinstance(error, Interrupted) else 1)


def _kept(error: QHY600Error) -> str:
    """Where the frames are that were taken before, as the end of a message; empty if there are none."""
    from qhy600_ophyd.bench.failure import where_kept

    return "".join(f"; {note}" for note in where_kept(error))


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

    from qhy600_ophyd.bench.failure import Interrupted

    try:
        run = bench.run(plan, progress=True)
    except RunEngineInterrupted as paused:
        raise Interrupted.of(paused) from None
    if isinstance(run, list):
        raise QHY600Error("the plan took no frame, so there is nothing to show")
    return run


def _folder(run: xr.Dataset) -> Path:
    return Path(run.attrs["path"])


def _console() -> Any:
    from rich.console import Console

    # A pipe has no width of its own; the tables here need this much.
    return Console(width=None if sys.stdout.isatty() else 110)


def _say_where(run: xr.Dataset, picture: Path | str | None = None) -> None:
    folder = _folder(run)
    print(f"run      {folder}")
    if picture is not None:
        print(f"picture  {picture}")
    print(f"\nTo open it:\n  from qhy600_ophyd import open_run\n  run = open_run({str(folder)!r})")
