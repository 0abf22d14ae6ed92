"""A device, a RunEngine and a folder for benchmarks of the whole way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from bluesky import RunEngine

from qhy600_ophyd import QHY600


class Setup:
    """A device on a camera, a RunEngine that knows it, and a folder that is emptied between runs."""

    def __init__(self, folder: Path, camera: Any, **settings: Any):
        self.folder, self.camera = folder, camera
        self.device = QHY600(camera, sink=folder, name="camera")
        self.device.open()
        self.device.configure(settings)
        self.device.apply()
        self.engine = RunEngine({}, context_managers=[])
        self.engine.subscribe(self.device.on_document)

    def run(self, plan: Any) -> None:
        """Take it, and remove what it has left from before."""
        self.empty()
        self.engine(plan)

    def empty(self) -> None:
        """Remove all runs."""
        for run in self.folder.iterdir():
            shutil.rmtree(run)

    def close(self) -> None:
        """Give everything back."""
        self.device.close()
        self.empty()


def rss_gb(*, peak: bool = False) -> float:
    """Resident memory of this process; NaN where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("nan")
    wanted = "VmHWM" if peak else "VmRSS"
    return next(float(line.split()[1]) / 2**20 for line in lines if line.startswith(wanted))
