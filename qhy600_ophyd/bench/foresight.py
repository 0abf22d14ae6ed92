"""What a bench does about what is to come: it checks a plan before its run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from qhy600_ophyd.bench.checking import predict
from qhy600_ophyd.bench.plan_given import PlanGiven
from qhy600_ophyd.bench.prediction import Prediction
from qhy600_ophyd.device import QHY600


class Foresight(ABC):
    """The part of a `Bench` that looks ahead."""

    camera: QHY600
    folder: Path

    @abstractmethod
    def open(self) -> Self:
        """Open the camera."""

    def check(self, plan: PlanGiven, *, ambient: float | None = None) -> Prediction:
        """Go through a plan without taking anything: frames, bytes and time, and whether it fits.

        A plan can be gone through once. Give a function that makes it, and run the same function:
        ``series = partial(plans.linearity, ...)``, ``bench.check(series)``, ``bench.run(series)``.

        Parameters
        ----------
        plan
            As for `Bench.run`.
        ambient
            Temperature of the air [°C] for the cooler's set points; ``None``: as far as the camera shows it.

        Raises
        ------
        StoreError
            It does not fit on the disk, or a file would be longer than may be.
        SettingRefused, LayoutChanged
            A setting out of limits at some step, a set point out of reach, frames unlike in one stream.
        QHY600Error
            What was given is no plan, or was gone through before.
        """
        self.open()
        return predict(plan, self.camera, self.folder, ambient=ambient)
