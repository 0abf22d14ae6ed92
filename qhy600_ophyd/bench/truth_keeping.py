"""The truth of simulated frames, written beside the runs that they were taken for."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qhy600_ophyd.contract import CameraError

_logger = logging.getLogger(__name__)


class TruthKeeping:
    """What a simulated camera puts into its frames from now on; analysis never reads it.

    Parameters
    ----------
    backend
        The camera. One made of hardware, or of a recording, knows no more than it has said.
    """

    def __init__(self, backend: Any):
        self._backend = backend if hasattr(backend, "write_truth") else None
        self._mark = None if self._backend is None else self._backend.truth_mark()

    def write(self, folders: Iterable[Path]) -> None:
        """Beside these runs; does nothing for other cameras, and never hides why a plan has failed."""
        if self._backend is None:
            return
        try:
            for folder in folders:
                self._backend.write_truth(folder, mark=self._mark)
        except CameraError:
            # The process that knew it is gone, which whoever runs the plan is told by another error.
            return
        except OSError as error:
            _logger.warning("the truth of a simulated run could not be written beside it: %s", error)
