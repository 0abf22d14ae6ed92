"""Rows, columns and codes of a chip are as unlike as was asked."""

import numpy as np
import pytest
from chip_rig import BIAS_ONLY, LARGE, LINE, chip, frame, frames, image, truth_of

from qhy600_ophyd.backends.simulated.chip.banding import periods_per_row, strength
from qhy600_ophyd.sensor import Geometry


def test_row_noise_is_common_to_dark_columns_image_and_overscan():
    camera = chip(Geometry.imx455(2000, 300), row_noise=5.0, read_noise_scale=0.3)
    first, second = frames(camera, 2, **BIAS_ONLY).astype(float)
    truth = truth_of(camera)
    difference = (second - first) * truth.electrons_per_count
    left, right = difference[:, :22].mean(axis=1), difference[:, 24:].mean(axis=1)
    sigma = np.hypot(truth.noise.core, truth.electrons_per_count / np.sqrt(12)) * np.sqrt(2 / 22)
    assert abs((left - right).std() / sigma - 1) < 4 / np.sqrt(2 * left.size) + 0.02
    assert abs(right.std() / (5.0 * np.sqrt(2)) - 1) < 4 / np.sqrt(2 * right.size)


def test_columns_of_the_overscan_have_another_pattern_than_the_image_and_dots_at_the_bottom():
    camera = chip(Geometry.imx455(2000, 300), column_pattern=2.0, overscan_dots=40.0, read_noise_scale=0.2)
    counts = frames(camera, 4, **BIAS_ONLY).mean(axis=0)[:, 24:] * truth_of(camera).electrons_per_count
    upper, overscan, bottom = counts[:300].mean(axis=0), counts[302:322].mean(axis=0), counts[322:]
    assert abs(upper.std() / 2.0 - 1) < 4 / np.sqrt(2 * 2000) + 0.01
    assert abs(np.corrcoef(upper, overscan)[0, 1]) < 4 / np.sqrt(2000)
    dotted = bottom[1::2].mean(axis=0) - bottom[::2].mean(axis=0) > 20
    assert 0 < dotted.sum() < 40
    assert abs((bottom[1::2] - bottom[::2])[:, dotted].mean() - 40) < 4


def test_banding_has_the_period_of_the_line_time_and_stays():
    camera = chip(Geometry.imx455(600, 1200), banding=5.0, read_noise_scale=0.2)
    for line_time in (LINE, 75.5e-6):
        stack = frames(camera, 2, line_time=line_time, **BIAS_ONLY)[:, :1200, 24:]
        rows = stack.mean(axis=2) * truth_of(camera).electrons_per_count
        period = 1 / periods_per_row(line_time)
        spectrum = np.abs(np.fft.rfft(rows - rows.mean(), axis=1)) * 2 / 1200
        assert abs(spectrum[0].argmax() - 1200 / period) <= 0.5
        wave = np.exp(-2j * np.pi * np.arange(1200) / period)
        amplitude = abs((rows[0] - rows[0].mean()) @ wave) * 2 / 1200
        assert amplitude == pytest.approx(5.0 * strength(line_time), rel=0.02)
        assert np.corrcoef(rows)[0, 1] > 0.95
    assert strength(LINE) < strength(75.5e-6)


def test_thermal_noise_sits_at_fixed_pixels_changes_and_ignores_the_exposure():
    for suppressed, size in ((True, 0.1), (False, 1.0)):
        camera = chip(
            LARGE,
            thermal_noise_fraction=0.002,
            thermal_noise=100.0,
            thermal_noise_suppression=suppressed,
            dark_scale=0.0,
        )
        where = camera.maps(LARGE.image)["thermal"] > 0
        n = where.size
        assert abs(where.sum() - 0.002 * n) < 4 * np.sqrt(0.002 * n)
        truth = truth_of(camera)
        for exposure in (0.001, 100.0):
            stack = image(frames(camera, 2, photons=0.0, exposure=exposure), LARGE)[:, where]
            electrons = (stack - truth.bias_level) * truth.electrons_per_count
            mean, sigma = 100 * size, 100 * size * np.sqrt(np.pi / 2 - 1)
            error = np.hypot(sigma, truth.read_noise) / np.sqrt(electrons.size)
            assert abs(electrons.mean() - mean) < 4 * error
            assert abs(np.corrcoef(electrons)[0, 1]) < 4 / np.sqrt(where.sum())


def test_widths_of_codes_are_irregular_within_bounds_and_the_mean_is_kept():
    camera = chip(LARGE, code_irregularity=0.3, counts_per_offset=200.0)
    counts = image(frame(camera, offset=50.0, gain=30.0, mode="extended_full_well", **BIAS_ONLY), LARGE)
    density = np.bincount(counts.ravel() % 4, minlength=4) / counts.size * 4
    error = np.sqrt(3 / counts.size)
    assert np.abs(density - 1).max() < 0.3 + 4 * error
    assert np.abs(density - 1).max() > 10 * error
    truth = truth_of(camera, offset=50.0, gain=30.0, mode="extended_full_well")
    assert abs(counts.mean() - truth.bias_level) < 4 * counts.std() / np.sqrt(counts.size)
    even = image(frame(chip(LARGE), offset=30.0, gain=30.0, mode="extended_full_well", **BIAS_ONLY), LARGE)
    assert np.abs(np.bincount(even.ravel() % 4, minlength=4) / even.size * 4 - 1).max() < 4 * error
