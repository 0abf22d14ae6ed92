"""Connecting a camera again, so that it is as it was before."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from qhy600_ophyd.contract import Camera, CameraError, CameraLost, FrameInfo, Settings

CHECK_EXPOSURE = 0.1
"""Longest exposure of the frame that shows that the camera is well [s]."""

CHECK_PATIENCE = 60.0
"""Seconds to wait for that frame beyond its exposure."""


def connect_again(camera: Camera, before: Settings, *, setpoint: float | None) -> FrameInfo:
    """Close the camera, open it, set what it was set to, and take a frame that nobody keeps.

    Parameters
    ----------
    camera
        In whatever state; in the thread that owns it.
    before
        Its settings, complete.
    setpoint
        What its cooler regulated to [°C]; ``None`` if it was off.

    Returns
    -------
    FrameInfo
        Of the frame that was taken, with an exposure of at most 0.1 s.

    Raises
    ------
    CameraLost
        Another camera answers than before.
    CameraError
        It does not answer, does not take its settings, or gives no good frame.
    """
    identity = camera.capabilities.identity
    # Whatever is wrong with it, it shall be opened anew.
    with suppress(CameraError):
        camera.close()
    camera.open()
    found = camera.capabilities.identity
    if (found.model, found.serial) != (identity.model, identity.serial):
        camera.close()
        raise CameraLost(
            f"another camera answers, {found.model} {found.serial}, where {identity.model} {identity.serial} "
            "was; connect that one, or make another bench"
        )
    if setpoint is not None and camera.cooler is not None:
        camera.cooler.regulate(setpoint)
    info = _frame(camera, before)
    camera.configure(before)
    return info


def _frame(camera: Camera, settings: Settings) -> FrameInfo:
    """A frame that shows whether the camera is well."""
    recorded = camera.capabilities.recorded
    exposure = settings.exposure or CHECK_EXPOSURE
    # A recording holds certain exposures only, and each frame once.
    short = exposure if recorded is not None else min(exposure, CHECK_EXPOSURE)
    actual = camera.configure(settings.with_value("exposure", short))
    camera.arm(1)
    try:
        return camera.grab(np.empty(actual.frame_shape, actual.frame_dtype), CHECK_PATIENCE)
    except BaseException:
        camera.cancel()
        raise
