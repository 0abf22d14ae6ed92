"""Where a Linux system keeps what a diagnosis looks at."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Places:
    """Folders; tests give others.

    Parameters
    ----------
    sys
        What the kernel says of its devices.
    nodes
        The files through which programs speak to USB devices.
    proc
        What the kernel says of processes.
    root
        Under which ``etc``, ``lib``, ``usr`` and ``sbin`` are, with rules, firmware and programs.
    """

    sys: Path = Path("/sys")
    nodes: Path = Path("/dev/bus/usb")
    proc: Path = Path("/proc")
    root: Path = Path("/")

    @classmethod
    def here(cls) -> Places | None:
        """Those of this computer; ``None`` where it is no Linux and shows nothing in files."""
        return cls() if sys.platform == "linux" else None

    def under_root(self, path: str) -> Path:
        """An absolute path of the system, below `root`."""
        return self.root / path.lstrip("/")
