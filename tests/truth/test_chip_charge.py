"""What light and warmth leave in the pixels of a chip is what was put in."""

import numpy as np
import pytest
from chip_rig import BIAS_ONLY, LARGE, chip, frame, frames, image, inputs_of, real, truth_of

from qhy600_ophyd.sensor import Geometry
from qhy600_ophyd.sensor.dark_current import dark_current
from qhy600_ophyd.sensor.linearity import linearity
from qhy600_ophyd.sensor.readout_modes import readout_modes

BENDING = "extended_full_well"
"""A mode whose converter reaches into the bend at gain 0."""

FULL_FRAME = [mode.id for mode in readout_modes() if mode.has_response]


@pytest.mark.parametrize("photons", [0.0, 2.0, 10.0, 40.0, 3000.0, 40_000.0])
def test_mean_and_variance_are_those_of_light_dark_charge_read_noise_and_rounding(photons):
    camera = chip()
    counts = image(frame(camera, photons=photons))
    truth = truth_of(camera)
    electrons = truth.quantum_efficiency * photons + truth.dark_current
    mean = truth.bias_level + electrons / truth.electrons_per_count
    variance = (electrons + truth.read_noise**2) / truth.electrons_per_count**2 + 1 / 12
    assert truth.mean_counts(photons, 1.0) == pytest.approx(mean)
    assert abs(counts.mean() - mean) < 4 * np.sqrt(variance / counts.size)
    kurtosis_excess = electrons / truth.electrons_per_count**4 / variance**2
    assert abs(counts.var() - variance) < 4 * variance * np.sqrt((2 + kurtosis_excess) / counts.size)


def test_a_pair_of_frames_gives_back_gain_and_read_noise_of_the_real_chip():
    camera = real(LARGE)
    truth = truth_of(camera)
    bright = image(frames(camera, 2, photons=20_000.0), LARGE)
    dark = image(frames(camera, 2, **BIAS_ONLY), LARGE)
    n = dark[0].size
    bright_variance, dark_variance = (np.var(pair[1] - pair[0]) / 2 for pair in (bright, dark))
    # a difference of two has half the excess kurtosis; the row noise, common to 2000 pixels, has its own
    relative = np.sqrt(((truth.read_noise_kurtosis - 3) / 2 + 2) / n)
    common = np.sqrt(2 / 2000) * truth.noise.row**2 / truth.read_noise**2
    rounding = (1 / 12 + 0.1**2 / 4) * truth.electrons_per_count**2  # with irregular thresholds a little more
    found = dark_variance * truth.electrons_per_count**2
    error = 4 * np.hypot(relative, common) * found + 0.1**2 / 4 * truth.electrons_per_count**2
    assert abs(found - truth.read_noise**2 - rounding) < error
    gain = (bright_variance - dark_variance) / (bright.mean() - dark.mean())
    assert abs(gain * truth.electrons_per_count - 1) < 4 * np.sqrt(2 / n)


def test_the_spread_of_responses_is_the_injected_one():
    camera = chip(prnu=0.02)
    stack = image(frames(camera, 2, photons=20_000.0))
    truth = truth_of(camera)
    covariance = np.mean((stack[0] - stack[0].mean()) * (stack[1] - stack[1].mean()))
    signal = stack.mean() - truth.bias_level
    n, temporal = stack[0].size, np.var(stack[1] - stack[0]) / 2
    error = np.sqrt(2 * covariance**2 + 2 * covariance * temporal + temporal**2) / np.sqrt(n)
    assert abs(covariance - (truth.prnu * signal) ** 2) < 4 * error


def test_frames_share_no_noise_and_pixels_side_by_side_share_none():
    stack = image(frames(chip(), 2, photons=500.0)).astype(float)
    stack -= stack.mean(axis=(1, 2), keepdims=True)
    variance, n = stack.var(), stack[0].size
    shifted = [stack[0, :, 1:] * stack[0, :, :-1], stack[0, 1:] * stack[0, :-1], stack[0] * stack[1]]
    for products in shifted:
        assert abs(products.mean()) < 4 * variance / np.sqrt(n)


