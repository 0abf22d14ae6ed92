"""From a profile to a camera: the one place that chooses a backend."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from qhy600_ophyd.backends.isolated import IsolatedCamera, Recipe
from qhy600_ophyd.bench.profile import (
    SURROUNDINGS,
    LightProfile,
    Profile,
    ReplayCameraProfile,
    SdkCameraProfile,
    SimulatedCameraProfile,
)
from qhy600_ophyd.contract import Camera, Clock, Fault, ProfileError, SettingRefused, SystemClock
from qhy600_ophyd.sensor import NotPublished

_AS_THEY_ARE = {
    *("model", "width", "height", "retries", "serial", "first_exposure"),
    *("indirect_detection", "gps_header", "gps_locked", "digests", "threads", "filters"),
}
"""Keys of a profile that `SimulatedCamera` takes by the same names."""


def make_camera(profile: Profile) -> Camera:
    """The camera that a profile describes, in a process of its own if it says so; nothing is opened yet.

    Raises
    ------
    ProfileError
        Faults or a light were given for a camera that has none of its own to change.
    """
    camera = profile.camera
    if isinstance(camera, SimulatedCameraProfile):
        recipe = _simulated(camera, profile)
    else:
        _refuse_changes(profile)
        recipe = _sdk(camera) if isinstance(camera, SdkCameraProfile) else _replay(camera)
    try:
        return IsolatedCamera(recipe) if camera.isolated else recipe.make()
    except (SettingRefused, NotPublished) as refused:
        raise ProfileError(str(refused)) from None


def _simulated(camera: SimulatedCameraProfile, profile: Profile) -> Recipe:
    parameters: dict[str, Any] = {
        **camera.model_dump(include=_AS_THEY_ARE),
        **profile.light.model_dump(),
        **_physics(camera.physics),
        "seed": camera.seed,
        "faults": tuple(Fault.from_mapping(entry) for entry in profile.faults),
    }
    # What is drawn stands aside for what was given.
    given = SURROUNDINGS & camera.model_fields_set if camera.drawn else SURROUNDINGS
    parameters |= camera.model_dump(include=set(given))
    return Recipe(
        factory=f"qhy600_ophyd.backends.simulated:SimulatedCamera{'.drawn' if camera.drawn else ''}",
        arguments=parameters,
        clock=_clock(camera),
    )


def _clock(camera: SimulatedCameraProfile) -> Clock | None:
    """The clock that it does not make itself."""
    if camera.clock == "system":
        return SystemClock()
    if camera.starts_at is None:
        return None
    from qhy600_ophyd.backends.simulated import FreeClock

    return FreeClock(round(camera.starts_at * 1e9))


def _physics(parameters: dict[str, Any]) -> dict[str, Any]:
    """Parameters of the sensor, and nothing that the camera takes from elsewhere."""
    from qhy600_ophyd.backends.simulated import ChipParameters

    known = {field.name for field in fields(ChipParameters)}
    # A keyword of Bench.simulated that is nobody's ends here too.
    others = {*SimulatedCameraProfile.model_fields, *LightProfile.model_fields, "output"} - {"backend"}
    for name in parameters.keys() - known:
        near = get_close_matches(name, known | others, n=3) or sorted(known)
        raise ProfileError(
            f"{name!r} is no parameter of the simulated camera, its light or its sensor; allowed are such as "
            f"{', '.join(near)}"
        )
    return parameters


def _replay(camera: ReplayCameraProfile) -> Recipe:
    return Recipe(factory="qhy600_ophyd.backends.replay:ReplayCamera", arguments={"folder": camera.folder})


def _sdk(camera: SdkCameraProfile) -> Recipe:
    return Recipe(
        factory="qhy600_ophyd.backends.sdk:SdkCamera",
        arguments={
            "library": camera.library or None,
            "camera": camera.camera,
            "retries": camera.retries,
            "gps_header": camera.gps_header,
        },
    )


def _refuse_changes(profile: Profile) -> None:
    given = sorted({"faults", "light"} & profile.model_fields_set)
    if given:
        what = "recorded frames" if profile.camera.backend == "replay" else "a real camera and its light"
        raise ProfileError(f"{' and '.join(given)} refused: {what} cannot be changed from here")
