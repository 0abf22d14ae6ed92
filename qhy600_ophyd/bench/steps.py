"""Which exposures a linearity experiment takes when nobody says."""

from __future__ import annotations

from collections import Counter

import numpy as np

from qhy600_ophyd.contract import Camera, Capabilities, SettingRefused, Settings

LEVELS = 60
"""EMVA 1288 asks for at least 50 equally spaced steps from dark to saturation."""

_BEYOND = 1.12
"""The last step, in units of the exposure that saturates, so that saturation is seen and not guessed."""


def linearity_exposures(camera: Camera, settings: Settings, *, repeats: int) -> tuple[float, ...]:
    """Exposure times from dark to beyond saturation [s].

    A recording gives those of its levels that hold exactly `repeats` frames, bright and dark: a level
    with more of them was recorded for something else. A simulated camera's are spread evenly, each a whole
    number of microseconds.

    Parameters
    ----------
    camera
        Open.
    settings
        Complete, those that the experiment will be taken with.
    repeats
        Frames of each kind at each level.

    Raises
    ------
    SettingRefused
        A recording without such levels, or a camera that nothing is known of; says what to give.
    """
    if camera.capabilities.recorded is not None:
        return _recorded(camera.capabilities, repeats)
    truth = getattr(camera, "truth", None)
    if truth is None or camera.light is None:
        raise SettingRefused(
            "exposures",
            "none given",
            allowed="a list of times",
            advice="Give exposures= or put them in the profile",
        )
    reading = camera.cooler.read().value if camera.cooler else None
    expected = truth.of(settings, 20.0 if reading is None else reading)
    rate = camera.light.on * expected.quantum_efficiency * (settings.binning or 1) ** 2
    longest = expected.full_well / rate * _BEYOND
    shortest = max(camera.capabilities.exposure.low, longest / 1000)
    return tuple(float(t) for t in np.round(np.linspace(shortest, longest, LEVELS), 6))


def _recorded(capabilities: Capabilities, repeats: int) -> tuple[float, ...]:
    exact = Counter(level.exposure for level in capabilities.recorded or () if level.frames == repeats)
    times = tuple(sorted(t for t, kinds in exact.items() if kinds == 2))
    if not times:
        raise SettingRefused(
            "repeats",
            repeats,
            allowed="a number of frames that was recorded, bright and dark, at some exposure",
        )
    return times
