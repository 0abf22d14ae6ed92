"""`Bench`: a camera, a light, a RunEngine and a folder for runs, wired together."""

from __future__ import annotations

import getpass
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from qhy600_ophyd.bench.checking.plan_given import PlanGiven, plan_from
from qhy600_ophyd.bench.circumstances import Circumstances
from qhy600_ophyd.bench.engine import Engine, Runs
from qhy600_ophyd.bench.expectation import exposure_of, settings_of
from qhy600_ophyd.bench.foresight import Foresight
from qhy600_ophyd.bench.profile import Profile, simulated_profile
from qhy600_ophyd.bench.steps import linearity_exposures
from qhy600_ophyd.bench.wiring import make_camera
from qhy600_ophyd.contract import SETTING_NAMES, CameraNotReady, ProfileError, Settings
from qhy600_ophyd.datasets import RunFolders
from qhy600_ophyd.device import QHY600, FilterWheel, Light

if TYPE_CHECKING:
    from qhy600_ophyd.diagnosis import Diagnosis


class Bench(Foresight):
    """A set-up that runs plans and gives back datasets; use it in a ``with`` statement.

    Parameters
    ----------
    profile
        What it is made of.
    output
        Folder for runs; wins over the profile's.

    Attributes
    ----------
    camera : QHY600
    RE : RunEngine
    folder : Path
    """

    def __init__(self, profile: Profile, *, output: str | os.PathLike[str] | None = None):
        self.profile = profile
        self.folder = Path(profile.output.directory if output is None else output).expanduser()
        kept = profile.output
        self._store = RunFolders(self.folder, compression=kept.compression, fsync=kept.fsync)
        self.camera = QHY600(make_camera(profile), sink=self._store, name="camera")
        self._closed = False
        around = Circumstances(self.camera, light=lambda: self.light, wheel=lambda: self.filter_wheel)
        self._engine = Engine(self.camera, self._store, around)
        self.RE = self._engine.RE
        self.RE.md.update({"operator": _user()})
        self.RE.md.update({k: v for k, v in profile.metadata.model_dump().items() if v})
        self.RE.md["profile"] = profile.as_tables()

    # -- ways to one --------------------------------------------------------------------------------------

    @classmethod
    def simulated(
        cls, *, seed: int = 0, output: str | os.PathLike[str] | None = None, **camera: Any
    ) -> Bench:
        """With a simulated camera of 1024 × 1024 image pixels, unless ``width=`` and ``height=`` say else.

        Any key of a profile's ``[camera]`` and ``[light]`` is understood, and any parameter of the simulated
        sensor: ``Bench.simulated(model="QHY600C-PH", scene="cells", banding=3.0)``.
        """
        return cls(simulated_profile(seed=seed, **camera), output=output)

    @classmethod
    def from_profile(
        cls, path: str | os.PathLike[str], *, output: str | os.PathLike[str] | None = None
    ) -> Bench:
        """As a TOML file describes it."""
        profile = Profile.load(path)
        try:
            return cls(profile, output=output)
        except ProfileError as refused:
            raise ProfileError(f"profile {Path(path).expanduser()}: {refused}") from None

    @classmethod
    def replay(cls, folder: str | os.PathLike[str], *, output: str | os.PathLike[str] | None = None) -> Bench:
        """With recorded frames: an EMVA 1288 descriptor folder, or a folder of FITS files."""
        content = {"camera": {"backend": "replay", "folder": str(folder)}}
        return cls(Profile.checked(content, source="Bench.replay"), output=output)

    @property
    def store(self) -> RunFolders:
        """Where its runs are kept."""
        return self._store

    @cached_property
    def light(self) -> Light | None:
        """The light that the camera itself brings along (simulated, recorded); ``None`` under a real one."""
        source = self.camera.backend.light
        return None if source is None else Light(source, name="light", pixel_size=3.76)

    @staticmethod
    def discover(**options: Any) -> Diagnosis:
        """What is connected, what is wrong with it and what to do; ``options`` are those of `diagnose`.

        It changes nothing, and opens no camera unless told ``open_camera=True``.
        """
        from qhy600_ophyd.diagnosis import diagnose

        return diagnose(**options)

    @cached_property
    def filter_wheel(self) -> FilterWheel | None:
        """The wheel on the camera, with the filters that the profile names; ``None`` if it names none."""
        filters = self.profile.filter_wheel.filters
        return FilterWheel(self.camera, filters, name="filter") if filters else None

    # -- life ---------------------------------------------------------------------------------------------

    def open(self) -> Bench:
        """Open the camera and apply the profile's settings; every verb that needs it does so by itself."""
        self._closed = False
        if not self.camera.is_open:
            self.camera.open()
            wanted = self.profile.settings.model_dump(exclude_none=True)
            if wanted:
                self.camera.configure(wanted)
                self.camera.apply()
            if self.profile.cooler.setpoint is not None:
                self.camera.temperature.set(self.profile.cooler.setpoint).wait()
        self._watch_as_told()
        return self

    def close(self) -> None:
        """Abort what is paused and give the camera back. Datasets stay usable; `open` begins anew."""
        self._closed = True
        if self._engine.paused:
            self._engine.abort("" if self._engine.lost else "the bench was closed")
        self._end_watch()
        self.camera.close()

    def __enter__(self) -> Bench:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- work ---------------------------------------------------------------------------------------------

    def run(self, plan: PlanGiven, *, progress: bool | None = None, **metadata: Any) -> Runs:
        """Run a plan.

        Parameters
        ----------
        plan
            From `qhy600_ophyd.plans`, `bluesky.plans` or your own, or a function that makes it when called.
        progress
            Show a bar of events; ``None``: on a terminal and in a notebook.
        metadata
            Added to the start document.

        Returns
        -------
        xarray.Dataset or list of xarray.Dataset
            The run, lazily loaded; a list where the plan opened more or fewer than one.

        Raises
        ------
        QHY600Error
            What made the plan fail, itself and not wrapped in a failed status. Its notes name the folder in
            which the frames taken before are kept. After `CameraLost` the plan stands still: `reconnect` goes
            on with it or ends it.
        RunEngineInterrupted
            It was paused (Ctrl-C twice); go on with `resume`, or end it with `abort`.
        """
        if self._closed:
            raise CameraNotReady("this bench was closed: call bench.open(), or make another")
        begun = plan_from(plan)
        self._store.check_writable()
        self.open()
        return self._engine.run(begun, metadata, progress)

    def resume(self, *, progress: bool | None = None) -> Runs:
        """Go on with a paused plan; returns what `run` would have."""
        return self._engine.resume(progress)

    def abort(self, reason: str = "") -> None:
        """End a paused plan; what was taken is kept."""
        self._engine.abort(reason)

    def reconnect(self, *, resume: bool = False, progress: bool | None = None) -> Runs | None:
        """Connect a lost camera again, with its settings, set point and light, and see that it is well.

        Parameters
        ----------
        resume
            Go on with the plan that the loss stopped, where it stood, and take the lost frame again. Without
            it such a plan is ended; its frames are kept.
        progress
            As in `run`.

        Returns
        -------
        xarray.Dataset, list of xarray.Dataset or None
            What `run` would have returned, if the plan was resumed.

        Raises
        ------
        CameraNotReady
            There is nothing to resume, or the camera was never opened.
        CameraLost, CameraError
            It does not answer, or gives no good frame; the plan stands still as before, try again.
        """
        if resume and not self._engine.paused:
            raise CameraNotReady("resume refused: no plan stands still; run it again")
        level = None if self.light is None else self.light.requested
        self.camera.reconnect()
        if self.light is not None:
            self.light.set(level)
        if resume:
            return self._engine.resume(progress)
        if self._engine.paused:
            self._engine.abort()
        return None

    def linearity_exposures(self, repeats: int = 2) -> tuple[float, ...]:
        """Exposure times for a linearity experiment [s]: the profile's, or from dark to beyond saturation."""
        if self.profile.linearity.exposures is not None:
            return self.profile.linearity.exposures
        self.open()
        backend, settings = self.camera.backend, self.camera.resolved()
        return self.camera.call(lambda: linearity_exposures(backend, settings, repeats=repeats))

    @property
    def truth(self) -> Any:
        """What a simulated camera injects at its actual settings and temperature; ``None`` for others."""
        self.open()
        return self._truth(self.camera.actual, self.camera.temperature.get())

    def truth_of(self, run: xr.Dataset, frame: int = 0) -> Any:
        """What a simulated camera injected into one frame of a run; ``None`` for other cameras.

        Parameters
        ----------
        run
            Taken with this bench's camera, as `run` gives it.
        frame
            Index; its recorded actual settings are used, and the temperature that the sensor truly had.
            That of the record, rounded as the camera gives it, where this bench has not taken the run.
        """
        exposure = exposure_of(run, frame, getattr(self.camera.backend, "presented", ()))
        temperature = float(run["temperature"].values[frame]) if exposure is None else exposure.temperature
        return self._truth(settings_of(run, frame), temperature)

    def _truth(self, settings: Settings, temperature: float) -> Any:
        source = getattr(self.camera.backend, "truth", None)
        return None if source is None else source.of(settings, temperature)

    def _repr_html_(self) -> str:
        from qhy600_ophyd.views import camera_card

        rows: dict[str, tuple[Any, str]] = {
            signal: (getattr(self.camera, signal).get(), "") for signal in ("model", "serial", "sensor")
        }
        if self.camera.is_open:
            for name in SETTING_NAMES:
                signal = getattr(self.camera, name)
                unit = signal.columns[0].unit
                rows[name] = (signal.get(), "" if unit == "1" else unit)
            rows["temperature"] = (self.camera.temperature.get(), "degC")
        rows["runs"] = (str(self.folder), "")
        return camera_card(rows)._repr_html_()

    def __repr__(self) -> str:
        state = "open" if self.camera.is_open else "closed"
        return f"<Bench {self.profile.camera.backend}, {state}, runs in {self.folder}>"


def _user() -> str:
    """Who runs this, as the operating system knows; empty where it does not (a container, say)."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
