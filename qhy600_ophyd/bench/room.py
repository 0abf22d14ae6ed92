"""How much frames take on a disk, and whether it has that much."""

from __future__ import annotations

import errno
import math
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from qhy600_ophyd.contract import Layout, Settings, StoreError
from qhy600_ophyd.datasets.ledger import Ledger
from qhy600_ophyd.datasets.storing.file_skeleton import ROWS_PER_CHUNK
from qhy600_ophyd.datasets.storing.growing_file import RESERVE

_SKELETON = 256 << 10
"""Most bytes of a file without frames, beside its axes: 90 kB were seen."""

_BOOKKEEPING = 128
"""Most bytes of a file for finding one frame and its row again: 14 were seen."""

_LARGE = 1 << 32
"""Files of so many bytes and more are what a file system may refuse: FAT32 ends one byte before."""


def frame_bytes(settings: Settings) -> int:
    """Bytes of the counts of one frame that complete `settings` give."""
    return math.prod(settings.frame_shape) * np.dtype(settings.frame_dtype).itemsize


def file_bytes(layout: Layout, frames: int) -> int:
    """Most bytes that the file of a stream takes, with its frames as they come from the camera.

    Parameters
    ----------
    layout
        Of the stream.
    frames
        How many.
    """
    counts = math.prod(layout.shape) * np.dtype(layout.dtype).itemsize
    row = Ledger(layout.columns).dtype.itemsize
    # Centre and region of each column and each row of pixels.
    axes = sum(layout.shape) * (8 + 1)
    columns = -(-frames // ROWS_PER_CHUNK) * ROWS_PER_CHUNK * row
    return _SKELETON + axes + columns + frames * (counts + row + _BOOKKEEPING)


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def free_bytes(folder: Path) -> int:
    """What is free where `folder` is, or will be made."""
    return shutil.disk_usage(existing(folder)).free


def require_room(nbytes: int, folder: Path, *, what: str) -> None:
    """Refuse what cannot fit.

    Parameters
    ----------
    nbytes
        That will be written.
    folder
        Where; it need not be there.
    what
        It is, for the message.

    Raises
    ------
    StoreError
        There is not so much room.
    """
    free = free_bytes(folder)
    if nbytes + RESERVE > free:
        raise StoreError(
            f"{what} refused: that takes {size(nbytes)}, and {existing(folder)} has {size(free)} free; "
            "nothing was exposed. Free some space, choose another folder (output=), or take fewer or smaller "
            "frames"
        )


def require_length(nbytes: int, folder: Path, *, what: str) -> None:
    """Refuse a file that would become longer than this program may write, or than the file system can hold.

    While it grows a file is longer than in the end, by the room that it takes before a frame is written.

    The first is asked of the operating system where it has such limits. The second is tried, for files from
    4 GiB on, with an empty one that is stretched to that length and removed at once; it takes no room where
    files may have holes.

    Raises
    ------
    StoreError
        It is too long.
    """
    limit, nbytes = _allowed_length(), nbytes + RESERVE
    if (limit is not None and nbytes > limit) or (nbytes >= _LARGE and not _can_be_so_long(nbytes, folder)):
        allowed = f"{size(limit)} (ulimit -f)" if limit is not None and nbytes > limit else "less"
        raise StoreError(
            f"{what} refused: one file of {size(nbytes)}, where {existing(folder)} allows {allowed}; nothing "
            "was exposed. Take it in several runs, or choose a folder on a file system for longer files "
            "(NTFS, exFAT, ext4)"
        )


def size(nbytes: float) -> str:
    """Bytes in words: ``"123.5 MB"``."""
    for factor, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if nbytes >= factor:
            return f"{nbytes / factor:.1f} {unit}"
    return f"{nbytes / 1e3:.1f} kB"


def _allowed_length() -> int | None:
    """Longest file [bytes] that this program may write; ``None``: any."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return None if soft == resource.RLIM_INFINITY else soft


def _can_be_so_long(nbytes: int, folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=existing(folder)) as file:
            file.truncate(nbytes)
    except OSError as error:
        # Any other refusal (no room, a folder that is read-only) is not about the length.
        return error.errno != errno.EFBIG and getattr(error, "winerror", None) != _ERROR_FILE_TOO_LARGE
    return True


_ERROR_FILE_TOO_LARGE = 223
"""What Windows says of a file that is longer than FAT32 holds."""
