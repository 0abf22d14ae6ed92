"""``qhy600 verify``: whether a run has all its frames, in a terminal or for a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

_MOST = 20
"""Findings in a terminal; ``--json`` has all."""


def verify(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or any file in it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Name missing, repeated, reordered, edited, cut-off and empty frames; ends with 1 if there are any."""
    from qhy600_ophyd.datasets import verify as held_against_itself

    verification = held_against_itself(run)
    print(json.dumps(verification.as_json()) if as_json else "\n".join(verification.lines(_MOST)))
    if not verification.ok:
        raise typer.Exit(1)
