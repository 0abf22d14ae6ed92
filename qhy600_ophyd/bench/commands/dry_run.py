"""``--dry-run``: what an experiment would take, in a terminal or for a program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from qhy600_ophyd.bench.bench import Bench

DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Only say what it would take and whether it fits."),
]


def tell(bench: Bench, plan: Any, *, as_json: bool) -> NoReturn:
    """Print what `Bench.check` says of a plan, and end the program."""
    prediction = bench.check(plan)
    print(json.dumps(prediction.as_json()) if as_json else prediction)
    raise typer.Exit
