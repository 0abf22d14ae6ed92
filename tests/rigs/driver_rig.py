"""A driven camera over a simulated head, a frame of it, and whether that frame is true."""

from __future__ import annotations

import numpy as np

from qhy600_ophyd.backends.simulated import SimulatedCamera
from qhy600_ophyd.contract import CameraError, Fault, Settings

SINGLE = Settings(exposure=0.01, gain=56.0, offset=40.0, overscan=True)


def opened(*faults: Fault, **parameters) -> SimulatedCamera:
    camera = SimulatedCamera(**{"width": 80, "height": 24, "seed": 3, "faults": faults, **parameters})
    for _ in range(3):
        try:
            camera.open()
        except CameraError:
            continue
        break
    camera.configure(SINGLE)
    return camera


def buffer(camera):
    return np.zeros(camera.settings.frame_shape, camera.settings.frame_dtype)


def taken(camera, timeout=8.0):
    out = buffer(camera)
    camera.arm(1)
    return camera.grab(out, timeout), out


def is_true(camera, info, counts):
    """The frame is one that the simulator made, with the settings that are recorded."""
    matching = [r for r in camera.log if r.settings == info.settings]
    return any(np.array_equal(counts, camera.reproduce(record)) for record in matching)
