"""Which camera the hardware tests use, and the one of them that is open at a time."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from standin_library import VARIABLE, fresh, setting, why_not

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.contract import Camera, CameraError, ProfileError, Settings
from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.testing import SteppedClock

SMALL = (336, 240)
"""Image pixels of a camera to rehearse with: no time for frames, and levels known to a fifth of a count."""

_SWITCHES = {"exposure_paced": 1, "readout_ms": 5, "thermal_speed": 100}
"""The stand-in at a camera's pace where it matters, and a hundred times as fast where it does not."""

_DRIVER = "qhy600_ophyd.backends.sdk:SdkCamera"
_LONGEST = 60.0
"""Seconds up to which exposures of a simulated camera take no time; longer ones wait to be cancelled."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The camera that `--camera` names.

    Parameters
    ----------
    kind
        ``"sdk"`` is hardware, the others are to rehearse with.
    recipe
        How it is made.
    isolated
        Whether in a process of its own.
    geometry
        Of the chip that it has to have.
    start
        What of the profile's settings holds in the tests: the traffic register, which is a matter of the
        computer. The others are theirs.
    hold, settled_within
        How long a temperature has to stay in its band, and when to give it up, on the camera's clock [s].
    """

    kind: Literal["sdk", "standin", "simulated"]
    recipe: Recipe
    geometry: Geometry
    isolated: bool = True
    start: Settings = field(default_factory=Settings)
    hold: float = 30.0
    settled_within: float = 1800.0

    @property
    def has_the_sensors_noise(self) -> bool:
        """Whether its frames are those of the sensor, or a model of them."""
        return self.kind != "standin"

    def make(self, logs: Path, **arguments: Any) -> Camera:
        """A new, closed one, with these arguments changed. What its process writes is kept in `logs`."""
        recipe = replace(self.recipe, arguments={**self.recipe.arguments, **arguments})
        return IsolatedCamera(recipe, folder=logs) if self.isolated else recipe.make()


def chosen(name: str, folder: Path) -> Chosen:
    """The camera of that name; `folder` is for what it needs.

    Parameters
    ----------
    name
        A profile, or one to rehearse with: ``standin``, ``standin-full`` with all pixels, either followed by
        ``:module:Name`` for another driver than ours, or ``simulated``.

    Raises
    ------
    ProfileError
        There is no such camera.
    """
    kind, _, driver = name.partition(":")
    if kind in ("standin", "standin-full"):
        if why_not():
            raise ProfileError(f"--camera {name} refused: {why_not()}")
        geometry = Geometry.imx455() if kind == "standin-full" else Geometry.imx455(*SMALL)
        arguments = {"library": fresh(folder), "geometry": geometry}
        recipe = Recipe(factory=driver or _DRIVER, arguments=arguments)
        return Chosen(kind="standin", recipe=recipe, geometry=geometry, hold=1.0, settled_within=8.0)
    if name == "simulated":
        width, height = SMALL
        recipe = Recipe(
            factory="qhy600_ophyd.backends.simulated:SimulatedCamera",
            arguments={"width": width, "height": height, "seed": 600},
            clock=_clock(),
        )
        return Chosen(kind="simulated", recipe=recipe, geometry=Geometry.imx455(width, height))
    return _of_profile(Path(name))


def _of_profile(path: Path) -> Chosen:
    from qhy600_ophyd.bench.profile import Profile, ReplayCameraProfile, SimulatedCameraProfile
    from qhy600_ophyd.bench.wiring import make_camera

    profile = Profile.load(path)
    camera = profile.camera
    if isinstance(camera, ReplayCameraProfile):
        raise ProfileError(
            f"--camera {path} refused: allowed is a camera, real or simulated, and no recording"
        )
    # The header that it would write over pixels has tests of its own.
    changed = camera.model_copy(update={"isolated": True, "gps_header": False})
    apart = make_camera(profile.model_copy(update={"camera": changed}))
    assert isinstance(apart, IsolatedCamera)
    start = Settings(usb_traffic=profile.settings.usb_traffic)
    if not isinstance(camera, SimulatedCameraProfile):
        return Chosen(
            kind="sdk", recipe=apart.recipe, isolated=camera.isolated, geometry=Geometry.imx455(), start=start
        )
    recipe = replace(apart.recipe, clock=_clock()) if camera.clock == "free" else apart.recipe
    geometry = Geometry.imx455(camera.width, camera.height)
    return Chosen(kind="simulated", recipe=recipe, isolated=camera.isolated, geometry=geometry, start=start)


def _clock() -> SteppedClock:
    return SteppedClock(auto=True, longest=_LONGEST)


class SharedCamera:
    """The camera of the whole session: open from when it is first needed, unless a test makes its own.

    Parameters
    ----------
    chosen
        Which.
    logs
        Folder for what its processes write.
    """

    def __init__(self, chosen: Chosen, logs: Path):
        self.chosen, self.logs = chosen, logs
        self._camera: Camera | None = None
        self._made: list[Camera] = []
        self._ending = ExitStack()
        if chosen.kind == "standin":
            total = chosen.geometry.total
            told = setting(width=total.width, height=total.height, **_SWITCHES)
            switches = ",".join(filter(None, (told, os.environ.get(VARIABLE))))
            self._ending.enter_context(patch.dict(os.environ, {VARIABLE: switches}))

    def opened(self) -> Camera:
        """It, open and idle; a lost one is opened again. Raises `CameraError`."""
        self._close_made()
        if self._camera is None:
            self._camera = self.chosen.make(self.logs)
        if self._camera.status().state == "lost":
            self._camera.close()
        self._camera.open()
        self._camera.cancel()
        return self._camera

    def make(self, **arguments: Any) -> Camera:
        """Another one, closed, with these arguments changed; this one is closed: a camera is held once."""
        if self._camera is not None:
            self._camera.close()
        self._made.append(self.chosen.make(self.logs, **arguments))
        return self._made[-1]

    def close(self) -> None:
        """Close them all."""
        self._close_made()
        if self._camera is not None:
            self._camera.close()
        self._ending.close()

    def _close_made(self) -> None:
        while self._made:
            # One that is broken has failed its own test already.
            with suppress(CameraError):
                self._made.pop().close()
