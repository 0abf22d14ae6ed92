"""The read noise of a chip is the table's, and its telegraph pixels are the measured ones."""

import numpy as np
import pytest
from chip_rig import BIAS_ONLY, LARGE, SMALL, chip, frames, image, real, truth_of

from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.sensor.noise import read_noise_distribution
from qhy600_ophyd.sensor.response import read_noise


@pytest.fixture(scope="module")
def noisy():
    """Read noise of the pixels of a chip with the RMS of the measured one; the table's at gain 60 is 1.69."""
    measured = read_noise_distribution().rms
    camera = real(LARGE, row_noise=0.0, read_noise_scale=measured / read_noise("high_gain", 60.0))
    return camera.maps(LARGE.image, gain=60.0)["read_noise"].astype(float)


def test_the_pixels_read_noise_has_the_measured_median_mean_and_rms(noisy):
    """The RMS is set; median and mean of a fit of four numbers lie within the 0.02 e- that it leaves."""
    measured = read_noise_distribution()
    rms = np.sqrt((noisy**2).mean())
    relative = np.sqrt((noisy**4).mean() / measured.rms**4 / noisy.size) / 2
    assert abs(rms / measured.rms - 1) < 4 * relative + 1e-3  # of the map's steps
    assert np.median(noisy) == pytest.approx(measured.median, abs=0.02)
    assert noisy.mean() == pytest.approx(measured.mean, abs=0.02)


@pytest.mark.parametrize(("level", "fraction"), read_noise_distribution().tail)
def test_as_many_pixels_as_measured_are_noisier_than(level, fraction, noisy):
    """Within the 12 % that the fit leaves, as the camera's page says, and the statistics of the map."""
    found = (noisy > level).mean()
    assert abs(found - fraction) < 0.12 * fraction + 4 * np.sqrt(fraction / noisy.size)


@pytest.mark.parametrize(
    ("mode", "gain"),
    [("high_gain", 0.0), ("high_gain", 100.0), ("high_gain_2cms", 80.0), ("photographic_2cms", 60.0)],
)
def test_the_read_noise_over_pixels_is_the_tables_in_every_mode_and_the_jumps_are_the_same(mode, gain):
    camera = real(Geometry.imx455(1000, 1000))
    truth = truth_of(camera, mode=mode, gain=gain, offset=200.0)
    assert truth.noise.total == pytest.approx(read_noise(mode, gain))
    assert truth.noise.telegraph == pytest.approx(1.08 * np.sqrt(0.98))
    # at offset 30 and gain 100 the highest jumps would go below 0
    pair = image(frames(camera, 2, mode=mode, gain=gain, offset=200.0, **BIAS_ONLY), camera.geometry)
    found = np.var(pair[1] - pair[0]) / 2 - 1 / 12 - 0.1**2 / 8
    expected = truth.read_noise**2 / truth.electrons_per_count**2
    relative = np.sqrt(((truth.read_noise_kurtosis - 3) / 2 + 2) / pair[0].size)
    common = np.sqrt(2 / 1000) * truth.noise.row**2 / truth.read_noise**2
    assert abs(found - expected) < 4 * np.hypot(relative, common) * expected + 0.1**2 / 4


def test_pixels_that_sum_nine_jump_as_often_and_as_high_as_nine():
    camera = real(Geometry.imx455(3000, 2400), row_noise=0.0)
    mode = {"mode": "hardware_3x3", "gain": 0.0}
    geometry, truth = camera.geometry_of("hardware_3x3"), truth_of(camera, **mode)
    assert truth.noise.telegraph == pytest.approx(3 * 1.08 * np.sqrt(0.98))
    maps = camera.maps(geometry.image, mode="hardware_3x3")
    jumping, n = maps["jump"] > 0, maps["jump"].size
    fraction = 0.98 * (1 - (1 - 0.0885) ** 9)
    assert abs(jumping.mean() - fraction) < 4 * np.sqrt(fraction * (1 - fraction) / n)
    variance = 2 * maps["jump_probability"].astype(float) * maps["jump"].astype(float) ** 2
    assert abs(variance.mean() - truth.noise.telegraph**2) < 4 * variance.std() / np.sqrt(n)
    pair = image(frames(camera, 2, **mode, **BIAS_ONLY), geometry)
    found = np.var(pair[1] - pair[0]) / 2 - 1 / 12 - 0.1**2 / 8
    expected = truth.read_noise**2 / truth.electrons_per_count**2
    relative = np.sqrt(((truth.read_noise_kurtosis - 3) / 2 + 2) / n)
    assert abs(found - expected) < 4 * relative * expected + 0.1**2 / 4


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
