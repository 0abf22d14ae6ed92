"""The read noise of a chip is the table's, and its telegraph pixels are the measured ones."""

import numpy as np
import pytest
from chip_rig import BIAS_ONLY, LARGE, SMALL, chip, frames, image, real, truth_of

from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.sensor.response import read_noise


def test_the_pixels_read_noise_has_the_measured_median_mean_and_rms():
    camera = real(LARGE, row_noise=0.0)
    truth = truth_of(camera)
    scale = 1.67 / truth.read_noise
    assert scale < 1  # at gain 0 the core is wider; at gain 60 the table is the measured chip's
    noisy = camera.maps(LARGE.image, gain=60.0)["read_noise"]
    rms = np.sqrt((noisy.astype(float) ** 2).mean())
    table = read_noise("high_gain", 60.0)
    n = noisy.size
    assert abs(rms / table - 1) < 4 * np.sqrt((noisy.astype(float) ** 4).mean() / table**4 / n) / 2 + 1e-3
    assert np.median(noisy) / table == pytest.approx(1.25 / 1.67, abs=0.03)
    assert noisy.mean() / table == pytest.approx(1.46 / 1.67, abs=0.03)


@pytest.mark.parametrize(
    ("mode", "gain"),
    [("high_gain", 0.0), ("high_gain", 100.0), ("high_gain_2cms", 80.0), ("photographic_2cms", 60.0)],
)
def test_the_read_noise_over_pixels_is_the_tables_in_every_mode_and_the_jumps_are_the_same(mode, gain):
    camera = real(Geometry.imx455(1000, 1000))
    truth = truth_of(camera, mode=mode, gain=gain)
    assert truth.noise.total == pytest.approx(read_noise(mode, gain))
    assert truth.noise.telegraph == pytest.approx(1.01 * np.sqrt(0.98))
    pair = image(frames(camera, 2, mode=mode, gain=gain, **BIAS_ONLY), camera.geometry)
    found = np.var(pair[1] - pair[0]) / 2 - 1 / 12 - 0.1**2 / 8
    expected = truth.read_noise**2 / truth.electrons_per_count**2
    relative = np.sqrt(((truth.read_noise_kurtosis - 3) / 2 + 2) / pair[0].size)
    common = np.sqrt(2 / 1000) * truth.noise.row**2 / truth.read_noise**2
    assert abs(found - expected) < 4 * np.hypot(relative, common) * expected + 0.1**2 / 4


def test_telegraph_pixels_are_as_many_as_measured_and_jump_by_their_heights():
    camera = chip(telegraph_fraction=0.0885, telegraph_noise=1.01, read_noise_scale=0.3)
    many = 400
    gain = {"mode": "high_gain", "gain": 100.0}
    stack = image(frames(camera, many, **gain, **BIAS_ONLY))
    truth = truth_of(camera, **gain)
    maps = camera.maps(SMALL.image, mode="high_gain", gain=100.0)
    jumping = maps["jump"] > 0
    n = jumping.size
    assert abs(jumping.sum() - 0.0885 * n) < 4 * np.sqrt(0.0885 * n)
    electrons = (stack - truth.bias_level) * truth.electrons_per_count
    big = maps["jump"] > 5 * np.hypot(truth.noise.core, truth.electrons_per_count)
    assert big.sum() > 100
    up = (electrons > maps["jump"] / 2).mean(axis=0)[big]
    down = (electrons < -maps["jump"] / 2).mean(axis=0)[big]
    p = maps["jump_probability"][big]
    for found in (up, down):
        pulls = (found - p) / np.sqrt(p * (1 - p) / many)
        assert abs(pulls.mean()) < 4 / np.sqrt(pulls.size)
        assert abs((pulls**2).mean() - 1) < 4 * np.sqrt(3 / pulls.size)
    quiet = ~jumping & (maps["slow_jump"] == 0)
    sigma = np.hypot(truth.noise.core, truth.electrons_per_count / np.sqrt(12))
    assert electrons[:, quiet].std() == pytest.approx(sigma, rel=4 / np.sqrt(2 * quiet.sum() * many) + 1e-3)


def test_slow_telegraph_pixels_stay_on_a_level_for_many_frames():
    camera = chip(telegraph_fraction=0.02, telegraph_noise=1.4, slow_traps=1.0)
    gain = {"mode": "high_gain", "gain": 100.0}
    stack = image(frames(camera, 60, **gain, **BIAS_ONLY))  # 2 s apart
    truth = truth_of(camera, **gain)
    maps = camera.maps(SMALL.image, mode="high_gain", gain=100.0)
    big = maps["slow_jump"] > 8 * np.hypot(truth.noise.core, truth.electrons_per_count)
    assert big.sum() > 100
    level = np.rint((stack[:, big] - truth.bias_level) * truth.electrons_per_count / maps["slow_jump"][big])
    assert set(np.unique(level)) == {-1, 0, 1}
    changes = (level[1:] != level[:-1]).mean()
    alone = (level[:, 1:] != level[:, :-1]).mean()
    assert (
        0 < changes < 0.05 * alone
    )  # dwells of 30 s and more: at most a fifteenth of the pairs straddle one


def test_dark_columns_have_telegraph_pixels_and_the_overscan_has_none():
    tall = Geometry.imx455(60, 2000)
    camera = chip(tall, telegraph_fraction=0.3, telegraph_noise=3.0)
    maps = camera.maps()
    assert 0.25 < (maps["jump"][:2000, :22] > 0).mean() < 0.35
    assert not maps["jump"][:, 22:24].any()
    assert not maps["jump"][2000:].any()