@pytest.mark.parametrize("temperature", [-20.0, -10.0, 10.0])
def test_dark_charge_follows_the_temperature(temperature):
    camera = chip(dark_spread=0.3, dark_scale=2.0)
    counts = image(frame(camera, photons=0.0, temperature=temperature, exposure=1000.0))
    truth = truth_of(camera, temperature=temperature)
    assert truth.dark_current == pytest.approx(2 * dark_current(temperature))
    charge = 1000 * truth.dark_current
    spread = charge * np.sqrt(np.exp(0.3**2) - 1)
    sigma = np.sqrt(charge + spread**2 + truth.read_noise**2) / truth.electrons_per_count
    expected = truth.bias_level + charge / truth.electrons_per_count
    assert abs(counts.mean() - expected) < 4 * sigma / np.sqrt(counts.size)


def test_warm_pixels_are_as_many_and_as_warm_as_said():
    camera = chip(LARGE, warm_fraction=0.001)
    warm = camera.maps(LARGE.image)["dark_current"]
    mean = dark_current(20.0)
    ratio = warm[warm > 5 * mean] / mean - 1
    n = LARGE.image.width * LARGE.image.height
    assert abs(ratio.size - 0.001 * n) < 4 * np.sqrt(0.001 * n)
    assert 10 <= ratio.min() < ratio.max() <= 100.001
    place = np.log10(ratio) - 1
    assert abs(place.mean() - 0.5) < 4 / np.sqrt(12 * place.size)
    rate = camera.truth(inputs_of(camera), 20.0, wavelength=530.0).dark_current
    assert abs(warm.mean() - rate) < 4 * mean * np.sqrt(0.001 * (10**4 - 10**2) / (2 * np.log(10)) / n)


def test_dark_columns_have_dark_charge_and_the_overscan_has_none_and_two_columns_read_zero():
    tall = Geometry.imx455(300, 2000)
    camera = chip(tall, dark_spread=0.3)
    counts = frame(camera, photons=5000.0, exposure=600.0, temperature=20.0)
    truth = truth_of(camera, temperature=20.0)
    charge = 600 * truth.dark_current
    spread = charge * np.sqrt(np.exp(0.3**2) - 1)
    sigma = np.sqrt(charge + spread**2 + truth.read_noise**2) / truth.electrons_per_count
    dark = counts[:2000, :22]
    expected = truth.bias_level + charge / truth.electrons_per_count
    assert abs(dark.mean() - expected) < 4 * sigma / np.sqrt(dark.size)
    noise = np.sqrt(truth.read_noise**2 / truth.electrons_per_count**2 + 1 / 12)
    for below in (counts[2000:, :22], counts[2000:, 24:]):
        assert abs(below.mean() - truth.bias_level) < 4 * noise / np.sqrt(below.size)
    assert (counts[:, 22:24] == 0).all()
    assert counts[:2000, 24:].min() > truth.mean_counts(3500.0, 600.0)


@pytest.mark.parametrize("mode", FULL_FRAME)
def test_a_bright_light_fills_the_converter_in_every_mode_of_the_real_chip(mode):
    camera = real()
    counts = image(frame(camera, photons=1e6, mode=mode))
    truth = truth_of(camera, mode=mode)
    assert (counts == 65535).all()
    assert truth.mean_counts(1e6, 1.0) == 65535
    assert truth.full_well == (65535 - truth.bias_level) * truth.electrons_per_count < truth.pixel_well


