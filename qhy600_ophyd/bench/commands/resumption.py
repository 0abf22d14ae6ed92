"""``qhy600 resume``: going on with a run that was interrupted, in a terminal or for a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def resume(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or any file in it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Go on with a run whose program was killed, or that failed or was aborted: take what is missing."""
    from bluesky.utils import RunEngineInterrupted

    from qhy600_ophyd.bench.again.interrupted_run import InterruptedRun
    from qhy600_ophyd.bench.again.resuming import resume_run
    from qhy600_ophyd.bench.failure import Interrupted
    from qhy600_ophyd.datasets import summarize

    interrupted = InterruptedRun.find(run)
    try:
        resume_run(interrupted.folder, progress=True)
    except RunEngineInterrupted as paused:
        raise Interrupted.of(paused) from None
    before, summary = len(interrupted.rows), summarize(interrupted.folder)
    if as_json:
        told = {
            "run": str(summary.path),
            "plan": summary.plan,
            "uid": summary.uid,
            "exit_status": summary.exit_status,
            "frames": summary.frames,
            "taken_before": before,
            "taken_now": summary.frames - before,
            "resumed": summary.resumed,
            "gaps": [gap.as_json() for gap in summary.gaps],
        }
        print(json.dumps(told))
        return
    print(f"run      {summary.path}")
    print(f"frames   {summary.frames}: {before} were there, {summary.frames - before} taken now")
    for gap in summary.gaps:
        print(f"gap      {gap}")
