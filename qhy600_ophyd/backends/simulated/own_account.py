"""What a simulated camera knows of its own exposures, and how it does them once more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from qhy600_ophyd.backends.simulated.head import ExposureRecord, Script, SimulatedHead, Strike
from qhy600_ophyd.backends.simulated.truth_file import TruthMark, write_truth
from qhy600_ophyd.driver import DrivenCamera

if TYPE_CHECKING:
    from qhy600_ophyd.backends.simulated.camera import SimulatedCamera


class OwnAccount(DrivenCamera):
    """The part of a simulated camera that no real one has: it knows what truly happened."""

    _simulated_head: SimulatedHead

    @property
    def log(self) -> list[ExposureRecord]:
        """The simulator's own record of every exposure, which nobody above ever sees."""
        return self._simulated_head.log

    @property
    def strikes(self) -> tuple[Strike, ...]:
        """The faults that struck in calls, in their order."""
        return self._simulated_head.calls.strikes

    def truth_mark(self) -> TruthMark:
        """Where its own account stands now, for `write_truth`."""
        head, registers = self._simulated_head, self._registers
        number = head.next_number
        return TruthMark(
            exposures=len(head.log),
            strikes=len(self.strikes),
            frame=number,
            calls=head.calls.at(number),
            fresh=registers.fresh,
            live=registers.live,
            started=self._taking.started,
        )

    def write_truth(self, run: Path, *, mark: TruthMark | None = None) -> Path:
        """Write the truth of a run that began at `mark` beside its folder; returns the file.

        A mark beyond its own account is that of another camera, one in a process that was lost, say: all that
        this one knows came later.
        """
        if mark is not None and mark.exposures > len(self.log):
            mark = None
        camera = cast("SimulatedCamera", self)
        return write_truth(camera, run, self.log[mark.exposures if mark else 0 :], mark=mark)

    def follow(self, script: Script) -> None:
        """From now on, expose what another camera of the same seed and settings did, as it was recorded.

        Number, true time, temperature and light of each exposure come from the script, and the faults that
        struck then strike again; its own do not. What it is told (settings, when to expose) stays its own.
        """
        self._simulated_head.follow(script)

    @property
    def struck(self) -> dict[str, int]:
        """How often each fault has struck, by name."""
        return self._simulated_head.happened

    def reproduce(self, record: ExposureRecord) -> NDArray[np.unsignedinteger[Any]]:
        """The counts of one exposure, made again from its record alone."""
        return self._simulated_head.reproduce(record)
