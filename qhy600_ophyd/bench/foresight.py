"""What a bench does about what is to come: it checks plans, and has them wait while something is wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from bluesky import RunEngine

from qhy600_ophyd.bench.checking.fit import predict
from qhy600_ophyd.bench.checking.plan_given import PlanGiven
from qhy600_ophyd.bench.checking.prediction import Prediction
from qhy600_ophyd.bench.profile import Profile
from qhy600_ophyd.bench.watching.watch import Limits, Watch
from qhy600_ophyd.device import QHY600


class Foresight(ABC):
    """The part of a `Bench` that looks ahead."""

    camera: QHY600
    folder: Path
    profile: Profile
    RE: RunEngine
    _watch: Watch | None = None

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

    def watch(
        self,
        *,
        supply: bool = False,
        temperature: float | None = None,
        dew: float | None = None,
        disk: float | None = None,
        air: float = 20.0,
        period: float = 2.0,
    ) -> Watch:
        """Have plans wait while something is wrong, and go on when it is over; in place of an earlier watch.

        An exposure under way is given up and taken again later; a burst stands still after the frame under
        way. It ends with the bench, or by ``close()`` of what is returned.

        Parameters
        ----------
        supply
            While the camera says that its supply has failed.
        temperature
            While the sensor is farther than this from a set point that it had reached [K].
        dew
            While it is less than this above the point where the moisture in its chamber settles on it [K].
        disk
            While less than this is free where the runs go [GB].
        air
            Temperature of the air in the chamber, for the dew point [°C].
        period
            Seconds from one look to the next.

        Raises
        ------
        QHY600Error
            None of the four was asked for.
        """
        limits = Limits(supply=supply, temperature=temperature, dew=dew, disk=disk, air=air)
        watch = Watch(self.camera, self.folder, limits, period=period)
        self._end_watch()
        self._watch = watch.install(self.RE)
        return watch

    def _watch_as_told(self) -> None:
        """As the profile says, unless there is a watch already."""
        told = self.profile.watch
        if self._watch is None and (told.supply or {told.temperature, told.dew, told.disk} != {None}):
            self.watch(**told.model_dump())

    def _end_watch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close()