@pytest.mark.parametrize(
    ("limit", "largest"),
    [
        pytest.param({"pixel_well_scale": 0.5}, lambda charge: charge.pixel_well, id="well"),
        pytest.param(
            {"pixel_well_scale": 0.5, "linearity_curve": 3.0},
            lambda charge: charge.curve.largest_signal,
            id="vertex",
        ),
    ],
)
def test_where_the_pixel_is_full_before_the_converter_it_ends_where_the_truth_says(limit, largest):
    camera = chip(**limit)
    counts = image(frame(camera, photons=1e6))
    truth = truth_of(camera)
    assert truth.full_well == pytest.approx(largest(truth.charge))
    full = truth.bias_level + truth.full_well / truth.electrons_per_count
    sigma = np.hypot(truth.read_noise / truth.electrons_per_count, np.sqrt(1 / 12))
    assert abs(counts.mean() - full) < 4 * sigma / np.sqrt(counts.size)
    assert truth.mean_counts(1e6, 1.0) == pytest.approx(full)


@pytest.mark.parametrize("fraction", [0.5, 0.85, 0.9, 0.96, 1.0])
@pytest.mark.parametrize(
    "bend", [{"linearity_curve": 1.0}, {"nonlinearity": 0.03}], ids=["curve", "quadratic"]
)
def test_the_response_bends_as_the_truth_says(bend, fraction):
    camera = chip(**bend)
    truth = truth_of(camera, mode=BENDING)
    photons = fraction * linearity().saturation / truth.quantum_efficiency
    counts = image(frame(camera, photons=photons, mode=BENDING))
    electrons = truth.quantum_efficiency * photons + truth.dark_current
    expected = truth.mean_counts(photons, 1.0)
    straight = truth.bias_level + electrons / truth.electrons_per_count
    error = np.sqrt(electrons + truth.read_noise**2) / truth.electrons_per_count / np.sqrt(counts.size)
    assert abs(counts.mean() - expected) < 4 * error
    bends_there = fraction > 0.8 or "nonlinearity" in bend
    assert (abs(counts.mean() - straight) > 4 * error) == bends_there


@pytest.mark.parametrize("fraction", [0.75, 0.85, 0.9, 0.95, 1.0])
def test_above_the_onset_shot_noise_shrinks_with_the_local_gain(fraction):
    """The variance of s(Q) is g² Q + (s'' Q)² / 2 for Poisson numbers of mean Q, up to the second order."""
    camera = chip(linearity_curve=1.0)
    truth = truth_of(camera, mode=BENDING)
    charge = fraction * linearity().saturation
    photons = (charge - truth.dark_current) / truth.quantum_efficiency
    pair = image(frames(camera, 2, photons=photons, mode=BENDING))
    gain = linearity().local_gain(charge)
    second = 2 * linearity().compression / linearity().saturation if fraction > linearity().onset else 0.0
    shot = gain**2 * charge + (second * charge) ** 2 / 2
    expected = (shot + truth.read_noise**2) / truth.electrons_per_count**2 + 1 / 12
    assert abs(np.var(pair[1] - pair[0]) / 2 / expected - 1) < 4 * np.sqrt(2 / pair[0].size)
    assert (gain < 0.99) == (fraction > linearity().onset)


@pytest.mark.parametrize("fraction", [0.5, 0.97])
def test_a_mode_whose_converter_ends_below_the_bend_is_straight_up_to_its_end(fraction):
    camera = chip(linearity_curve=1.0)
    truth = truth_of(camera)
    electrons = fraction * truth.full_well
    photons = (electrons - truth.dark_current) / truth.quantum_efficiency
    counts = image(frame(camera, photons=photons))
    straight = truth.bias_level + electrons / truth.electrons_per_count
    error = np.sqrt(electrons + truth.read_noise**2) / truth.electrons_per_count / np.sqrt(counts.size)
    assert abs(counts.mean() - straight) < 4 * error


def test_a_long_dark_frame_has_no_glow_at_its_edges():
    counts = image(frame(real(warm_fraction=0.0), photons=0.0, exposure=300.0, temperature=20.0))
    middle = counts[60:140, 80:220]
    for edge in (counts[:40], counts[-40:], counts[:, :40], counts[:, -40:], counts[:40, :40]):
        error = (edge.var() / edge.size + middle.var() / middle.size) ** 0.5
        assert abs(edge.mean() - middle.mean()) < 4 * error
