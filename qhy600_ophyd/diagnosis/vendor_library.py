"""What QHYCCD's library says when it is asked, in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from qhy600_ophyd.diagnosis.check import Check, Status
from qhy600_ophyd.diagnosis.child import Answer, ask
from qhy600_ophyd.diagnosis.supply import undervoltage

PROBE = "qhy600_ophyd.backends.sdk.probe"
"""Module that loads the library and prints what it learns, one JSON object a line, the last one whole."""

TIMEOUT = 60.0
"""For all of it [s]: starting the library takes one, opening a camera some."""

STEPS = {"find": "library", "load": "library loads", "scan": "library scan", "open": "library open"}
"""Steps of the probe, and the checks that tell how they ended."""

OPENED = ("library open", "undervoltage")
"""Checks that need the camera opened."""

CHECKS = ("library", "library loads", "library version", "library settings", "library scan", *OPENED)

_INSTALL = (
    "Install QHYCCD's SDK, or name its file: --library, or the environment variable QHYCCD_SDK_PATH. "
    "It is QHYCCD's property and no part of this package."
)
_NEWER = "Install a newer SDK of QHYCCD's."


def probe(
    library: str | os.PathLike[str] | None, *, scan: bool, open_camera: bool, timeout: float = TIMEOUT
) -> Answer:
    """Ask the library.

    Parameters
    ----------
    library
        Its file or folder; ``None`` to look for it.
    scan
        Have it look for cameras. It opens each for a moment and reads its serial number (seen with 26.6.4:
        two readings, no claim, no reset, nothing set).
    open_camera
        Open and initialise each camera, which claims it, and read what it says of its supply.
    timeout
        For all of it [s].
    """
    arguments = ["-m", PROBE]
    if library is not None:
        arguments += ["--library", os.fspath(library)]
    arguments += ["--scan"] * scan + ["--open"] * open_camera
    return ask(arguments, timeout=timeout)


def checks(answer: Answer, *, cameras: int | None, unscanned: str, unopened: str) -> Iterator[Check]:
    """All checks of the library, whatever it answered.

    Parameters
    ----------
    answer
        Of `probe`.
    cameras
        How many USB shows with their firmware loaded; ``None``: not known.
    unscanned, unopened
        Why it was not asked to scan, and to open; empty where it was.
    """
    made: dict[str, list[Check]] = {name: [] for name in CHECKS}
    for check in _told(answer.said, cameras):
        made[check.name].append(check)
    broken = _broken(answer)
    if broken is not None:
        made[broken.name].append(broken)
    for name, found in made.items():
        if found:
            yield from found
            continue
        why = unscanned if name == "library scan" else unopened if name in OPENED else ""
        if not why:
            why = (
                "no camera was opened"
                if broken is None
                else f"not reached, since the check `{broken.name}` failed"
            )
        yield Check(name=name, status=Status.NOT_CHECKED, found=why)


def _broken(answer: Answer) -> Check | None:
    """The check at whose step the library, or the process that asked it, came to its end."""
    error = answer.said.get("error")
    step = answer.said.get("step", "find")
    if error is not None:
        if error["kind"] == "LibraryTooOld":
            name, advice = "library version", _NEWER
        else:
            name = STEPS[step]
            advice = _INSTALL if step in ("find", "load") else "Look at the checks above, then look again."
        return Check(name=name, status=Status.FAILED, found=error["message"], advice=advice)
    if not answer.trouble or step == "done":
        return None
    return Check(
        name=STEPS[step],
        status=Status.FAILED,
        found=f"asking the library {answer.trouble}",
        advice="Look whether another program uses the camera; switch its 12 V off and on; try a newer SDK of "
        "QHYCCD's. A program that uses this library can end in the same way.",
    )


def _told(said: dict[str, Any], cameras: int | None) -> Iterator[Check]:
    """The checks of which the answer says something."""
    if "path" in said:
        yield Check(name="library", status=Status.OK, found=f"{said['path']}, found {said['how']}")
    if "version" in said:
        missing = said["missing"]
        lacks = f"; it lacks {', '.join(missing)}, which newer ones have" if missing else ""
        yield Check(name="library loads", status=Status.OK, found=f"yes{lacks}")
        yield _version(said)
    if "settings" in said:
        yield _settings(said["settings"])
    if "cameras" in said:
        yield _scan(said["cameras"], cameras)
    for entry in said.get("opened", ()):
        yield from _opened(entry)


def _version(said: dict[str, Any]) -> Check:
    if said["tested"]:
        return Check(name="library version", status=Status.OK, found=said["version"])
    return Check(
        name="library version",
        status=Status.WARNING,
        found=f"{said['version']}, which this package was not written against ({', '.join(said['known'])})",
        advice="Compare a few frames before you trust it.",
    )


def _settings(path: str) -> Check:
    if not path:
        return Check(name="library settings", status=Status.OK, found="no qhyccd.ini in the current folder")
    return Check(
        name="library settings",
        status=Status.WARNING,
        found=f"{path} changes what the library does",
        advice="Move it away unless you put it there on purpose.",
    )


def _scan(names: list[str], cameras: int | None) -> Check:
    ours = [name for name in names if name.startswith("QHY600")]
    if cameras is None or len(ours) >= cameras:
        return Check(name="library scan", status=Status.OK, found=", ".join(names) or "no camera")
    listed = f": {', '.join(names)}" if names else ""
    return Check(
        name="library scan",
        status=Status.FAILED,
        found=f"the library finds {len(ours)} of {cameras} that USB shows{listed}",
        advice="Either another program holds the camera, perhaps one that this user cannot see (`holder`): "
        "end it. Or the library is too old for this camera: install a newer SDK of QHYCCD's.",
    )


def _opened(entry: dict[str, Any]) -> Iterator[Check]:
    name, device = "library open", entry["name"]
    if "error" in entry:
        yield Check(
            name=name,
            status=Status.FAILED,
            found=entry["error"],
            advice="This user may not use the camera, or another program holds it: see `permission` and "
            "`holder`.",
            device=device,
        )
        return
    told = ["opened", *([f"by its word {entry['usb']}"] if entry["usb"] else [])]
    if entry["humidity"] is not None:
        told.append(f"humidity inside {entry['humidity']:.1f} %")
    yield Check(name=name, status=Status.OK, found=", ".join(told), device=device)
    if entry["undervoltage"] is None:
        found = "the camera does not say"
        yield Check(name="undervoltage", status=Status.NOT_CHECKED, found=found, device=device)
    else:
        yield undervoltage(entry["undervoltage"], device)
