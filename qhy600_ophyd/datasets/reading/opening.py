"""Opening the file of a stream, whether it is finished, growing or was left by a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import h5py

from qhy600_ophyd.contract import RunDamaged, SystemClock
from qhy600_ophyd.datasets.reading.still_file import StillFile
from qhy600_ophyd.datasets.reason import reason

_T = TypeVar("_T")

_TRIES = 4
_PAUSE = 0.05
"""Seconds between tries: a reader may meet a block that is just being written."""

DAMAGE = (KeyError, ValueError, TypeError, IndexError, AttributeError, OSError, RuntimeError)
"""What h5py, json and numpy raise for a file that is not as it should be."""


@contextmanager
def reading(path: Path) -> Iterator[h5py.File]:
    """The file, open for reading as it is now.

    No lock is taken and no writer is disturbed, in whichever process it is. What is damaged raises at once.

    Raises
    ------
    RunDamaged
        It is not there.
    OSError
        Here or while it is read: it is not a whole HDF5 file.
    """
    try:
        still = StillFile(path)
    except FileNotFoundError:
        raise RunDamaged(f"{path} does not exist. Check the path, or whether the run was moved") from None
    with still, h5py.File(still, "r") as file:
        yield file


def read_patiently(
    path: Path, read: Callable[[h5py.File], _T], *, damage: tuple[type[Exception], ...] = DAMAGE
) -> _T:
    """What `read` makes of the file; tried again where the reason may be that it is written just now.

    Parameters
    ----------
    path
        The file.
    read
        Is given it open.
    damage
        What shows that something is wrong with the file, and not with what was asked of it.

    Raises
    ------
    RunDamaged
        It is not there, is not a whole HDF5 file, or `read` said so.
    """
    why = ""
    for attempt in range(_TRIES):
        if attempt:
            SystemClock().wait(_PAUSE)
        try:
            with reading(path) as file:
                return read(file)
        except damage as error:
            why = reason(error)
            if "truncated" in why or "signature" in why:
                break
    raise RunDamaged(f"{path} is damaged or not an HDF5 file ({why}). Restore it from a copy")
