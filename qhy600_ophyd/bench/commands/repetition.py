"""``qhy600 rerun``: a run taken once more and held against the first, in a terminal or for a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def rerun(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or any file in it.")],
    output: Annotated[
        Path | None, typer.Option("--output", help="Folder for the new run; without it, beside the first.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Take a run once more from what it says of itself, and compare; ends with 1 if frames differ.

    A simulated run comes out the same bit for bit. A real camera is set as it was, and only settings,
    shapes and labels are compared.
    """
    from qhy600_ophyd.bench.again.rerunning import rerun as taken_again

    found = taken_again(run, output=output)
    print(json.dumps(found.as_json()) if as_json else "\n".join(found.lines()))
    if found.failed:
        raise typer.Exit(1)
