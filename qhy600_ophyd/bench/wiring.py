"""From a profile to a camera: the one place that chooses a backend."""

from __future__ import annotations

from qhy600_ophyd.bench.profile import Profile, ReplayCameraProfile, SimulatedCameraProfile
from qhy600_ophyd.contract import Camera, Fault, ProfileError, SystemClock


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

    return SimulatedCamera(
        width=camera.width,
        height=camera.height,
        seed=camera.seed,
        ambient=camera.ambient,
        prnu=camera.prnu,
        nonlinearity=camera.nonlinearity,
        clock=SystemClock() if camera.clock == "system" else None,
        faults=tuple(Fault.from_mapping(entry) for entry in profile.faults),
        wavelength=profile.light.wavelength,
        irradiance=profile.light.irradiance,
    )


def _replay(camera: ReplayCameraProfile, profile: Profile) -> Camera:
    from qhy600_ophyd.backends.replay import ReplayCamera

    given = sorted({"faults", "light"} & profile.model_fields_set)
    if given:
        raise ProfileError(f"profile: {' and '.join(given)} refused: recorded frames cannot be changed")
    return ReplayCamera(camera.folder)
