"""Frames of simulated cameras that others wrote: our photon transfer finds what they say they put in.

`getframes` computes a sensor in Python; Micro-Manager's DemoCamera comes as a compiled device adapter and
is run through Micro-Manager's own core.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chi2

from qhy600_ophyd import analysis

SIDE = 512  # pixels; DemoCamera's own
LEVELS = 16
WITHIN = 0.01  # of the value: what this project promises


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """A foreign camera's frames by photons per pixel, and its own word for what is in them."""

    expose: Callable[[float], np.ndarray]
    most_photons: float
    electrons_per_count: float
    read_noise: float
    quantum_efficiency: float


def getframes_camera(*, electrons_per_count, read_noise, bits, **sensor) -> Foreign:
    getframes = pytest.importorskip("getframes", reason="the package getframes is not installed")
    scale = electrons_per_count * (2**bits - 1)
    config = getframes.CameraConfig(
        name="foreign",
        sensor_type="CMOS",
        resolution=(SIDE, SIDE),
        pixel_size_um=3.76,
        quantum_efficiency=0.6,
        full_well_e=2 * scale,
        bit_depth=bits,
        gain_e_per_adu=electrons_per_count,
        bias_offset_adu=100,
        read_noise_e=read_noise,
        dark_current_e_per_s=0.0,
        **sensor,
    )
    camera = getframes.Camera(config, seed=1)

    def expose(photons: float) -> np.ndarray:
        frame = camera.flat_frame(photons, exposure=1.0) if photons else camera.dark_frame(exposure=1.0)
        return frame.data

    return Foreign(
        expose=expose,
        most_photons=0.8 * scale / config.quantum_efficiency,
        electrons_per_count=config.gain_e_per_adu,
        read_noise=config.read_noise_e,
        quantum_efficiency=config.quantum_efficiency,
    )


def demo_camera(*, electrons_per_count, read_noise=4.0) -> Foreign:
    """Micro-Manager's, in the mode that is noise alone; it takes a photon for an electron.

    It cuts to whole counts twice where there is light, so that light brings half a count less and 1/12 count²
    more: 6e-4 of e-/count at most, half its standard error.
    """
    pymmcore = pytest.importorskip("pymmcore", reason="the package pymmcore is not installed")
    adapters = pytest.importorskip(
        "mm_test_adapters", reason="the package mm-test-adapters (DemoCamera) is not installed"
    )
    core = pymmcore.CMMCore()
    core.setDeviceAdapterSearchPaths([adapters.device_adapter_path()])
    core.loadDevice("camera", "DemoCamera", "DCam")
    core.initializeDevice("camera")
    core.setCameraDevice("camera")
    properties = {
        "Mode": "Noise",
        "PixelType": "16bit",
        "BitDepth": "16",
        "ReadNoise (electrons)": read_noise,
        "Photon Conversion Factor": electrons_per_count,
    }
    for name, value in properties.items():
        core.setProperty("camera", name, value)

    def expose(photons: float) -> np.ndarray:
        core.setExposure(1.0 if photons else 0.0)  # ms; its light cannot be switched off
        core.setProperty("camera", "Photon Flux", photons or 2.0)
        core.snapImage()
        return core.getImage()

    return Foreign(
        expose=expose,
        most_photons=5000.0,  # the largest flux that it takes, of one millisecond
        electrons_per_count=float(core.getProperty("camera", "Photon Conversion Factor")),
        read_noise=float(core.getProperty("camera", "ReadNoise (electrons)")),
        quantum_efficiency=1.0,
    )


CAMERAS = {
    "getframes-16-bit": lambda: getframes_camera(electrons_per_count=0.25, read_noise=1.5, bits=16),
    "getframes-12-bit-with-patterns": lambda: getframes_camera(
        electrons_per_count=4.2, read_noise=6.0, bits=12, prnu=0.01, bias_pixel_spread_adu=5.0
    ),
    "DemoCamera-1": lambda: demo_camera(electrons_per_count=1.0),
    "DemoCamera-0.5": lambda: demo_camera(electrons_per_count=0.5),
    "DemoCamera-2": lambda: demo_camera(electrons_per_count=2.0),
}


def run_of(camera: Foreign) -> xr.Dataset:
    """Two frames with light and two without at each of some levels, evenly spaced."""
    steps = np.repeat(np.arange(LEVELS), 4)
    kinds = np.tile(["light", "light", "dark", "dark"], LEVELS)
    photons = np.where(kinds == "light", camera.most_photons * (steps + 1) / LEVELS, 0.0)
    counts = np.stack([camera.expose(float(p)).astype(np.uint16) for p in photons])
    return xr.Dataset(
        {"counts": (("frame", "y", "x"), counts)},
        coords={
            "frame_kind": ("frame", kinds),
            "step": ("frame", steps),
            "repeat": ("frame", np.tile([0, 1], 2 * LEVELS)),
            "photons": ("frame", photons),
            "x_region": ("x", np.zeros(SIDE, np.int8)),
            "y_region": ("y", np.zeros(SIDE, np.int8)),
        },
    )


@pytest.fixture(scope="module", params=CAMERAS.values(), ids=CAMERAS)
def measured(request) -> tuple[Foreign, analysis.PhotonTransfer]:
    camera = request.param()
    return camera, analysis.photon_transfer(run_of(camera))


@pytest.mark.parametrize("name", ["electrons_per_count", "read_noise", "quantum_efficiency"])
def test_what_they_put_in_comes_back_within_a_hundredth_and_within_the_error_quoted(measured, name):
    camera, found = measured
    truth, estimate = getattr(camera, name), found.estimates[name]
    assert 4 * estimate.standard_error < WITHIN * truth, "too few pixels to tell a hundredth"
    assert abs(estimate.pull(truth)) < 4
    assert abs(estimate.value / truth - 1) < WITHIN


def test_their_levels_lie_on_the_line_within_the_noise_of_pixels(measured):
    """Independent pixels, and nothing in the frames that the photon transfer does not know of."""
    _, found = measured
    low, high = chi2.ppf([1e-4, 1 - 1e-4], found.degrees_of_freedom)
    assert low < found.chi_square < high
