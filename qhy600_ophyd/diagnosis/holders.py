"""Which programs have a device open, as Linux tells it without asking the device."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qhy600_ophyd.diagnosis.places import Places


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A process that has the device open.

    Parameters
    ----------
    pid
        Its number.
    program
        Its name.
    """

    pid: int
    program: str

    def __str__(self) -> str:
        here = ", this very program" if self.pid == os.getpid() else ""
        return f"{self.program} (process {self.pid}{here})"


def holders(node: Path, places: Places) -> tuple[tuple[Holder, ...], int]:
    """Who has `node` open, and how many processes this user may not look into."""
    try:
        wanted = node.stat()
    except OSError:
        return (), 0
    found, unseen = [], 0
    for process in places.proc.iterdir():
        if not process.name.isdigit():
            continue
        try:
            descriptors = list((process / "fd").iterdir())
        except PermissionError:
            unseen += 1
            continue
        except OSError:  # it has ended meanwhile
            continue
        if any(_is(descriptor, wanted) for descriptor in descriptors):
            found.append(Holder(pid=int(process.name), program=_program(process)))
    return tuple(sorted(found, key=lambda holder: holder.pid)), unseen


def _is(descriptor: Path, wanted: os.stat_result) -> bool:
    with suppress(OSError):
        # Only what may be the device is looked at closer: a file on a network that is gone would block.
        return "/bus/usb/" in os.fspath(descriptor.readlink()) and os.path.samestat(descriptor.stat(), wanted)
    return False


def _program(process: Path) -> str:
    with suppress(OSError):
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    return "a program"
