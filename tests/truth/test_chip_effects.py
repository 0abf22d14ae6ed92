"""Effects that are switched on, colours and scenes do to the charge what was asked."""

from dataclasses import replace

import numpy as np
from chip_rig import LARGE, SMALL, chip, frame, image, inputs_of, truth_of

from qhy600_ophyd.backends.simulated.inputs import LightOnChip
from qhy600_ophyd.sensor import Rectangle


def test_brighter_pixels_push_charge_to_their_neighbours():
    strength_, photons = 2e-6, 40_000.0
    camera = chip(LARGE, brighter_fatter=strength_)
    charge = image(camera.charge(inputs_of(camera), LightOnChip(rows=np.full(2034, photons))), LARGE).astype(
        float
    )
    mean, n = charge.mean(), charge.size
    assert abs(mean - truth_of(camera).quantum_efficiency * photons) < 4 * np.sqrt(mean / n)
    deviation = charge - mean
    error = 4 * mean / np.sqrt(n)
    second_order = 12 * (strength_ * mean) ** 2 * mean  # what the first-order forms leave out
    for products in (deviation[1:] * deviation[:-1], deviation[:, 1:] * deviation[:, :-1]):
        assert abs(products.mean() - strength_ * mean**2) < error + second_order
    variance = mean - 4 * strength_ * mean**2
    assert abs(charge.var() - variance) < np.sqrt(2) * error + second_order


def test_a_lagging_pixel_keeps_its_part_of_the_charge_before():
    camera = chip(lag=0.01)
    inputs = inputs_of(camera)
    bright, dark = (LightOnChip(rows=np.full(SMALL.total.height, p)) for p in (20_000.0, 0.0))
    before = camera.charge(inputs, bright)
    after = image(camera.charge(replace(inputs, frame=1), dark, before))
    expected = 0.01 * image(before).mean() + truth_of(camera).dark_current
    assert abs(after.mean() - expected) < 4 * np.sqrt(expected / after.size)


def test_muons_come_at_their_rate_and_leave_their_charge():
    camera = chip(LARGE, cosmic_rate=10.0, dark_scale=0.0)
    charge = camera.charge(inputs_of(camera, exposure=600.0), LightOnChip(rows=np.zeros(2034)))
    hit = charge > 0
    first_of_track = hit[1:-1, 1:-1] & ~hit[:-2, :-2] & ~hit[:-2, 1:-1] & ~hit[:-2, 2:] & ~hit[1:-1, :-2]
    expected = 10 / 60 * 600 * (3.76e-4) ** 2 * 2024 * 2034
    assert abs(first_of_track.sum() - expected) < 4 * np.sqrt(expected) + 0.1 * expected  # tracks that bend
    assert 100 < charge.sum() / expected < 1000
    assert not frame(chip(LARGE), frame=3, photons=0.0).astype(bool)[:, 22:24].any()


def test_a_colour_filter_follows_the_parity_of_the_chip():
    camera = chip()
    transmission = np.array([[0.2, 0.6], [0.4, 0.1]])
    area = Rectangle(35, 11, 100, 100)
    light = LightOnChip(rows=np.full(100, 20_000.0), transmission=transmission)
    counts = frame(camera, area=area, light=light)
    truth = truth_of(camera)
    for y in (0, 1):
        for x in (0, 1):
            photons = 20_000 * transmission[(area.y + y) % 2, (area.x + x) % 2]
            part = counts[y::2, x::2]
            sigma = np.sqrt(part.var() / part.size)
            assert abs(part.mean() - truth.mean_counts(photons, 1.0)) < 4 * sigma


def test_a_scene_and_the_rows_shape_the_light():
    camera = chip()
    area = SMALL.image
    scene = np.tile(np.linspace(0, 2, area.width, dtype=np.float32), (area.height, 1))
    rows = np.linspace(500, 1500, area.height)
    counts = frame(camera, area=area, light=LightOnChip(rows=rows, scene=scene))
    truth = truth_of(camera)
    expected = truth.mean_counts(rows[:, None] * scene, 1.0)
    variance = (expected - truth.bias_level) / truth.electrons_per_count
    variance += truth.read_noise**2 / truth.electrons_per_count**2 + 1 / 12
    pull = (counts - expected) / np.sqrt(variance)
    assert abs(pull.mean()) < 4 / np.sqrt(pull.size)
    assert abs((pull**2).mean() - 1) < 4 * np.sqrt(2.1 / pull.size)
    assert np.abs(pull.mean(axis=0)).max() < 5 / np.sqrt(area.height)
