"""`Log`: what the camera's process writes to its standard output and error."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from qhy600_ophyd.contract import CameraError

_TAIL = 1 << 17
"""Bytes at the end that are looked at."""


class Log:
    """A new file.

    Parameters
    ----------
    folder
        Where it is kept; without one it is temporary.

    Raises
    ------
    CameraError
        It cannot be made.
    """

    def __init__(self, folder: Path | None):
        self.kept = folder is not None
        """Whether it outlives a process that ended as it should."""
        try:
            descriptor, path = tempfile.mkstemp(prefix="qhy600-camera-", suffix=".log", dir=folder)
        except OSError as no:
            raise CameraError(f"the log of the camera's process cannot be kept: {no}") from no
        os.close(descriptor)
        self.path = Path(path)

    @property
    def size(self) -> int:
        """Bytes; 0 when somebody has removed it."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def last_lines(self) -> list[str]:
        """The end of it."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(self.size - _TAIL, 0))
                return file.read().decode(errors="replace").splitlines()
        except OSError:
            return []

    def drop(self) -> None:
        """Remove it, if it is a temporary one."""
        if not self.kept:
            # On Windows it cannot be while another process has it open.
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
