"""What the scenes hold, against what their parameters say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from qhy600_ophyd.backends.simulated.scene.beads import HALF_HEIGHT, THIRD_DARK_RING, Beads, airy, seen_bead
from qhy600_ophyd.backends.simulated.scene.cells import Cells
from qhy600_ophyd.backends.simulated.scene.draws import uniform
from qhy600_ophyd.backends.simulated.scene.gradient import Gradient
from qhy600_ophyd.backends.simulated.scene.spots import Points, scattered
from qhy600_ophyd.backends.simulated.scene.stars import MOFFAT_BETA, REACH, Stars, seen_star
from qhy600_ophyd.sensor import Geometry

CHIP = Geometry.imx455(400, 300)
EPS = float(np.finfo(np.float32).eps)
ALPHA = stats.norm.sf(4) * 2
"""Chance of a false alarm of a distribution test: that of four standard errors."""


def image_of(chip: np.ndarray) -> np.ndarray:
    x, y, width, height = CHIP.image
    return chip[y : y + height, x : x + width].astype(float)


@pytest.mark.parametrize("slope", [-1.4, 0.5, 1.4])
@pytest.mark.parametrize("angle", [0.0, 45.0, 90.0, 200.0])
def test_a_gradient_has_its_slope_along_its_angle(slope, angle):
    image = image_of(Gradient(slope=slope, angle=angle).paint(CHIP, 0))
    down, right = np.gradient(image)
    # A float32 near 1 or 2 is right to eps; a difference of two, halved or not, to 2 eps.
    np.testing.assert_allclose(right * 400, slope * np.cos(np.radians(angle)), atol=400 * 2 * EPS)
    np.testing.assert_allclose(down * 300, slope * np.sin(np.radians(angle)), atol=300 * 2 * EPS)
    assert image.min() > 0


@pytest.mark.parametrize("spot", [seen_star(3.0), seen_bead(4.0)], ids=["star", "bead"])
@pytest.mark.parametrize("x", [100 - 7 / 16, 100 - 1 / 16, 100 + 7 / 16], ids=str)
@pytest.mark.parametrize("y", [80 - 5 / 16, 80 + 3 / 16], ids=str)
def test_a_point_keeps_its_flux_and_its_place(spot, x, y):
    chip = np.zeros(CHIP.shape, np.float32)
    spot.add(Points(x=np.array([x]), y=np.array([y]), flux=np.array([1000.0])), chip)
    chip = chip.astype(float)
    assert chip.sum() == pytest.approx(1000.0, rel=2 * EPS)
    # The cut is a circle about the centre itself, so that the profile is symmetric about it: float32 rounding
    # of each pixel, weighted with its distance, is all that can shift the centroid.
    tolerance = EPS * spot.size
    assert (chip.sum(axis=0) @ np.arange(chip.shape[1])) / chip.sum() == pytest.approx(x, abs=tolerance)
    assert (chip.sum(axis=1) @ np.arange(chip.shape[0])) / chip.sum() == pytest.approx(y, abs=tolerance)


def test_points_at_the_edge_lose_what_falls_beside_the_chip():
    spot, geometry = seen_star(3.0), Geometry.plain(40, 30)
    x, y = np.array([-7 / 16, 20 + 1 / 16]), np.array([29 + 7 / 16, 15 - 1 / 16])
    points = Points(x=x, y=y, flux=np.ones(2))
    inside = spot.part_within(points, geometry.image)
    for n in range(2):
        chip = np.zeros(geometry.shape, np.float32)
        spot.add(Points(x=points.x[n : n + 1], y=points.y[n : n + 1], flux=np.ones(1)), chip)
        assert chip.sum(dtype=float) == pytest.approx(inside[n], rel=4 * EPS)
    assert inside[0] < 0.5 < inside[1]


@pytest.mark.parametrize(
    "scene", [Stars(density=100.0), Beads(density=100.0), Stars(density=100.0, fwhm=2.0, sky=0.1)], ids=str
)
def test_the_light_in_an_aperture_is_the_flux_in_the_catalogue(scene):
    points = scene.points(CHIP, seed=4)
    chip = scene.paint(CHIP, seed=4).astype(float)
    background = scene.sky if isinstance(scene, Stars) else scene.background
    spot = (seen_star if isinstance(scene, Stars) else seen_bead)(scene.fwhm)
    half, checked = spot.size // 2, 0
    for n in range(len(points.x)):
        column, row = round(points.x[n]), round(points.y[n])
        others = np.maximum(abs(points.x - points.x[n]), abs(points.y - points.y[n])) < spot.size + 1
        inside = half <= row < chip.shape[0] - half and half <= column < chip.shape[1] - half
        if others.sum() > 1 or not inside:
            continue
        box = chip[row - half : row + half + 1, column - half : column + half + 1]
        # Half an ulp of each pixel, all to one side.
        assert abs((box - background).sum() - points.flux[n]) < EPS * (box.sum() + points.flux[n])
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize("density", [500.0, 2000.0])
def test_there_are_as_many_stars_as_the_density_says_and_they_bring_the_rest_of_the_light(density):
    points = Stars(density=density, sky=0.25).points(CHIP, seed=1)
    assert len(points.x) == round(density * 400 * 300 / 1e6)
    inside = seen_star(3.0).part_within(points, CHIP.image)
    assert points.flux @ inside == pytest.approx(0.75 * 400 * 300)


def test_the_fluxes_of_stars_follow_the_power_law():
    points = Stars().points(Geometry.imx455(3000, 2000), seed=8)
    relative = points.flux / points.flux.min()
    # From the least flux up, the law is 1/F whatever the least is, cut off at its own brightest.
    top = 1e4
    law = stats.truncpareto(b=1, c=top)
    assert len(relative) == 6000
    assert stats.kstest(relative[relative > 1], law.cdf).pvalue > ALPHA


def test_beads_are_equally_bright():
    assert np.ptp(Beads().points(CHIP, seed=1).flux) == 0


@pytest.mark.parametrize("what", ["stars", "beads"])
def test_points_lie_uniformly_over_the_image_and_nowhere_else(what):
    x, y = scattered(CHIP, 3, what=what, per_megapixel=1e6 / 12)
    for places, start, size in ((x, 24, 400), (y, 0, 300)):
        assert places.min() >= start - 0.5
        assert places.max() <= start + size - 0.5
        # Steps of 1/8 pixel are far below what a test of 10,000 points sees of a size of hundreds of pixels.
        assert stats.kstest((places - start + 0.5) / size, "uniform").pvalue > ALPHA
    assert stats.pearsonr(x, y).pvalue > ALPHA


def test_random_numbers_are_uniform_and_more_of_them_begin_with_the_fewer():
    numbers = uniform(1, "a name", 100_000)
    assert stats.kstest(numbers, "uniform").pvalue > ALPHA
    assert np.array_equal(uniform(1, "a name", 10), numbers[:10])
    assert not np.array_equal(uniform(1, "another name", 10), numbers[:10])


@pytest.mark.parametrize("fwhm", [1.0, 3.0, 8.0])
def test_a_star_is_as_wide_as_asked_and_its_cut_loses_next_to_nothing(fwhm):
    scale = fwhm / 2 / np.sqrt(2 ** (1 / MOFFAT_BETA) - 1)
    assert (1 + (fwhm / 2 / scale) ** 2) ** -MOFFAT_BETA == pytest.approx(0.5)
    assert (1 + (REACH * fwhm / scale) ** 2) ** (1 - MOFFAT_BETA) < 1e-5
    # In the mean over places within a pixel, second moments add: profile and 8 places of width 1.
    profiles = seen_star(fwhm).images[4].sum(axis=1, dtype=float)
    pixel = np.arange(profiles.shape[1]) - profiles.shape[1] // 2
    places = (np.arange(8) - 3.5) / 8
    variance = np.mean(np.sum(profiles * (pixel - places[:, np.newaxis]) ** 2, axis=1))
    expected = scale**2 / (2 * (MOFFAT_BETA - 2)) + (1 - 1 / 64) / 12
    # Integral of t (1 + t)^-beta from the cut on, relative to that from 0; the edge of the cut is a step of a
    # grid of 1/8 pixel, which is as uncertain as the cut is large.
    beyond = (MOFFAT_BETA - 1) * (1 + (REACH * fwhm / scale) ** 2) ** (2 - MOFFAT_BETA)
    assert abs(variance / expected - 1) < 2 * beyond


def test_the_airy_pattern_is_that_of_the_bessel_function():
    v = np.linspace(1e-3, 20, 1001)
    np.testing.assert_allclose(airy(v), (2 * special.j1(v) / v) ** 2, atol=1e-14)
    assert airy(np.zeros(1))[0] == pytest.approx(1.0, abs=1e-9)
    assert airy(np.array([HALF_HEIGHT]))[0] == pytest.approx(0.5, abs=1e-12)
    assert special.jn_zeros(1, 3)[2] == pytest.approx(THIRD_DARK_RING, abs=1e-12)


@pytest.mark.parametrize("haze", [0.0, 0.3, 0.9])
def test_cells_stand_on_their_haze_and_have_an_inside(haze):
    image = image_of(Cells(haze=haze, coverage=0.1).paint(CHIP, seed=2))
    lowest = haze * 0.75  # 1 + (a + b + ab)/4 is least at -1/4, where one of the waves is at its lowest
    assert image.min() >= lowest * (1 - 4 * EPS)
    # Most of the image is between the cells, and brightness varies within them beside the rim.
    between = np.median(image)
    assert between < 1.75 * haze + 4 * EPS
    assert image.max() > 1.75 * haze
