"""``qhy600 doctor``: a diagnosis in a terminal."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from qhy600_ophyd.diagnosis import Diagnosis

NOTE = "This rests on documents and users' reports; it is not yet tried on a camera."

_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "not checked": "dim"}


def doctor(
    library: Annotated[
        Path | None, typer.Option("--library", help="File or folder of QHYCCD's library; without it, found.")
    ] = None,
    ask_library: Annotated[
        bool,
        typer.Option(
            "--ask-library/--no-library",
            help="Load the library and have it look for cameras that nobody holds; else no device is opened.",
        ),
    ] = True,
    open_camera: Annotated[
        bool, typer.Option("--open", help="Open and initialise each camera, and ask it of its supply.")
    ] = False,
    voltage: Annotated[
        float | None, typer.Option("--voltage", help="Of the adapter with no load [V].")
    ] = None,
    cable_resistance: Annotated[
        float | None, typer.Option("--cable-resistance", help="Of both leads of its cable together [ohm].")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Say what is wrong between this computer and the camera, and what to do; changes nothing."""
    from rich.console import Console

    from qhy600_ophyd.diagnosis import diagnose

    if open_camera and not ask_library:
        raise typer.BadParameter("give --open or --no-library, not both")
    diagnosis = diagnose(
        library=library,
        ask_library=ask_library,
        open_camera=open_camera,
        voltage=voltage,
        cable_resistance=cable_resistance,
    )
    if as_json:
        print(json.dumps(diagnosis.as_json() | {"note": NOTE}))
    else:
        show(diagnosis, Console(width=None if sys.stdout.isatty() else 80))


def show(diagnosis: Diagnosis, console: Console) -> None:
    """Print one line for each check, with advice where something is wrong, and a summary.

    No table: its cells would break the commands, which are to be pasted.
    """
    from rich.text import Text

    for status, line in diagnosis.lines(min(console.width, 110)):
        text = Text(line)
        if status is not None:
            text.stylize(_STYLES[status], 0, len(status))
        console.print(text, soft_wrap=True)
    number = Counter(check.status for check in diagnosis.checks)
    told = ", ".join(f"{number[status]} {status}" for status in sorted(number, key=list(_STYLES).index))
    console.print(f"\n{told}\n{NOTE}", soft_wrap=True, markup=False, highlight=False)
