"""From a profile to a camera: the one place that chooses a backend."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from qhy600_ophyd.bench.profile import LightProfile, Profile, ReplayCameraProfile, SimulatedCameraProfile
from qhy600_ophyd.contract import Camera, Fault, ProfileError, SettingRefused, SystemClock
from qhy600_ophyd.sensor import NotPublished

_AS_THEY_ARE = {
    *("model", "width", "height", "retries", "serial"),
    *("indirect_detection", "gps_locked", "digests", "threads"),
}
"""Keys of a profile that `SimulatedCamera` takes by the same names."""


def make_camera(profile: Profile) -> Camera:
    """The camera that a profile describes; nothing is opened yet.

    Raises
    ------
    ProfileError
        Faults or a light were given for a camera that has none of its own to change.
    """
    camera = profile.camera
    if isinstance(camera, SimulatedCameraProfile):
        return _simulated(camera, profile)
    return _replay(camera, profile)


def _simulated(camera: SimulatedCameraProfile, profile: Profile) -> Camera:
    from qhy600_ophyd.backends.simulated import SimulatedCamera

    parameters: dict[str, Any] = {
        **camera.model_dump(include=_AS_THEY_ARE),
        **profile.light.model_dump(),
        **_physics(camera.physics),
        "clock": SystemClock() if camera.clock == "system" else None,
        "faults": tuple(Fault.from_mapping(entry) for entry in profile.faults),
    }
    # What is drawn stands aside for what was given.
    surroundings = {"ambient", "supply_voltage", "cable_resistance"}
    given = surroundings & camera.model_fields_set if camera.drawn else surroundings
    parameters |= camera.model_dump(include=given)
    try:
        if camera.drawn:
            return SimulatedCamera.drawn(camera.seed, **parameters)
        return SimulatedCamera(seed=camera.seed, **parameters)
    except (SettingRefused, NotPublished) as refused:
        raise ProfileError(str(refused)) from None


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


def _replay(camera: ReplayCameraProfile, profile: Profile) -> Camera:
    from qhy600_ophyd.backends.replay import ReplayCamera

    given = sorted({"faults", "light"} & profile.model_fields_set)
    if given:
        raise ProfileError(f"{' and '.join(given)} refused: recorded frames cannot be changed")
    return ReplayCamera(camera.folder)
