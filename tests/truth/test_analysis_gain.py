"""A sweep of the gain gives back what each setting was made of, within errors of the right size."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chi2

from qhy600_ophyd import analysis

SEEDS = range(20)
SHAPE = (48, 64)
BIAS = 300.0
DARK_ELECTRONS = 4.0
"""Of the dark current during the exposure, whose shot noise is in the dark frames."""

ELECTRONS_PER_COUNT = {0.0: 5.0, 26.0: 0.8, 60.0: 0.2}  # the first so coarse that rounding shows
READ_NOISE = {0.0: 3.5, 26.0: 2.0, 60.0: 1.5}
LIGHT = {"bright": 8000.0, "as dark as its own noise": 12.0}


def sweep(seed, electrons):
    rng = np.random.default_rng(seed)
    order = list(ELECTRONS_PER_COUNT)[::-1]  # the result is sorted whatever the order
    kinds = [(gain, kind) for gain in order for kind in ("dark", "light") for _ in range(2)]

    def frame(gain, kind):
        collected = rng.poisson(DARK_ELECTRONS + (electrons if kind == "light" else 0.0), SHAPE)
        noisy = collected + READ_NOISE[gain] * rng.normal(size=SHAPE)
        return np.rint(BIAS + noisy / ELECTRONS_PER_COUNT[gain]).astype(np.uint16)

    gains = np.array([gain for gain, _ in kinds])
    return xr.Dataset(
        {"counts": (("frame", "y", "x"), np.stack([frame(*kind) for kind in kinds]))},
        coords={
            "frame_kind": ("frame", [kind for _, kind in kinds]),
            "step": ("frame", np.array([order.index(gain) for gain in gains])),
            "repeat": ("frame", np.tile([0, 1], len(kinds) // 2)),
            "gain": ("frame", gains),
            "exposure": ("frame", np.full(len(kinds), 0.2)),
            "saturation_code": ("frame", np.full(len(kinds), 65535.0)),
            "x_region": ("x", np.zeros(SHAPE[1], np.int8)),
            "y_region": ("y", np.zeros(SHAPE[0], np.int8)),
        },
    )


@pytest.fixture(scope="module", params=LIGHT.values(), ids=LIGHT)
def swept(request):
    return request.param, [analysis.gain_transfer(sweep(seed, request.param)) for seed in SEEDS]


def truth(name, gain, electrons):
    per_count = ELECTRONS_PER_COUNT[gain]
    return {
        "electrons_per_count": per_count,
        "read_noise": np.sqrt(READ_NOISE[gain] ** 2 + DARK_ELECTRONS),
        "dark_level": BIAS + DARK_ELECTRONS / per_count,
        "light_level": BIAS + (DARK_ELECTRONS + electrons) / per_count,
    }[name]


@pytest.mark.parametrize("name", ["electrons_per_count", "read_noise", "dark_level", "light_level"])
def test_each_setting_comes_back_with_pulls_of_spread_one(swept, name):
    electrons, results = swept
    found = np.array(
        [getattr(p, name).pull(truth(name, p.gain, electrons)) for r in results for p in r.points]
    )
    assert found.size == len(SEEDS) * len(ELECTRONS_PER_COUNT)
    assert abs(found.mean()) < 4 / np.sqrt(found.size)
    low, high = chi2.ppf([1e-4, 1 - 1e-4], found.size)
    assert low < (found**2).sum() < high
