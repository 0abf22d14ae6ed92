"""The published results of a real 12-bit camera, from its own frames."""

from pathlib import Path

import dask.array
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from qhy600_ophyd import analysis

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "emva1288-set001"
DESCRIPTOR = FOLDER / "EMVA1288_Data.txt"
pytestmark = [
    pytest.mark.set001,
    pytest.mark.skipif(not DESCRIPTOR.exists(), reason=f"the Set001 frames are not at {FOLDER}"),
]


def read_pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image).astype(np.uint16)


def descriptor_levels():
    """``(kind, exposure [s], photons, files)`` in the order of the descriptor."""
    levels = []
    for line in DESCRIPTOR.read_text(encoding="utf-8").splitlines():
        word, *rest = line.split() or [""]
        if word in ("b", "d"):
            kind = "light" if word == "b" else "dark"
            levels.append((kind, float(rest[0]) * 1e-9, float(rest[1]) if rest[1:] else np.nan, []))
        elif word == "i":
            levels[-1][3].append(FOLDER / rest[0].replace("\\", "/"))
    return levels


@pytest.fixture(scope="module")
def run() -> xr.Dataset:
    pairs = [level for level in descriptor_levels() if len(level[3]) == 2]
    times = sorted({exposure for _, exposure, _, _ in pairs})
    rows = [
        (kind, times.index(exposure), repeat, exposure, photons, path)
        for kind, exposure, photons, paths in pairs
        for repeat, path in enumerate(paths)
    ]
    kind, step, repeat, exposure, photons, paths = zip(*rows, strict=True)
    counts = dask.array.from_array(np.stack([read_pixels(path) for path in paths]), chunks=(1, -1, -1))
    return xr.Dataset(
        {"counts": (("frame", "y", "x"), counts)},
        coords={
            "frame_kind": ("frame", list(kind)),
            "step": ("frame", list(step)),
            "repeat": ("frame", list(repeat)),
            "exposure": ("frame", list(exposure)),
            "photons": ("frame", list(photons)),
            "saturation_code": ("frame", np.full(len(rows), 4095.0)),
            "x_region": ("x", np.zeros(640, np.int8)),
            "y_region": ("y", np.zeros(480, np.int8)),
        },
    )


@pytest.fixture(scope="module")
def levels(run):
    return analysis.levels(run)


GOLDEN = {
    "counts_per_electron": 0.280769280926,
    "responsivity": 0.126726922819,
    "quantum_efficiency": 0.451356082834,
    "read_noise": 10.8980275235,
}


@pytest.mark.parametrize(("name", "published"), GOLDEN.items(), ids=GOLDEN)
def test_the_published_photon_transfer_is_given_to_nine_digits(levels, name, published):
    found = analysis.photon_transfer(levels, variance="R3.1").estimates[name]
    assert found.value == pytest.approx(published, rel=1e-9)
    assert found.standard_error > 0


def test_the_published_linearity_is_given_to_nine_digits(levels):
    found = analysis.linearity(levels, variance="R3.1", convention="R3.1")
    assert found.linearity_error_min.value == pytest.approx(-0.615797581149, rel=1e-9)
    assert found.linearity_error_max.value == pytest.approx(0.480448332752, rel=1e-9)
    assert found.linearity_error is found.linearity_error_min
    assert all(e.standard_error > 0 for e in found.estimates.values())


def test_the_variance_of_release_4_gives_its_own_gain(levels):
    found = analysis.photon_transfer(levels, variance="R4")
    assert found.counts_per_electron.value == pytest.approx(0.28006265, abs=5e-9)


def test_fifty_levels_of_two_frames_are_reduced(levels):
    assert levels.sizes["level"] == 50
    assert set(levels["pixels"].values) == {640 * 480}
    assert set(levels["samples"].values) == {640 * 480}


def test_the_errors_own_up_to_levels_far_off_the_line(levels):
    found = analysis.photon_transfer(levels, variance="R3.1")
    assert found.reduced_chi_square > 1 + 4 * np.sqrt(2 / found.degrees_of_freedom)
    used = found.levels["used"].values
    signal, variance = (found.levels[name].values[used] for name in ("signal", "variance"))
    product, square = signal * variance, signal**2
    left_out = (product.sum() - product) / (square.sum() - square)
    jackknife = np.sqrt((used.sum() - 1) * np.var(left_out))
    error = found.counts_per_electron.standard_error
    assert error > found.pair_errors["counts_per_electron"]
    # of the same size as the jackknife, which differs by (n − 1)/n and where it is centred
    assert abs(error / jackknife - 1) < 4 / used.sum()


def test_gain_bends_three_times_as_much_as_the_response(levels):
    """What `response_bend` is said to mean: seen here in real frames, by two independent fits."""
    result = analysis.photon_transfer(levels, variance="R4")
    found, used = result.levels, result.levels["used"].values
    signal, photons, variance = (found[n].values[used] for n in ("signal", "photons", "variance"))

    def bend(x, y):
        """Relative difference of the straight slope from the initial slope of a parabola, with its error."""
        design = np.stack([x, x**2], axis=1)
        initial = np.linalg.pinv(design)[0]
        weights = x / (x**2).sum() - initial
        error = np.linalg.norm(weights) * np.std(y - design @ (np.linalg.pinv(design) @ y), ddof=2)
        return weights @ y / (initial @ y), error / (initial @ y)

    of_response, response_error = bend(photons, signal)
    of_gain, gain_error = bend(signal, variance)
    assert abs(of_response) > 4 * response_error
    assert result.response_bend.value == pytest.approx(100 * of_response, rel=1e-9)
    assert abs(of_gain - 3 * of_response) < 4 * np.hypot(gain_error, 3 * response_error)
